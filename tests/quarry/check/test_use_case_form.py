"""Anthropic's use case form: what is wrong with it is told before anything happens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from lambdas.model_access.verdicts import Verdict
from tests.quarry.check.account import FakeAccount, missing
from tests.quarry.conftest import Run


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("companyName: A\ncompanyName: B\n", "line 2: 'companyName' is there twice (first in line 1); keep one"),
        ("- companyName: A\n", "expected a mapping, found list"),
        ("companyName: [\n", "not valid YAML"),
        ("companyName: A\n", "useCases: required and missing"),
    ],
)
def test_a_form_in_yaml_is_read_as_strictly_as_an_environment_file(
    run: Run, account: FakeAccount, tmp_path: Path, text: str, says: str
) -> None:
    account.findings = missing(Verdict.ANTHROPIC_FORM_MISSING)
    file = tmp_path / "form.yaml"
    file.write_text(text, encoding="utf-8")

    ran = run("check", "-e", "dev", "--enable", "--form", str(file))

    assert (ran.code, account.accepted) == (2, [])
    assert f"{file}: {says}" in ran.err
