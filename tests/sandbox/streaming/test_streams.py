"""A deployed stack whose API streams: what the client, the function and the logs see."""

import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.sandbox.servers import running
from tests.sandbox.streaming.deployment import ALLOWED, Deployment, deploy
from tests.waiting import PATIENCE, eventually


def described(http: httpx.Client, path: str = "/chat/x", **options: Any) -> dict[str, Any]:
    response = http.request(options.pop("method", "POST"), path, **options)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def test_each_chunk_arrives_before_the_next_is_sent(http: httpx.Client, tmp_path: Path) -> None:
    with http.stream("GET", "/chat/stream", params={"gate": str(tmp_path)}) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        for number in range(10):
            (tmp_path / str(number)).touch()
            assert next(lines) == str(number)
        assert list(lines) == []


def test_status_and_headers_arrive_before_the_body_is_complete(http: httpx.Client, deployment: Deployment) -> None:
    with deployment.endless("/chat/endless", http) as response:
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
    response = deployment.get("/chat/x", headers=headers)

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
    assert any("write PYTHONPATH=/opt/python:$PYTHONPATH" in line for line in deployment.log_lines("Other"))


def test_an_idle_instance_serves_the_next_request(http: httpx.Client) -> None:
    assert len({described(http)["pid"] for _ in range(5)}) == 1


def test_concurrent_streams_have_an_instance_each(http: httpx.Client, deployment: Deployment) -> None:
    all_stream = Barrier(8)

    def pid(_: int) -> int:
        with deployment.endless("/chat/endless", http) as response:
            lines = response.iter_lines()  # Kept: an iterator that goes away closes the connection.
            line = next(lines)
            all_stream.wait(PATIENCE)
        return int(line)

    with ThreadPoolExecutor(8) as threads:
        pids = list(threads.map(pid, range(8)))

    assert len(set(pids)) == 8


def test_a_client_that_hangs_up_in_mid_stream_stops_nothing(
    http: httpx.Client, deployment: Deployment, tmp_path: Path
) -> None:
    """Lambda developer guide: streams are not interrupted when the invoking client connection is broken."""
    going_on = tmp_path / "ann"
    going_on.touch()
    with http.stream("GET", f"/chat/endless?who=ann&while={going_on}") as response:
        next(response.iter_bytes())
    # As long as the function would need to be told of it.
    described(http)
    assert "ann was told of the end" not in deployment.log_lines("Chat")
    going_on.unlink()

    eventually(lambda: "ann came to the end" in deployment.log_lines("Chat"))


def test_a_client_that_hangs_up_before_the_first_byte_stops_nothing(deployment: Deployment, tmp_path: Path) -> None:
    going_on = tmp_path / "bob"
    going_on.touch()
    with socket.create_connection(("127.0.0.1", deployment.record.port)) as connection:
        path = f"/chat/silent?who=bob&while={going_on}"
        lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: {ALLOWED}", "", "")
        connection.sendall("\r\n".join(lines).encode())
        eventually(lambda: "bob waits" in deployment.log_lines("Chat"))
    going_on.unlink()

    eventually(lambda: "bob came to the end" in deployment.log_lines("Chat"))


def test_output_goes_to_the_functions_log_group(http: httpx.Client, deployment: Deployment) -> None:
    described(http, "/chat/to-be-logged")

    lines = eventually(lambda: [line for line in deployment.log_lines("Chat") if "to-be-logged" in line])
    assert lines == ["described /chat/to-be-logged"]
    every = deployment.log_lines("Chat")
    assert any(line.startswith("START RequestId: ") for line in every)
    assert any(line.startswith("REPORT RequestId: ") for line in every)


def test_a_function_that_does_not_start_is_a_bad_gateway(http: httpx.Client, deployment: Deployment) -> None:
    response = http.get("/broken/x")

    assert response.status_code == 502
    assert response.json() == {"failed": "Internal server error"}
    eventually(lambda: "nothing to run" in deployment.log_lines("Broken"))
    assert any("exit status 3" in line for line in deployment.log_lines("Broken"))


def test_a_function_that_cannot_stream_on_aws_does_not_here(http: httpx.Client, deployment: Deployment) -> None:
    assert http.get("/buffered/x").status_code == 500
    assert "AWS_LWA_INVOKE_MODE=response_stream" in deployment.log_lines("Buffered")[0]


def test_a_silent_function_is_a_gateway_timeout(http: httpx.Client, deployment: Deployment) -> None:
    response = http.get("/slow/silent")

    assert response.status_code == 504
    assert response.json() == {"failed": "Endpoint request timed out"}
    assert any("Task timed out after 1.00 seconds" in line for line in deployment.log_lines("Slow"))


@pytest.mark.parametrize("path", ["/slow/endless", "/chat/broken-off"])
def test_a_stream_that_cannot_go_on_is_cut_visibly(http: httpx.Client, path: str) -> None:
    def cut() -> bool:
        with http.stream("GET", path) as response:
            if response.status_code == 504:
                return False  # Its one second was over before it began.
            assert response.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                response.read()
            return True

    eventually(cut)
    answered(http, path.rpartition("/")[0] + "/x")


def answered(http: httpx.Client, path: str) -> dict[str, Any]:
    """What a function says that has little time, so that it may miss it a few times, by starting for instance."""
    response = eventually(lambda: [found for found in [http.get(path)] if found.status_code != 504])[0]
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def test_the_integrations_own_timeout_leaves_the_function_running(
    http: httpx.Client, deployment: Deployment, tmp_path: Path
) -> None:
    going_on = tmp_path / "cy"
    going_on.touch()
    answered(http, "/hasty/x")
    assert http.get(f"/hasty/silent?who=cy&while={going_on}").status_code == 504
    eventually(lambda: "cy waits" in deployment.log_lines("Hasty"))
    going_on.unlink()

    eventually(lambda: "cy came to the end" in deployment.log_lines("Hasty"))


def test_starting_slowly_is_for_those_who_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_INIT_SECONDS", "1")
    with running(tmp_path / "state") as (_, record):
        hurried = deploy(record)
        mute, late = hurried.get("/mute/x"), hurried.get("/late/late/x")
        said = hurried.log_lines("Mute")

    assert mute.status_code == 502
    assert any("did not answer its readiness check within 1 s" in line for line in said)
    assert late.status_code == 200
    assert late.json()["path"] == "/x"


def test_ministacks_own_urls_stream_too(deployment: Deployment) -> None:
    url = f"{deployment.record.connection.aws_url}/restapis/{deployment.names['Api']}/live/_user_request_/hasty/x"

    assert eventually(lambda: httpx.get(url, timeout=PATIENCE).status_code == 200)


def test_instances_are_in_the_servers_process_group(http: httpx.Client, deployment: Deployment) -> None:
    assert os.getpgid(described(http)["pid"]) == os.getpgid(deployment.record.pid)


def test_every_request_is_a_line_of_the_access_log(deployment: Deployment, http: httpx.Client) -> None:
    answered = http.post("/chat/x", content=b"{}")
    with deployment.endless("/chat/endless", http) as cut:
        next(cut.iter_lines())
    refused = deployment.get("/chat/x", headers={"Authorization": "Bearer bad"})
    unknown = deployment.get("/nobody/%0A")

    ids = [reply.headers["x-amzn-requestid"] for reply in (answered, cut, refused, unknown)]
    whole, streamed, denied, lost = eventually(
        lambda: [log[one] for one in ids] if set(ids) <= set(log := deployment.access_log()) else None
    )
    assert (whole["httpMethod"], whole["path"], whole["status"]) == ("POST", "/live/chat/x", "200")
    assert (whole["key_id"], whole["responseType"]) == ("k-1", "-")
    assert int(whole["responseLength"]) == len(answered.content)
    assert whole["integrationLatency"].isdigit()
    assert int(streamed["responseLength"]) > 0
    assert (denied["status"], denied["responseType"], denied["integrationLatency"]) == ("401", "ACCESS_DENIED", "-")
    assert (lost["path"], lost["status"], lost["key_id"]) == ("/live/nobody/\n", "403", "-")


def test_an_odd_path_is_allowed_where_the_authorizer_allows_all(http: httpx.Client) -> None:
    assert described(http, "/chat/a%0Ab")["path"] == "/chat/a\nb"
