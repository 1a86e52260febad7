"""``quarry outputs``, and what every command does about environments."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

from configuration.environment_file import load
from quarry.command_error import CommandError
from quarry.deployed.connection import LocalAws
from quarry.deployed.deployment import Deployment
from tests.quarry.conftest import Run
from tests.quarry.fakes import BASE_URL, FakeAws


def test_outputs_are_a_line_each_never_folded(run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    ran = run("outputs", "-e", "dev")

    assert ran.code == 0
    assert ran.out.splitlines()[0].split() == ["stack", "output", "value"]
    assert f"quarry-dev-inference  BaseUrl          {BASE_URL}" in ran.out.splitlines()


def test_outputs_as_json_have_this_environments_stacks_only(run: Run, aws: FakeAws) -> None:
    found = run("outputs", "--environment", "dev", "--json").json

    assert list(found) == ["quarry-dev-guardrails", "quarry-dev-inference"]
    assert found["quarry-dev-inference"]["BaseUrl"] == BASE_URL
    assert found["quarry-dev-guardrails"] == {}


def test_nothing_deployed_is_a_sentence_and_exit_code_1(run: Run, empty_aws: FakeAws) -> None:
    ran = run("outputs", "-e", "dev")

    assert ran.code == 1
    assert ran.err.strip() == "Nothing of dev is deployed. Deploy it with `make deploy ENVIRONMENT=dev`."
    assert ran.out == ""


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("sandbox", "make up"),
        ("sandbox-studio", "make up STUDIO=1"),
        ("sandbox-tuning", "make up TUNING=1"),
        ("dev", "python -m sandbox exec -- cdk deploy --all --context environment=dev"),
    ],
)
def test_nothing_deployed_on_this_machine_says_what_deploys_it(empty_aws: FakeAws, name: str, command: str) -> None:
    aws = LocalAws(endpoint_url="http://localhost:4566", access_key_id="a", secret_access_key="s")

    with pytest.raises(CommandError) as refused:
        Deployment(load(name), aws=aws).outputs()

    assert str(refused.value) == (
        f"Nothing of {name} is deployed on this machine. Deploy it with `{command}`. "
        "(Asked was the AWS at http://localhost:4566.)"
    )


def test_an_unknown_environment_is_exit_code_2_and_names_those_there_are(run: Run) -> None:
    ran = run("outputs", "-e", "nope")

    assert ran.code == 2
    assert ran.err.strip() == (
        "environments/nope.yaml: no such file; there are dev, production, sandbox, sandbox-studio, sandbox-tuning, "
        "workshop"
    )


def test_the_environment_can_come_from_a_variable(run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARRY_ENVIRONMENT", "dev")

    assert "quarry-dev-inference" in run("outputs", "--json").json


def test_the_sandbox_is_not_looked_for_in_a_real_account(run: Run, aws: FakeAws) -> None:
    ran, other = run("outputs"), run("outputs", "-e", "sandbox-tuning")

    assert (ran.code, other.code) == (1, 1)
    assert ran.err.startswith("sandbox lives on this machine and is not up. `make up` starts it")
    assert "`make up TUNING=1` starts it" in other.err


def test_an_aws_that_is_away_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def refuse(_self: object, *_arguments: object, **_options: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://localhost:1")

    monkeypatch.setattr(URLLib3Session, "send", refuse)

    ran = run("outputs")

    assert ran.code == 1
    assert "Is it up? `make up` starts it." in ran.err


def test_missing_credentials_are_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    ran = run("outputs", "-e", "dev")

    assert ran.code == 1
    assert ran.err.startswith("There are no credentials for AWS (Unable to locate credentials). Sign in")


def test_the_variables_of_a_local_aws_win_over_the_saved_one(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = LocalAws(endpoint_url="http://localhost:1", access_key_id="a", secret_access_key="b")
    state.mkdir()
    document = {"base_url": BASE_URL, "api_key": "qk-x", "key_id": "key_x", "aws": vars(saved)}
    (state / "sandbox.json").write_text(json.dumps(document), encoding="utf-8")

    assert Deployment(load("sandbox")).aws == saved
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:2")
    assert Deployment(load("sandbox")).aws == LocalAws(
        endpoint_url="http://localhost:2", access_key_id="testing", secret_access_key="testing"
    )


def test_a_half_deployed_stack_is_told_as_such(run: Run, empty_aws: FakeAws) -> None:
    empty_aws.stacks = {"quarry-dev-inference": None}

    ran = run("keys", "list", "-e", "dev")

    assert ran.code == 1
    assert "has no output KeysTable. Deploy it again." in ran.err


@pytest.mark.parametrize(
    "arguments", [("outputs", "--nonsense"), ("nonsense",), ("keys", "revoke"), ("keys", "create")]
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2


def test_buckets_of_a_local_aws_are_asked_for_by_path() -> None:
    local = LocalAws(endpoint_url="http://localhost:1", access_key_id="a", secret_access_key="b")

    url = Deployment(load("sandbox"), aws=local).client("s3").generate_presigned_url("list_objects", {"Bucket": "b"})

    assert url.startswith("http://localhost:1/b?")
