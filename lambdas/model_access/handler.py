"""The access check as a function: a custom resource at deploy, and whenever somebody asks.

Custom resource: properties ``Candidates`` (JSON text of ``candidates.to_json``), ``Mode`` (fail or warn), and whatever
else shall make CloudFormation run it again. Attribute ``Summary``: a phrase per alias. An update to properties that
have passed never fails, because it may be a rollback: see ``lambdas.model_access.passed``. What the account has besides
models is told in the summary and fails nothing: what is deployed works, only not for all at once.

Asked directly: ``{"action": "check", "candidates": [...]}`` -> ``{"findings": [...], "notices": [...]}``
(``Finding.to_json``, ``lambdas.model_access.account``).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common import aws, custom_resource, deadline, response_url
from lambdas.common.custom_resource import Answer, Request
from lambdas.common.deadline import OutOfTimeError
from lambdas.common.observability import logger
from lambdas.common.response_url import Send
from lambdas.model_access import account, candidates, published, report
from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.check import ModelAccessCheck
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.passed import Passed, PassedInParameter
from lambdas.model_access.probers import ServingFunction
from lambdas.model_access.settings import ModelAccessSettings
from lambdas.model_access.verdicts import Finding, Verdict

# A role's new policy takes a few seconds to count everywhere, so a denial at deploy is asked about again.
SETTLE_SECONDS: Final = (5.0, 10.0, 15.0)
# Kept of the time for the check for looking up and noting what passed: three calls of SSM that hang.
NOTING_SECONDS: Final = 15.0
# Longer than the inference function may run.
PROBE_SECONDS: Final = 30.0

Check = Callable[[list[CheckedCandidate]], list[Finding]]
Notices = Callable[[], list[str]]


@cache
def settings() -> ModelAccessSettings:
    """The settings, read on first use."""
    return ModelAccessSettings.from_env()


@cache
def access_check() -> ModelAccessCheck:
    """The check, made on first use."""
    return ModelAccessCheck(
        bedrock=aws.client("bedrock", read_timeout=5),
        prober=ServingFunction(
            aws.client("lambda", read_timeout=PROBE_SECONDS, max_attempts=1), settings().inference_function
        ),
        quotas=aws.client("service-quotas", read_timeout=5),
        fixes=Fixes(environment=settings().environment, region=settings().region),
        participants=settings().participants,
        needed_until=settings().needed_until,
    )


@cache
def passed() -> Passed:
    """What has passed, made on first use."""
    return PassedInParameter(aws.client("ssm", read_timeout=3, max_attempts=1), settings().parameter_name)


def check(asked: list[CheckedCandidate]) -> list[Finding]:
    """Check the candidates as they are deployed, and publish what was found."""
    names = settings().called_as
    deployed = [one.called_as(names.get(one.alias, {}).get(one.callable_id, one.callable_id)) for one in asked]
    findings = access_check().run(deployed)
    try:
        published.write(aws.client("ssm", read_timeout=5), settings().parameter_name, findings)
    except (ClientError, BotoCoreError) as error:
        # Whoever asked gets the findings all the same; /v1/models goes on telling the former ones.
        logger.warning("findings not published", extra={"error": str(error)})
    for finding in findings:
        if finding.verdict is not Verdict.READY:
            logger.warning("model access", extra=finding.to_json())
    return findings


def notices() -> list[str]:
    """What the account lacks besides models, for the participants."""
    people, region = settings().participants, settings().region
    return [
        *account.notices(aws.client("lambda", read_timeout=5), participants=people, region=region),
        *account.judging(aws.client("service-quotas", read_timeout=5), participants=people, region=region),
    ]


def lambda_handler(
    event: dict[str, Any],
    context: Any,
    check: Check = check,
    send: Send = response_url.send,
    passed: Callable[[], Passed] = passed,
    notices: Notices = notices,
) -> dict[str, Any]:
    """Answer CloudFormation, or a check that is asked for.

    Args:
        check: checks candidates; for tests.
        send: puts the answer to CloudFormation; for tests.
        passed: what has passed; for tests.
        notices: what the account lacks; for tests.

    Raises:
        ValueError: the event asks for neither.
    """
    if custom_resource.is_request(event):

        def act(request: Request) -> Answer:
            return _answer(request, check, passed, notices)

        return custom_resource.serve(event, context, act, send=send)
    if event.get("action") == "check":
        findings = check(candidates.from_json(event.get("candidates", [])))
        return {"findings": [one.to_json() for one in findings], "notices": notices()}
    raise ValueError('the event is neither from CloudFormation nor {"action": "check", "candidates": [...]}')


def _answer(request: Request, check: Check, passed: Callable[[], Passed], notices: Notices) -> Answer:
    """Check what is deployed, and let pass what must."""
    if request.deletes:
        return Answer(ok=True, reason="nothing to delete")
    properties = request.properties
    answer = _checked(properties, check, notices, seconds=request.left() - NOTING_SECONDS)
    if not answer.ok and properties.get("Mode") == "warn":
        answer = replace(answer, ok=True)
    if not answer.ok and request.kind == "Update" and _has_passed(properties, passed):
        logger.warning("not failed, because these properties have passed before", extra={"found": answer.reason})
        answer = replace(answer, ok=True)
    if answer.ok:
        _note(properties, passed)
    return answer


def _has_passed(properties: Mapping[str, Any], passed: Callable[[], Passed]) -> bool:
    try:
        return passed().has(properties)
    except Exception:  # CloudFormation has to be told, with the check's own reason
        logger.exception("what has passed cannot be read")
        return False


def _note(properties: Mapping[str, Any], passed: Callable[[], Passed]) -> None:
    try:
        passed().add(properties)
    except Exception:  # it passed all the same; only a rollback to it would be checked
        logger.exception("what has passed cannot be noted")


def _checked(properties: Mapping[str, Any], check: Check, notices: Notices, *, seconds: float) -> Answer:
    """Return the answer as if there were only the mode fail; never raises.

    Args:
        seconds: that the check may take.
    """
    until = time.monotonic() + seconds
    try:
        asked = candidates.from_json(properties["Candidates"])
        findings = deadline.within(seconds, lambda: _settled(check, asked, until))
    except Exception as error:  # whatever it is, CloudFormation has to be told, and the log has the rest
        logger.exception("the access check itself failed")
        told = f"within {seconds:.0f} s" if isinstance(error, OutOfTimeError) else f"({type(error).__name__})"
        failed = (
            f"The model access check itself did not finish {told}; its log has more. Deploy again, or set "
            "models.access_check to warn or off."
        )
        return Answer(ok=False, reason=failed, data={"Summary": failed})
    return Answer(
        ok=not report.fails(findings),
        reason=report.reason(findings),
        data={"Summary": custom_resource.shortened(" | ".join([report.summary(findings), *notices()]), 800)},
    )


def _settled(check: Check, asked: list[CheckedCandidate], until: float) -> list[Finding]:
    findings = check(asked)
    for pause in SETTLE_SECONDS:
        denied = any(one.verdict is Verdict.DENIED_BY_IAM for one in findings)
        if not denied or time.monotonic() + pause >= until:
            break
        time.sleep(pause)
        findings = check(asked)
    return findings
