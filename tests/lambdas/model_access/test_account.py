"""What an account has besides models, against how many people call."""

from typing import Any

import pytest

from lambdas.model_access import account
from tests.lambdas.fakes import client_error


class FakeLambda:
    """Lambda, as GetAccountSettings shows it."""

    def __init__(self, *, unreserved: int, in_all: int = 1_000, error: Exception | None = None) -> None:
        self.limit = {"ConcurrentExecutions": in_all, "UnreservedConcurrentExecutions": unreserved}
        self.error = error

    def get_account_settings(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"AccountLimit": self.limit}


@pytest.mark.parametrize(("unreserved", "participants"), [(10, 1), (10, 9), (44, 40)])
def test_enough_is_not_told(unreserved: int, participants: int) -> None:
    assert account.notices(FakeLambda(unreserved=unreserved), participants=participants, region="us-east-1") == []


def test_a_new_accounts_ten_are_too_few_for_a_room() -> None:
    (told,) = account.notices(FakeLambda(unreserved=10, in_all=10), participants=40, region="eu-west-1")

    assert "Lambda runs 10 functions at once here, and 40 participants take 44" in told
    assert "--region eu-west-1 --service-code lambda --quota-code L-B99A9384 --desired-value 1000 " in told


def test_what_other_functions_keep_for_themselves_is_not_ours() -> None:
    (told,) = account.notices(FakeLambda(unreserved=100, in_all=3_000), participants=2_000, region="us-east-1")

    assert "Lambda runs 100 functions" in told
    assert "--desired-value 2200 " in told


def test_what_cannot_be_seen_is_said() -> None:
    error = client_error("AccessDeniedException")

    (told,) = account.notices(FakeLambda(unreserved=0, error=error), participants=1, region="us-east-1")

    assert "could not be seen (lambda:GetAccountSettings: AccessDeniedException)" in told
