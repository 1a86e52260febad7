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


class FakeQuotas:
    """Service Quotas, with one value for whatever is asked."""

    def __init__(self, value: float, error: Exception | None = None) -> None:
        self.value = value
        self.error = error

    def get_service_quota(self, **asked: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        assert asked == {"ServiceCode": "bedrock", "QuotaCode": "L-01F3CD81"}
        return {"Quota": {"Value": self.value}}


def test_a_room_sends_more_at_once_than_guardrails_judge_in_some_regions() -> None:
    (told,) = account.judging(FakeQuotas(25), participants=40, region="ap-south-2")

    assert "judge 25 text units of 1,000 characters a second here, and 40 participants who ask at once send 320" in told
    assert "--region ap-south-2 --service-code bedrock --quota-code L-01F3CD81 --desired-value 320 " in told
    assert account.judging(FakeQuotas(1_000), participants=40, region="us-east-1") == []
    (unseen,) = account.judging(FakeQuotas(0, client_error("AccessDeniedException")), participants=1, region="x")
    assert "could not be seen (servicequotas:GetServiceQuota: AccessDeniedException)" in unseen


def test_what_cannot_be_seen_is_said() -> None:
    error = client_error("AccessDeniedException")

    (told,) = account.notices(FakeLambda(unreserved=0, error=error), participants=1, region="us-east-1")

    assert "could not be seen (lambda:GetAccountSettings: AccessDeniedException)" in told
