"""A deployed stack whose API streams: what the client, the function and the logs see."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.sandbox.streaming.deployment import Deployment
from tests.sandbox.streaming.waiting import eventually


def described(http: httpx.Client, path: str = "/chat/x", **options: Any) -> dict[str, Any]:
    response = http.request(options.pop("method", "POST"), path, **options)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def read_stream(http: httpx.Client) -> list[tuple[float, dict[str, Any]]]:
    """When each chunk arrived, and what it says; the server's clock is the same machine's."""
    with http.stream("GET", "/chat/stream") as response:
        assert response.status_code == 200
        return [(time.time(), json.loads(line)) for line in response.iter_lines()]


def log_lines(deployment: Deployment, function: str) -> list[str]:
    group = f"/aws/lambda/{deployment.names[function]}"
    events = deployment.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events]


def test_chunks_arrive_before_later_ones_are_sent(http: httpx.Client) -> None:
    received = read_stream(http)

    assert [chunk["number"] for _, chunk in received] == list(range(10))
    for number in range(8):
        assert received[number][0] < received[number + 2][1]["sent"]


def test_status_and_headers_arrive_before_the_body_is_complete(http: httpx.Client) -> None:
    with http.stream("GET", "/chat/endless") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert "content-length" not in response.headers


def test_method_path_query_body_and_headers_reach_the_application(http: httpx.Client) -> None:
    seen = described(http, "/chat/über?q=1&q=a b", method="PUT", content=b"{}", headers={"X-Mine": "yes"})

    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/chat/über", "{}")
    assert seen["query"] == "q=1&q=a+b"
    assert seen["headers"]["x-mine"] == "yes"
    assert seen["headers"]["content-length"] == "2"


def test_the_authorizers_context_arrives_and_cannot_be_forged(http: httpx.Client) -> None:
    forged = {"x-amzn-request-context": '{"authorizer":{"key_id":"mine"}}'}

    response = http.post("/chat/x", headers=forged)

    context = json.loads(response.json()["headers"]["x-amzn-request-context"])
    assert context["authorizer"] == {"key_id": "k-1", "reason": "no such key", "principalId": "someone"}
    assert context["stage"] == "live"
    assert context["requestId"] == response.headers["x-amzn-requestid"]


def test_the_lambda_context_arrives(http: httpx.Client, deployment: Deployment) -> None:
    context = json.loads(described(http)["headers"]["x-amzn-lambda-context"])

    assert context["env_config"]["function_name"] == deployment.names["Chat"]
    assert context["env_config"]["memory"] == 512
    assert context["deadline"] > time.time() * 1000


@pytest.mark.parametrize(("headers", "body"), [({}, "Unauthorized"), ({"Authorization": "Bearer bad"}, "no such key")])
def test_a_refused_key_gets_the_gateways_response(deployment: Deployment, headers: dict[str, str], body: str) -> None:
    response = httpx.get(f"{deployment.url}/chat/x", headers=headers)

    assert response.status_code == 401
    assert body in response.text


def test_the_functions_role_decides_what_it_may_call(http: httpx.Client) -> None:
    granted = http.get("/chat/call", params={"service": "s3", "operation": "list_buckets"})
    denied = http.get("/chat/call", params={"service": "dynamodb", "operation": "list_tables"})

    assert granted.json() == {"code": None}
    assert denied.json() == {"code": "AccessDeniedException"}


def test_the_environment_is_lambdas(http: httpx.Client, deployment: Deployment) -> None:
    seen = described(http)["environment"]

    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == deployment.names["Chat"]
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["LAMBDA_TASK_ROOT"] == seen["PWD"]
    assert seen["PORT"] == seen["AWS_LWA_PORT"] != "8080"
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert deployment.record.secret_access_key not in seen.values()


def test_packages_of_a_layer_are_found_and_what_aws_would_not_find_is_said(
    http: httpx.Client, deployment: Deployment
) -> None:
    assert described(http, "/other/x")["layer"] == "a layer"
    assert any("write PYTHONPATH=/opt/python:$PYTHONPATH" in line for line in log_lines(deployment, "Other"))


def test_an_idle_instance_serves_the_next_request(http: httpx.Client) -> None:
    assert len({described(http)["pid"] for _ in range(5)}) == 1


def test_concurrent_streams_have_an_instance_each(http: httpx.Client) -> None:
    all_stream = Barrier(8)

    def pid(_: int) -> int:
        with http.stream("GET", "/chat/endless") as response:
            lines = response.iter_lines()  # Kept: an iterator that goes away closes the connection.
            line = next(lines)
            all_stream.wait(timeout=60)
        return int(line)

    with ThreadPoolExecutor(8) as threads:
        pids = list(threads.map(pid, range(8)))

    assert len(set(pids)) == 8


@pytest.mark.parametrize(("path", "event"), [("endless", "disconnect"), ("silent", "disconnect before the first byte")])
def test_a_client_that_hangs_up_is_noticed_by_the_function(http: httpx.Client, path: str, event: str) -> None:
    if path == "endless":
        with http.stream("GET", "/chat/endless") as response:
            next(response.iter_bytes())
    else:
        with pytest.raises(httpx.ReadTimeout):
            http.get("/chat/silent", timeout=0.5)

    def noticed() -> bool:
        with ThreadPoolExecutor(8) as threads:  # So that every instance is asked.
            seen = list(threads.map(lambda _: described(http)["events"], range(8)))
        return any(one["event"] == event for events in seen for one in events)

    assert eventually(noticed)


def test_output_goes_to_the_functions_log_group(http: httpx.Client, deployment: Deployment) -> None:
    described(http, "/chat/to-be-logged")

    lines = eventually(lambda: [line for line in log_lines(deployment, "Chat") if "to-be-logged" in line])
    assert lines == ["described /chat/to-be-logged"]
    every = log_lines(deployment, "Chat")
    assert any(line.startswith("START RequestId: ") for line in every)
    assert any(line.startswith("REPORT RequestId: ") for line in every)


def test_a_function_that_does_not_start_is_a_bad_gateway(http: httpx.Client, deployment: Deployment) -> None:
    response = http.get("/broken/x")

    assert response.status_code == 502
    assert response.json() == {"failed": "Internal server error"}
    assert "nothing to run" in log_lines(deployment, "Broken")
    assert any("exit status 3" in line for line in log_lines(deployment, "Broken"))


def test_a_function_that_cannot_stream_on_aws_does_not_here(http: httpx.Client, deployment: Deployment) -> None:
    assert http.get("/buffered/x").status_code == 500
    assert "AWS_LWA_INVOKE_MODE=response_stream" in log_lines(deployment, "Buffered")[0]


def test_a_silent_function_is_a_gateway_timeout(http: httpx.Client, deployment: Deployment) -> None:
    response = http.get("/slow/silent")

    assert response.status_code == 504
    assert response.json() == {"failed": "Endpoint request timed out"}
    assert any("Task timed out after 1.00 seconds" in line for line in log_lines(deployment, "Slow"))


@pytest.mark.parametrize("path", ["/slow/endless", "/chat/broken-off"])
def test_a_stream_that_cannot_go_on_is_cut_visibly(http: httpx.Client, path: str) -> None:
    with http.stream("GET", path) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            response.read()

    assert http.get(path.rpartition("/")[0] + "/x").status_code == 200


def test_the_integrations_own_timeout_leaves_the_function_running(http: httpx.Client) -> None:
    # The instance may take longer to start than the integration waits; it is there for a later request.
    warm = eventually(lambda: [answer for answer in [http.get("/hasty/x")] if answer.status_code == 200])

    assert http.get("/hasty/silent").status_code == 504
    assert described(http, "/hasty/x")["pid"] == warm[0].json()["pid"]


def test_starting_slowly_is_for_those_who_asked(http: httpx.Client) -> None:
    with ThreadPoolExecutor(2) as threads:
        mute, late = threads.map(http.get, ["/mute/x", "/late/late/x"])

    assert mute.status_code == 502
    assert late.status_code == 200
    assert late.json()["path"] == "/x"


def test_ministacks_own_urls_stream_too(deployment: Deployment) -> None:
    url = f"{deployment.record.connection.aws_url}/restapis/{deployment.names['Api']}/live/_user_request_/hasty/x"

    assert eventually(lambda: httpx.get(url).status_code == 200)


def test_instances_are_in_the_servers_process_group(http: httpx.Client, deployment: Deployment) -> None:
    assert os.getpgid(described(http)["pid"]) == os.getpgid(deployment.record.pid)
