"""The check: what is seen and how the call ends, against the verdict, whether it can be used, and the fix."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.check import ModelAccessCheck
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.refusals import Outcome
from lambdas.model_access.verdicts import Finding, Verdict
from tests.lambdas.model_access.fakes import HAIKU, MICRO, FakeBedrock, FakeProber, FakeQuotas, day, denied
from tests.waiting import PATIENCE

FIXES = Fixes(environment="dev", region="us-east-1")
TODAY = date(2026, 11, 21)
SCP = "perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/x, denied by a "


def run(
    *candidates: CheckedCandidate,
    bedrock: FakeBedrock | None = None,
    outcome: Outcome | None = None,
    quotas: dict[str, float] | None = None,
    participants: int = 1,
    needed_until: date | None = None,
) -> list[Finding]:
    """Check candidates, of which every call ends with ``outcome``."""
    prober = FakeProber({one.callable_id: outcome for one in candidates} if outcome else {})
    check = ModelAccessCheck(
        bedrock=bedrock or FakeBedrock(),
        prober=prober,
        fixes=FIXES,
        quotas=FakeQuotas(quotas) if quotas else None,
        participants=participants,
        needed_until=needed_until,
        today=TODAY,
    )
    return check.run(candidates)


def refused(code: str, message: str = "") -> Outcome:
    return Outcome(ok=False, code=code, message=message)


def test_all_is_well() -> None:
    found = run(MICRO, HAIKU)

    assert [(one.alias, one.verdict, one.usable, one.fix, one.detail) for one in found] == [
        ("fast", Verdict.READY, True, "", ""),
        ("smart", Verdict.READY, True, "", ""),
    ]


@pytest.mark.parametrize(
    ("outcome", "verdict", "fix"),
    [
        (refused("ValidationException", "with on-demand throughput isn't supported"), "needs_profile",
         f"us.{HAIKU.model_id}. Let the catalogue name them: `quarry models refresh --environment dev --write`"),
        (refused("ResourceNotFoundException", "marked by provider as Legacy"), "legacy", "models.aliases.smart"),
        (refused("ResourceNotFoundException", "reached the end of its life"), "ends_on", "reached its end of life"),
        (refused("AccessDeniedException", "don't have access to the model with the specified model ID"),
         "agreement_missing", "quarry check --enable --environment dev"),
        (refused("ResourceNotFoundException", "use case details have not been submitted"), "anthropic_form_missing",
         "--form use-case-form.yaml"),
        (refused("AccessDeniedException", "AWS Marketplace actions"), "marketplace_permission_missing",
         '"aws-marketplace:ViewSubscriptions"'),
        (refused("AccessDeniedException", "not authorized to perform: bedrock:InvokeModel on resource: arn:x:y"),
         "denied_by_iam", '{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "arn:x:y"}'),
        (refused("AccessDeniedException", f"{SCP}service control policy"), "denied_by_organization", "in us-west-2"),
        (refused("ValidationException", "Operation not allowed"), "account_blocked", "AWS Support"),
        (refused("ThrottlingException", "Too many tokens per day"), "quota_zero", "servicequotas"),
        (refused("ValidationException", "The provided model identifier is invalid."), "not_in_region", "us-west-2"),
        (refused("NewException", "surprise"), "unknown", "NewException"),
    ],
)  # fmt: skip
def test_a_refused_call_is_explained(outcome: Outcome, verdict: str, fix: str) -> None:
    (found,) = run(HAIKU, outcome=outcome)

    assert (found.verdict, found.usable) == (verdict, False)
    assert fix in found.fix
    assert outcome.message in found.detail


@pytest.mark.parametrize(
    ("bedrock", "verdict"),
    [
        (FakeBedrock(models=[MICRO]), Verdict.NOT_IN_REGION),
        (FakeBedrock(availability={HAIKU.model_id: {"region": "NOT_AVAILABLE"}}), Verdict.NOT_IN_REGION),
        (FakeBedrock(legacy={HAIKU.model_id}), Verdict.LEGACY),
        (FakeBedrock(availability={HAIKU.model_id: {"authorization": "NOT_AUTHORIZED"}}), Verdict.ACCOUNT_BLOCKED),
        (FakeBedrock(availability={HAIKU.model_id: {"entitlement": "NOT_AVAILABLE"}}), Verdict.AGREEMENT_MISSING),
        (
            FakeBedrock(availability={HAIKU.model_id: {"agreement": "NOT_AVAILABLE"}}, form_sent=False),
            Verdict.ANTHROPIC_FORM_MISSING,
        ),
        (FakeBedrock(), Verdict.UNKNOWN),
    ],
)
def test_what_a_refusal_leaves_open_the_control_plane_tells(bedrock: FakeBedrock, verdict: Verdict) -> None:
    (found,) = run(HAIKU, bedrock=bedrock, outcome=refused("ProbeFailed", "the function crashed"))

    assert (found.verdict, found.usable) == (verdict, False)
    assert "the function crashed" in found.detail


def test_a_throttled_model_is_a_reachable_one() -> None:
    (found,) = run(MICRO, outcome=refused("ThrottlingException", "Too many requests"))

    assert (found.verdict, found.usable, found.fix) == (Verdict.THROTTLED, True, "")


@pytest.mark.parametrize(
    ("needed_until", "ends", "verdict", "usable"),
    [
        (date(2026, 12, 31), day(2026, 12, 30), Verdict.ENDS_ON, False),
        (date(2026, 12, 31), day(2026, 12, 31), Verdict.ENDS_ON, True),
        (None, day(2027, 1, 8), Verdict.ENDS_ON, True),
        (None, day(2028, 1, 8), Verdict.READY, True),
    ],
)
def test_a_model_has_to_last_as_long_as_it_is_needed(
    needed_until: date | None, ends: Any, verdict: Verdict, usable: bool
) -> None:
    (found,) = run(MICRO, bedrock=FakeBedrock(ends={MICRO.model_id: ends}), needed_until=needed_until)

    assert (found.verdict, found.usable) == (verdict, usable)
    assert (ends.date().isoformat() in found.fix) == (verdict is Verdict.ENDS_ON)


def test_a_throttled_model_that_ends_too_early_is_an_error_too() -> None:
    bedrock = FakeBedrock(ends={MICRO.model_id: day(2026, 12, 1)})

    (found,) = run(MICRO, bedrock=bedrock, outcome=refused("ThrottlingException"), needed_until=date(2026, 12, 2))

    assert (found.verdict, found.usable) == (Verdict.ENDS_ON, False)


def test_a_legacy_model_that_still_answers_can_be_used() -> None:
    (found,) = run(MICRO, bedrock=FakeBedrock(legacy={MICRO.model_id}))

    assert (found.verdict, found.usable) == (Verdict.LEGACY, True)


@pytest.mark.parametrize(
    ("value", "outcome", "participants", "verdict"),
    [
        (0, refused("ThrottlingException", "Too many requests"), 1, Verdict.QUOTA_ZERO),
        (60, Outcome(ok=True), 31, Verdict.QUOTA_TOO_SMALL),
        (60, refused("ThrottlingException", "Too many requests"), 31, Verdict.QUOTA_TOO_SMALL),
        (60, Outcome(ok=True), 30, Verdict.READY),
    ],
)
def test_quotas_are_enough_for_the_participants(
    value: float, outcome: Outcome, participants: int, verdict: Verdict
) -> None:
    name = "On-demand model inference requests per minute for Amazon Nova Micro"

    (found,) = run(MICRO, outcome=outcome, quotas={name: value}, participants=participants)

    assert found.verdict is verdict
    if verdict is not Verdict.READY:
        assert not found.usable
        assert f"--quota-code L-0 --desired-value {2 * participants} " in found.fix


def test_missing_permissions_of_the_check_do_not_stop_it() -> None:
    operations = ("list_foundation_models", "list_inference_profiles", "get_foundation_model_availability")
    bedrock = FakeBedrock(refuses={operation: denied("AccessDeniedException") for operation in operations})

    (ready, _), (legacy, _) = (
        run(MICRO, HAIKU, bedrock=bedrock),
        run(MICRO, HAIKU, bedrock=bedrock, outcome=refused("ResourceNotFoundException", "as Legacy")),
    )

    assert (ready.verdict, legacy.verdict) == (Verdict.READY, Verdict.LEGACY)
    for finding in (ready, legacy):
        assert "ListFoundationModels: AccessDeniedException, ListInferenceProfiles: AccessDenied" in finding.detail
        assert finding.detail.count("GetFoundationModelAvailability") == 1


def test_the_form_may_have_been_sent_by_the_organisation() -> None:
    (found,) = run(HAIKU, bedrock=FakeBedrock(form_sent=False))

    assert (found.verdict, found.usable) == (Verdict.READY, True)
    assert "organisation" in found.detail


def test_lists_are_fetched_once_and_models_are_called_once() -> None:
    bedrock, prober = FakeBedrock(), FakeProber()
    again = replace(MICRO, alias="cheap")

    ModelAccessCheck(bedrock=bedrock, prober=prober, fixes=FIXES).run([MICRO, HAIKU, again])

    assert bedrock.calls.count("list_foundation_models") == 1
    assert bedrock.calls.count("get_foundation_model_availability") == 2
    assert sorted(prober.probed) == [MICRO.callable_id, HAIKU.callable_id]


def test_what_cannot_be_called_here_is_not_called() -> None:
    gone = replace(MICRO, callable_id="", obstacle="only with models.residency: global")
    prober = FakeProber()

    (found,) = ModelAccessCheck(bedrock=FakeBedrock(), prober=prober, fixes=FIXES).run([gone])

    assert (found.verdict, found.usable) == (Verdict.NOT_IN_REGION, False)
    assert "eu-west-2" in found.fix
    assert "residency: global" in found.detail
    assert prober.probed == []


def test_a_custom_model_is_judged_by_its_call_alone() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
    custom = replace(MICRO, callable_id=arn, custom=True)
    bedrock = FakeBedrock(legacy={MICRO.model_id}, availability={MICRO.model_id: {"region": "NOT_AVAILABLE"}})

    (found,) = run(custom, bedrock=bedrock)
    (refusal,) = run(custom, bedrock=bedrock, outcome=refused("NewException"))

    assert (found.verdict, refusal.verdict) == (Verdict.READY, Verdict.UNKNOWN)
    assert "get_foundation_model_availability" not in bedrock.calls


def test_an_embedding_model_is_judged_by_the_control_plane() -> None:
    embedding = replace(MICRO, converses=False)

    (found,) = run(embedding)
    (missing,) = run(embedding, bedrock=FakeBedrock(models=[HAIKU]))

    assert (found.verdict, missing.verdict) == (Verdict.READY, Verdict.NOT_IN_REGION)
    assert "does not answer Converse" in found.detail


def test_twenty_models_are_asked_about_at_the_same_time() -> None:
    candidates = [replace(MICRO, model_id=f"m{number}", callable_id=f"m{number}") for number in range(8)]
    # Nobody passes before all have come.
    barrier = threading.Barrier(len(candidates), timeout=PATIENCE)

    class Slow(FakeBedrock):
        def get_foundation_model_availability(self, **kwargs: Any) -> dict[str, Any]:
            barrier.wait()
            return super().get_foundation_model_availability(**kwargs)

    steps: list[tuple[int, int]] = []
    ModelAccessCheck(bedrock=Slow(models=candidates), prober=FakeProber(), fixes=FIXES).run(
        candidates, progress=lambda done, total: steps.append((done, total))
    )

    assert steps == [(number, 16) for number in range(1, 17)]


def test_a_reranker_without_an_agreement_is_told_of_as_the_file_names_it() -> None:
    reranker = replace(
        MICRO, alias="knowledge.reranking.model", model_id="cohere.rerank-v3-5:0", callable_id="cohere.rerank-v3-5:0",
        marketplace=True, converses=False,
    )  # fmt: skip

    without = {reranker.model_id: {"agreement": "NOT_AVAILABLE"}}
    (missing,) = run(reranker, bedrock=FakeBedrock(models=[reranker], availability=without))
    (ended,) = run(reranker, bedrock=FakeBedrock(models=[reranker], legacy={reranker.model_id}))

    assert (missing.verdict, missing.usable) == (Verdict.AGREEMENT_MISSING, False)
    assert "quarry check --enable" in missing.fix
    assert "Name another one under knowledge.reranking.model of environments/dev.yaml" in ended.fix
