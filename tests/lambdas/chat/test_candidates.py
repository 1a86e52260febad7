"""What a candidate costs by how it is hosted, and after which failures the next one is asked."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from lambdas.catalogue.prices import of_model
from lambdas.chat.candidates import Candidate
from lambdas.chat.settings import CalledByArn, Promoted
from tests.lambdas.fakes import HAIKU, NOVA_MICRO, client_error

ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
DEPLOYMENT = f"{ACCOUNT}:custom-model-deployment/abcdefghijkl"
THROUGHPUT = f"{ACCOUNT}:provisioned-model/abcdefghijkl"
NOVA_2_LITE = "amazon.nova-2-lite-v1:0"

CONFIGURED = Candidate.of(NOVA_MICRO)
OWN = Candidate.of(CalledByArn(DEPLOYMENT, NOVA_MICRO))
PROFILE = Candidate.of(CalledByArn(f"{ACCOUNT}:application-inference-profile/abcdefghijkl", HAIKU))
PROMOTED = Candidate.of(Promoted(DEPLOYMENT, NOVA_MICRO, "fast-0123456789ab"))


def test_a_promoted_candidate_is_known_by_its_run() -> None:
    assert Candidate(DEPLOYMENT, NOVA_MICRO, "in_region", "fast-0123456789ab") == PROMOTED
    assert OWN.run is None


def test_a_deployments_tokens_cost_what_its_bases_do() -> None:
    assert PROMOTED.price == OWN.price == CONFIGURED.price
    assert PROMOTED.price is not None
    assert PROMOTED.price["input"] == 0.035


def test_a_deployment_of_what_is_called_through_profiles_only_costs_what_the_geographys_does() -> None:
    candidate = Candidate.of(Promoted(DEPLOYMENT, NOVA_2_LITE, "fast-0123456789ab"))
    prices = of_model(NOVA_2_LITE)

    assert prices is not None
    assert prices.in_region is None
    assert prices.geography is not None
    assert candidate.price is not None
    assert candidate.price["input"] == prices.geography.input


@pytest.mark.parametrize("entry", [CalledByArn(THROUGHPUT, NOVA_MICRO), Promoted(THROUGHPUT, NOVA_MICRO, "fast-1")])
def test_the_tokens_of_provisioned_throughput_cost_nothing_more(entry: CalledByArn | Promoted) -> None:
    price = Candidate.of(entry).price

    assert price is not None
    assert set(price.values()) == {0.0}


GONE = client_error("ResourceNotFoundException", "The provided model doesn't exist.")
ENDED = client_error("ResourceNotFoundException", "This model version has reached the end of its life.")
NOT_AN_ID = client_error("ValidationException", "The provided model identifier is invalid.")
DENIED = client_error("AccessDeniedException", "not authorized to perform: bedrock:InvokeModel")
NO_GUARDRAIL = client_error("AccessDeniedException", "not authorized to perform: bedrock:ApplyGuardrail")
GUARDRAIL_GONE = client_error("ValidationException", "The provided guardrail identifier is invalid.")


@pytest.mark.parametrize(
    ("error", "configured", "own", "promoted"),
    [
        (client_error("ThrottlingException"), True, True, True),
        (client_error("ModelNotReadyException"), True, True, True),
        (client_error("ServiceQuotaExceededException"), True, True, True),
        (ENDED, True, True, True),
        (GONE, False, True, True),
        (DENIED, False, False, True),
        (NOT_AN_ID, False, False, True),
        (NO_GUARDRAIL, False, False, False),
        (GUARDRAIL_GONE, False, False, False),
        (client_error("ResourceNotFoundException", "Guardrail gr123 does not exist"), False, False, False),
        (client_error("ValidationException", "messages: too many"), False, False, False),
        (client_error("InternalServerException"), False, False, False),
        (ReadTimeoutError(endpoint_url="x", error="slow"), False, False, False),
    ],
)
def test_the_next_candidate_is_asked_after(
    error: ClientError | BotoCoreError, configured: bool, own: bool, promoted: bool
) -> None:
    assert CONFIGURED.may_fall_back(error) is configured
    assert PROFILE.may_fall_back(error) is configured
    assert OWN.may_fall_back(error) is own
    assert PROMOTED.may_fall_back(error) is promoted
