"""The headers that tell who answered."""

from lambdas.api import outcome
from lambdas.chat.candidates import Candidate
from lambdas.chat.settings import CalledByArn, Promoted
from lambdas.chat.told import Answered
from tests.lambdas.fakes import NOVA_MICRO

ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"


def test_a_promoted_model_is_told_by_its_base_and_its_run() -> None:
    answered = Answered(
        alias="fast", candidate=Candidate.of(Promoted(ARN, NOVA_MICRO, "fast-0123456789ab")), fallbacks=0
    )

    assert outcome.headers(answered) == {"x-quarry-model": NOVA_MICRO, "x-quarry-tuned": "fast-0123456789ab"}


def test_a_configured_model_has_no_run() -> None:
    for entry in (NOVA_MICRO, CalledByArn(ARN, NOVA_MICRO)):
        answered = Answered(alias="fast", candidate=Candidate.of(entry), fallbacks=0)
        assert outcome.headers(answered) == {"x-quarry-model": NOVA_MICRO}
