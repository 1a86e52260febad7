"""``quarry check``: who makes the calls, what is printed, exit codes, and that nothing is accepted unasked."""

from datetime import UTC, date, datetime

import pytest

from configuration.environment_file import load
from lambdas.model_access.verdicts import Finding, Verdict
from quarry.check import model_access
from quarry.deployed.connection import LocalAws
from quarry.deployed.deployment import Deployment
from stacks.inference.model_access_check import TIMEOUT_SECONDS
from tests.lambdas.fakes import client_error
from tests.quarry.check.account import ALL_READY, HAIKU, HEIR, LITE, MICRO, TITAN, FakeAccount, finding
from tests.quarry.conftest import Run


def test_the_deployed_function_is_asked_about_the_environments_models(run: Run, account: FakeAccount) -> None:
    ran = run("check", "-e", "dev", "--json")

    assert ran.code == 0
    assert ran.json["checked_by"] == "role"
    assert ran.json["aliases"]["fast"] == {"standing": "first", "verdict": "ready"}
    (event,) = account.events
    assert [one["callable_id"] for one in event["candidates"]] == [MICRO, LITE, f"us.{HAIKU}", f"us.{HEIR}", TITAN]


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        (ALL_READY, 0),
        ((finding("fast", MICRO, Verdict.THROTTLED), *ALL_READY[1:]), 0),
        ((finding("fast", MICRO, Verdict.LEGACY, "swap"), *ALL_READY[1:]), 1),
        ((*ALL_READY[:2], finding("smart", HAIKU, Verdict.LEGACY, "swap")), 2),
    ],
)
def test_exit_codes_tell_how_the_aliases_stand(
    run: Run, account: FakeAccount, findings: tuple[Finding, ...], code: int
) -> None:
    account.findings = findings

    assert run("check", "-e", "dev").code == code


def test_the_table_is_readable_at_a_hundred_columns(run: Run, account: FakeAccount) -> None:
    account.findings = (*ALL_READY[:2], finding("smart", HAIKU, Verdict.MARKETPLACE_PERMISSION_MISSING, "quarry check"))

    table, fixes = run("check", "-e", "dev").out.split("\n\n", 1)

    assert max(map(len, table.splitlines())) <= 100
    assert table.splitlines()[0].split() == ["alias", "model", "profile", "verdict", "fix"]
    assert table.splitlines()[3].split() == ["smart", HAIKU, "us", "!", "marketplace_permission_missing", "see", "1"]
    assert table.splitlines()[4] == "! cannot be used"
    assert fixes.startswith("1. quarry check\n   smart: AWS said so.")


def test_before_a_deployment_the_operators_credentials_call_and_that_is_said(run: Run, account: FakeAccount) -> None:
    account.deployed = False
    account.converse_error = client_error("ValidationException", "Operation not allowed")

    ran = run("check", "-e", "dev", "--json")

    assert ran.code == 1
    assert ran.json["checked_by"] == "own"
    assert ran.err.startswith("Nothing of dev is deployed")
    assert [one["verdict"] for one in ran.json["findings"]] == ["account_blocked", *["ready"] * 4]
    assert "your own credentials" in ran.err


def test_before_a_deployment_a_model_has_to_last_as_long_as_it_is_needed(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deployed = False
    ends = datetime(2027, 3, 30, tzinfo=UTC)
    lifecycle = {"status": "ACTIVE", "endOfLifeTime": ends}
    summaries = [{"modelId": id_, "modelLifecycle": lifecycle} for id_ in (MICRO, LITE, HAIKU, HEIR, TITAN)]
    monkeypatch.setattr(account, "list_foundation_models", lambda **_: {"modelSummaries": summaries})
    quota = {
        "QuotaName": "On-demand model inference requests per minute for Amazon Nova Lite",
        "QuotaCode": "L-1",
        "Value": 79,
    }
    monkeypatch.setattr(account, "list_service_quotas", lambda **_: {"Quotas": [quota]})

    def verdicts(needed_until: date) -> list[Verdict]:
        config = load("dev")
        models = config.models.model_copy(update={"needed_until": needed_until, "participants": 40})
        deployment = Deployment(config.model_copy(update={"models": models}))
        checked = model_access.check(deployment, progress=lambda _done, _total: None)
        return [one.verdict if not one.usable else Verdict.READY for one in checked.findings]

    assert verdicts(date(2027, 3, 31)) == [Verdict.ENDS_ON] * 5
    assert verdicts(date(2027, 3, 30)) == [Verdict.READY, Verdict.QUOTA_TOO_SMALL, *[Verdict.READY] * 3]


def test_what_the_account_lacks_besides_models_is_told_and_is_exit_code_1(run: Run, account: FakeAccount) -> None:
    account.notices = ["Lambda runs 10 functions at once here"]

    ran = run("check", "-e", "dev")

    assert ran.code == 1
    assert "! Lambda runs 10 functions at once here" in ran.out
    assert run("check", "-e", "dev", "--json").json["notices"] == account.notices
    account.findings = (*ALL_READY[:2], finding("smart", HAIKU, Verdict.LEGACY, "swap"))
    assert run("check", "-e", "dev").code == 2


def test_before_a_deployment_the_operators_credentials_see_what_lambda_may_run(run: Run, account: FakeAccount) -> None:
    account.deployed = False
    account.concurrency = 1

    ran = run("check", "-e", "dev", "--json")

    assert ran.code == 1
    assert "Lambda runs 1 functions at once here, and 1 participants take 2" in ran.json["notices"][0]


@pytest.mark.parametrize("local", [True, False])
def test_the_function_is_waited_for_and_asked_once(local: bool) -> None:
    aws = LocalAws(endpoint_url="http://127.0.0.1:1", access_key_id="a", secret_access_key="b") if local else None
    deployment = Deployment(load("dev"), aws=aws)

    client = model_access.client_that_asks_once(deployment, "lambda", read_timeout=model_access.FUNCTION_SECONDS)

    assert client.meta.config.read_timeout > TIMEOUT_SECONDS
    assert client.meta.config.retries["total_max_attempts"] == 1
    assert client.meta.region_name == "us-east-1"
    assert (client.meta.endpoint_url == "http://127.0.0.1:1") is local


def test_a_function_that_fails_is_a_sentence_and_exit_code_1(run: Run, account: FakeAccount) -> None:
    account.fails = {"errorMessage": "boom"}

    ran = run("check", "-e", "dev")

    assert (ran.code, ran.out) == (1, "")
    assert "check-function failed: boom" in ran.err


@pytest.mark.parametrize("arguments", [("--yes",), ("--form", "x"), ("--nonsense",)])
def test_wrong_usage_is_exit_code_2(run: Run, account: FakeAccount, arguments: tuple[str, ...]) -> None:
    assert run("check", "-e", "dev", *arguments).code == 2
