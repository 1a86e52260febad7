"""``quarry check --enable``: everything is shown and asked for before it is done."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from lambdas.model_access.verdicts import Verdict
from tests.quarry.check.account import FORM, HAIKU, FakeAccount, missing
from tests.quarry.conftest import Run


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


@pytest.mark.parametrize(("stdin", "code", "says"), [("n\n", 2, ""), ("", 1, "Nothing more was accepted")])
@pytest.mark.parametrize("verdict", [Verdict.ANTHROPIC_FORM_MISSING, Verdict.AGREEMENT_MISSING])
def test_nothing_is_accepted_without_a_yes(
    run: Run, account: FakeAccount, form: Callable[..., str], verdict: Verdict, stdin: str, code: int, says: str
) -> None:
    account.findings = missing(verdict)

    ran = run("check", "-e", "dev", "--enable", "--form", form(), stdin=stdin)

    assert ran.code == code
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

    assert ran.code == 1
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


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("Invoke", "lambda:InvokeFunction"),
        ("PutUseCaseForModelAccess", "bedrock:PutUseCaseForModelAccess"),
    ],
)
def test_what_aws_refuses_names_the_permission_and_is_exit_code_1(
    run: Run, account: FakeAccount, form: Callable[..., str], operation: str, action: str
) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)
    account.refuses = {operation: ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)}

    ran = run("check", "-e", "dev", "--enable", "--yes", "--form", form())

    assert ran.code == 1
    assert f"Your credentials may not do this: they need {action}." in ran.err
