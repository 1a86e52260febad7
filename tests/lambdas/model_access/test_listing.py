"""The list of aliases and what is known of each."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from lambdas.chat.aliases import Aliases
from lambdas.chat.settings import Promoted
from lambdas.model_access import published
from lambdas.model_access.listing import REMEMBERED_SECONDS, ModelListing
from lambdas.model_access.verdicts import AliasStanding, Standing, Verdict
from tests.lambdas.fakes import ALIASES, SETTINGS, client_error

FOUND = published.render(
    [
        AliasStanding(alias="fast", standing=Standing.FALLBACK, verdict=Verdict.THROTTLED),
        AliasStanding(alias="smart", standing=Standing.FIRST, verdict=Verdict.READY),
    ],
    now=datetime(2026, 11, 21, tzinfo=UTC),
)


class FakeParameters:
    """An SSM with one parameter, or one that fails; counts how often it is read."""

    def __init__(self, value: str | Exception) -> None:
        self.value = value
        self.reads = 0

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]:
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        assert kwargs == {"Name": "/quarry/test/model-access"}
        return {"Parameter": {"Value": self.value}}

    def put_parameter(self, **kwargs: Any) -> dict[str, Any]:
        raise AssertionError("nothing is written here")


def listing(parameters: FakeParameters, **options: Any) -> ModelListing:
    return ModelListing(
        max_body_bytes=1024,
        aliases=ALIASES,
        parameter_name=SETTINGS.model_access_parameter,
        client=lambda: parameters,
        **options,
    )


def test_each_alias_is_listed_with_what_was_found() -> None:
    listed = listing(FakeParameters(FOUND)).models()

    assert listed.quarry.max_body_bytes == 1024
    assert [(model.id, model.owned_by) for model in listed.data] == [
        ("embed", "Amazon"),
        ("fast", "Amazon"),
        ("smart", "Anthropic"),
    ]
    told = msgspec.to_builtins(listed.data[1].quarry)
    assert told.pop("abilities")["kind"] == "chat"
    assert told == {
        "standing": "fallback",
        "verdict": "throttled",
        "checked_at": "2026-11-21T00:00:00+00:00",
        "candidates": ["amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0"],
    }


@pytest.mark.parametrize("value", [published.EMPTY, "damaged", "[]", client_error("AccessDeniedException")])
def test_without_findings_the_list_is_given_all_the_same(value: str | Exception) -> None:
    listed = listing(FakeParameters(value)).models()

    assert [model.quarry.verdict for model in listed.data] == [None, None, None]


def test_findings_are_remembered_for_a_while() -> None:
    parameters = FakeParameters(FOUND)
    now = [0.0]
    remembering = listing(parameters, clock=lambda: now[0])

    remembering.models()
    now[0] = REMEMBERED_SECONDS
    remembering.models()
    assert parameters.reads == 1

    now[0] = REMEMBERED_SECONDS + 1
    remembering.models()
    assert parameters.reads == 2


def test_an_alias_that_a_tuned_model_answers_says_of_which_run() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
    promoted = Promoted(arn, "amazon.nova-micro-v1:0", "fast-0123456789ab")
    aliases = Aliases(lambda: {**SETTINGS.aliases, "fast": (promoted, *SETTINGS.aliases["fast"])})
    made = ModelListing(
        max_body_bytes=1024,
        aliases=aliases,
        parameter_name="/quarry/test/model-access",
        client=lambda: FakeParameters(FOUND),
    )

    fast = made.models().data[1]

    told = msgspec.to_builtins(fast.quarry)
    assert told.pop("abilities")["kind"] == "chat"
    assert told == {
        "standing": "fallback",
        "verdict": "throttled",
        "checked_at": "2026-11-21T00:00:00+00:00",
        "candidates": ["amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0"],
        "tuned": "fast-0123456789ab",
    }
