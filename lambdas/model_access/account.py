"""What an account has besides models, held against how many people call: functions at once, and text units judged."""

from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.aws_errors import code_of
from lambdas.model_access import demand

# Less is not asked for: it is what accounts have that are not new. Source: Lambda developer guide, "Lambda quotas".
LEAST_ASKED_FOR: Final = 1_000
QUOTA_CODE: Final = "L-B99A9384"
# Content filters, of all policies the one with the smallest quotas: 25 a second in some regions, 1,000 in others.
UNITS_QUOTA_CODE: Final = "L-01F3CD81"


class LambdaClient(Protocol):
    """The one call that is made of Lambda, with its own shapes."""

    def get_account_settings(self, **kwargs: Any) -> dict[str, Any]: ...


class QuotaClient(Protocol):
    """The one call that is made of Service Quotas, with its own shapes."""

    def get_service_quota(self, **kwargs: Any) -> dict[str, Any]: ...


def judging(client: QuotaClient, *, participants: int, region: str) -> list[str]:
    """Return what is to be done so that guardrails judge as much at once as that many people ask; nothing if they do.

    What a region has is its own quota, and a second that has used it up is throttled. A call that is denied or fails is
    a notice too.
    """
    try:
        has = float(client.get_service_quota(ServiceCode="bedrock", QuotaCode=UNITS_QUOTA_CODE)["Quota"]["Value"])
    except (ClientError, BotoCoreError) as error:
        return [f"What guardrails judge a second could not be seen (servicequotas:GetServiceQuota: {_of(error)})."]
    needed = demand.text_units_per_second(people=participants)
    if has >= needed:
        return []
    return [
        f"Guardrails judge {has:,.0f} text units of 1,000 characters a second here, and {participants} participants "
        f"who ask at once send {needed:,}. What is more is throttled and tried again. "
        f"aws service-quotas request-service-quota-increase --region {region} --service-code bedrock "
        f"--quota-code {UNITS_QUOTA_CODE} --desired-value {needed}   (content filters; takes days)"
    ]


def notices(client: LambdaClient, *, participants: int, region: str) -> list[str]:
    """Return what is to be done so that Lambda runs as much at once as that many people take; nothing if it does.

    Functions that keep a share for themselves leave less to ours, so what is left counts. A call that is denied or
    fails is a notice too: nobody knows then.
    """
    try:
        limit = client.get_account_settings()["AccountLimit"]
    except (ClientError, BotoCoreError) as error:
        return [f"How many functions may run at once could not be seen (lambda:GetAccountSettings: {_of(error)})."]
    has, needed = int(limit["UnreservedConcurrentExecutions"]), demand.concurrent_executions(people=participants)
    if has >= needed:
        return []
    more = max(LEAST_ASKED_FOR, needed)
    return [
        f"Lambda runs {has} functions at once here, and {participants} participants take {needed}: a stream holds one "
        "for as long as it runs, a call of the authorizer another. Callers above that get 429. "
        f"aws service-quotas request-service-quota-increase --region {region} --service-code lambda "
        f"--quota-code {QUOTA_CODE} --desired-value {more}   (Concurrent executions; takes hours to days)"
    ]


def _of(error: ClientError | BotoCoreError) -> str:
    return code_of(error) if isinstance(error, ClientError) else type(error).__name__
