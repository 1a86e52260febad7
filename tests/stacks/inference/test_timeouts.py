"""Each time-out is shorter than its caller's: the numbers of every environment that is shipped."""

from typing import Any

import pytest

from configuration.environment_file import load, names
from configuration.inference import Inference
from lambdas.allowances.ledger import MARGIN_SECONDS
from lambdas.api.event_stream import SENDING_SECONDS
from lambdas.api.settings import ENDING_SECONDS, TABLE_TIMEOUT_SECONDS
from lambdas.chat.service import RETRY_WINDOW_SECONDS
from lambdas.chat.side_calls import SHARE
from lambdas.knowledge import retrieval
from tests import templates
from tests.varying import Vary

# Sources: API Gateway's quotas for REST APIs: 29 s unless raised, 15 minutes where the response is streamed.
GATEWAY_SECONDS = 29
GATEWAY_STREAM_SECONDS = 900
# The shortest that an environment may have.
SHORTEST = 10


def integrations(template: dict[str, Any]) -> dict[str, set[float]]:
    """Return the functions behind the API, by logical id, and the integrations' time-outs in seconds."""
    found: dict[str, set[float]] = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGateway::Method":
            integration = resource["Properties"]["Integration"]
            if integration["Type"] in ("MOCK", "AWS"):  # no function is behind it
                continue
            (function,) = [part["Fn::GetAtt"][0] for part in integration["Uri"]["Fn::Join"][1] if "Fn::GetAtt" in part]
            found.setdefault(function, set()).add(integration["TimeoutInMillis"] / 1000)
    return found


def check(template: dict[str, Any], inference: Inference) -> None:
    behind = integrations(template)
    assert len(behind) == 2
    for id_, (waited,) in ((id_, tuple(times)) for id_, times in behind.items()):
        function = template["Resources"][id_]["Properties"]
        told = function["Environment"]["Variables"]
        answers = function["Timeout"] - ENDING_SECONDS
        streams = id_.startswith("Chat")
        # API Gateway, which waits for the function, which waits for the answer, which waits for each call.
        assert waited == (inference.chat_timeout_seconds if streams else inference.timeout_seconds)
        assert waited <= (GATEWAY_STREAM_SECONDS if streams else GATEWAY_SECONDS)
        assert function["Timeout"] < waited
        assert float(told["CALL_SECONDS"]) == function["Timeout"]
        assert 0 < float(told["READ_TIMEOUT_SECONDS"]) <= answers < function["Timeout"]
        # Of what is asked before the answer there is time left for the answer; what is tried anew, is so at the start.
        assert 0 < SHARE < 1
        assert answers > RETRY_WINDOW_SECONDS
        assert answers > retrieval.RETRY_WINDOW_SECONDS


@pytest.mark.parametrize("environment", names())
def test_each_time_out_is_shorter_than_its_callers(environment: str) -> None:
    check(templates.of_environment(environment)["Inference"], load(environment).inference)


def test_so_it_is_where_requests_have_the_least_time(vary: Vary) -> None:
    config = vary(inference={"chat_timeout_seconds": SHORTEST, "timeout_seconds": SHORTEST})

    check(templates.of(config)["Inference"], config.inference)


def test_what_ends_an_answer_is_over_before_the_function_is() -> None:
    # A table that does not answer is given up, and a caller who does not read.
    assert TABLE_TIMEOUT_SECONDS < ENDING_SECONDS
    assert 0 < SENDING_SECONDS < ENDING_SECONDS


@pytest.mark.parametrize("environment", names())
def test_no_reservation_is_swept_while_its_function_may_live(environment: str) -> None:
    template = templates.of_environment(environment)["Inference"]
    for id_ in integrations(template):
        function = template["Resources"][id_]["Properties"]
        assert float(function["Environment"]["Variables"]["CALL_SECONDS"]) + MARGIN_SECONDS > function["Timeout"]
