"""``quarry check``: who makes the calls, what is printed, exit codes, and that nothing is accepted unasked."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from configuration.environment_file import PROJECT, load
from lambdas.model_access.verdicts import Finding, Verdict
from quarry.check import model_access
from quarry.deployed.connection import LocalAws
from quarry.deployed.deployment import Deployment
from stacks.inference.model_access_check import TIMEOUT_SECONDS
from tests.lambdas.fakes import client_error
from tests.quarry.check.account import ALL_READY, HAIKU, LITE, MICRO, TITAN, FakeAccount, finding
from tests.quarry.conftest import Run

FORM = {
    "companyName": "Example Ltd",
    "companyWebsite": "https://example.com",
    "intendedUsers": "both",
    "industryOption": "Education",
    "useCases": "A workshop.",
}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> FakeAccount:
    fake = FakeAccount()
    monkeypatch.setattr(Deployment, "client", lambda _self, _service: fake)
    monkeypatch.setattr(model_access, "client_that_asks_once", lambda _deployment, _service, **_options: fake)
    monkeypatch.setattr("quarry.check.enabling.sleep", lambda _seconds: None)
    monkeypatch.setenv("COLUMNS", "100")
    return fake


@pytest.fixture
def form(tmp_path: Path) -> Callable[..., str]:
    def write(**changes: Any) -> str:
        file = tmp_path / "use-case-form.json"
        file.write_text(json.dumps({**FORM, **changes}), encoding="utf-8")
        return str(file)

    return write


def test_the_deployed_function_is_asked_about_the_environments_models(run: Run, account: FakeAccount) -> None:
    ran = run("check", "-e", "dev", "--json")

    assert ran.code == 0
    assert ran.json["checked_by"] == "role"
    assert ran.json["aliases"]["fast"] == {"standing": "first", "verdict": "ready"}
    (event,) = account.events
    assert [one["callable_id"] for one in event["candidates"]] == [MICRO, LITE, f"us.{HAIKU}", TITAN]


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
    assert [one["verdict"] for one in ran.json["findings"]] == ["account_blocked", "ready", "ready", "ready"]
    assert "your own credentials" in ran.err


def test_before_a_deployment_a_model_has_to_last_as_long_as_it_is_needed(
    account: FakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deployed = False
    ends = datetime(2027, 3, 30, tzinfo=UTC)
    lifecycle = {"status": "ACTIVE", "endOfLifeTime": ends}
    summaries = [{"modelId": id_, "modelLifecycle": lifecycle} for id_ in (MICRO, LITE, HAIKU, TITAN)]
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

    assert verdicts(date(2027, 3, 31)) == [Verdict.ENDS_ON] * 4
    assert verdicts(date(2027, 3, 30)) == [Verdict.READY, Verdict.QUOTA_TOO_SMALL, Verdict.READY, Verdict.READY]


@pytest.mark.parametrize("local", [True, False])
def test_the_function_is_waited_for_and_asked_once(local: bool) -> None:
    aws = LocalAws(endpoint_url="http://127.0.0.1:1", access_key_id="a", secret_access_key="b") if local else None
    deployment = Deployment(load("dev"), aws=aws)

    client = model_access.client_that_asks_once(deployment, "lambda", read_timeout=model_access.FUNCTION_SECONDS)

    assert client.meta.config.read_timeout > TIMEOUT_SECONDS
    assert client.meta.config.retries["total_max_attempts"] == 1
    assert client.meta.region_name == "us-east-1"
    assert (client.meta.endpoint_url == "http://127.0.0.1:1") is local


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("Invoke", "lambda:InvokeFunction"),
        ("PutUseCaseForModelAccess", "bedrock:PutUseCaseForModelAccess"),
    ],
)
def test_what_aws_refuses_names_the_permission_and_is_exit_code_2(
    run: Run, account: FakeAccount, form: Callable[..., str], operation: str, action: str
) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)
    account.refuses = {operation: ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)}

    ran = run("check", "-e", "dev", "--enable", "--yes", "--form", form())

    assert ran.code == 2
    assert f"Your credentials may not do this: they need {action}." in ran.err


def test_a_function_that_fails_is_a_sentence_and_exit_code_2(run: Run, account: FakeAccount) -> None:
    account.fails = {"errorMessage": "boom"}

    ran = run("check", "-e", "dev")

    assert (ran.code, ran.out) == (2, "")
    assert "check-function failed: boom" in ran.err


@pytest.mark.parametrize("arguments", [("--yes",), ("--form", "x"), ("--nonsense",)])
def test_wrong_usage_is_exit_code_2(run: Run, account: FakeAccount, arguments: tuple[str, ...]) -> None:
    assert run("check", "-e", "dev", *arguments).code == 2


def missing(verdict: Verdict) -> tuple[Finding, ...]:
    return (*ALL_READY[:2], finding("smart", HAIKU, verdict, "fix"))


def test_the_form_is_shown_and_submitted_when_the_operator_says_so(
    run: Run, account: FakeAccount, form: Callable[..., str]
) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)

    ran = run("check", "-e", "dev", "--enable", "--form", form(), stdin="y\n")

    assert ran.code == 0
    assert "Example Ltd, https://example.com" in ran.err
    assert account.accepted == [{**FORM, "intendedUsers": "2", "otherIndustryOption": ""}]


@pytest.mark.parametrize("verdict", [Verdict.AGREEMENT_MISSING, Verdict.MARKETPLACE_PERMISSION_MISSING])
def test_terms_and_price_are_shown_before_an_agreement_is_accepted(
    run: Run, account: FakeAccount, verdict: Verdict
) -> None:
    account.findings, account.pending = missing(verdict), 3

    ran = run("check", "-e", "dev", "--enable", stdin="y\n")

    assert ran.code == 0
    assert account.accepted == [{"offerToken": "token", "modelId": HAIKU}]
    for shown in ("https://terms.test/haiku", "No refunds.", "1.1 USD per Units: Million input tokens"):
        assert ran.err.index(shown) < ran.err.index("Accept it")


@pytest.mark.parametrize(("stdin", "says"), [("n\n", ""), ("", "Nothing more was accepted")])
@pytest.mark.parametrize("verdict", [Verdict.ANTHROPIC_FORM_MISSING, Verdict.AGREEMENT_MISSING])
def test_nothing_is_accepted_without_a_yes(
    run: Run, account: FakeAccount, form: Callable[..., str], verdict: Verdict, stdin: str, says: str
) -> None:
    account.findings = missing(verdict)

    ran = run("check", "-e", "dev", "--enable", "--form", form(), stdin=stdin)

    assert ran.code == 2
    assert account.accepted == []
    assert says in ran.err


def test_in_ci_yes_answers_and_says_to_what(run: Run, account: FakeAccount) -> None:
    account.findings = missing(Verdict.AGREEMENT_MISSING)

    ran = run("check", "-e", "dev", "--enable", "--yes", "--json")

    assert (ran.code, len(account.accepted)) == (0, 1)
    assert "yes (--yes)" in ran.err
    assert ran.json["aliases"]["smart"]["verdict"] == "ready"


def test_waiting_ends_after_a_quarter_of_an_hour(run: Run, account: FakeAccount) -> None:
    account.findings, account.pending = missing(Verdict.AGREEMENT_MISSING), 10_000

    ran = run("check", "-e", "dev", "--enable", "--yes")

    assert ran.code == 2
    assert f"Still pending after 15 minutes: {HAIKU}" in ran.err


def test_without_anything_to_enable_nothing_is_asked(run: Run, account: FakeAccount) -> None:
    ran = run("check", "-e", "dev", "--enable")

    assert (ran.code, account.accepted) == (0, [])
    assert "nothing that --enable could do" in ran.err


def test_without_an_offer_nothing_is_accepted(run: Run, account: FakeAccount) -> None:
    account.findings, account.offers = missing(Verdict.AGREEMENT_MISSING), []

    ran = run("check", "-e", "dev", "--enable", "--yes")

    assert (ran.code, account.accepted) == (2, [])
    assert "offers this account no agreement" in ran.err


def test_a_missing_form_is_asked_for_with_an_example(run: Run, account: FakeAccount) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)

    ran = run("check", "-e", "dev", "--enable", "--yes")

    assert ran.code == 2
    assert "companyName: Example Ltd" in ran.err


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"companyName": "x" * 129}, "x… is not accepted: expected at most 128 characters"),
        ({"intendedUsers": "3"}, "intendedUsers: '3' is not accepted: expected internal, external, both"),
        ({"useCases": "x" * 8193}, "x… is not accepted: expected at most 8192 characters"),
        ({"companyname": "x"}, "companyname: unknown key; the file has no 'companyname'"),
        ({"useCases": "ü" * 8192}, "at most 16,384 are accepted"),
    ],
)
def test_a_form_that_aws_would_refuse_is_refused_before_anything_happens(
    run: Run, account: FakeAccount, form: Callable[..., str], changes: dict[str, str], says: str
) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)

    ran = run("check", "-e", "dev", "--enable", "--yes", "--form", form(**changes))

    assert (ran.code, account.accepted) == (2, [])
    assert says in ran.err


def test_a_form_that_cannot_be_read_is_told(run: Run, account: FakeAccount, tmp_path: Path) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)

    ran = run("check", "-e", "dev", "--enable", "--form", str(tmp_path / "none.yaml"))

    assert ran.code == 2
    assert "cannot be read" in ran.err


def test_forms_are_never_committed() -> None:
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()

    assert "use-case-form.*" in ignored
