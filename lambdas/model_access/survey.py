"""What Bedrock's control plane says of the account and its models, asked all at once, each list only once.

A call that is denied or fails leaves its part unknown and is noted: the check then rests on the real call. The order of
the questions is that of the Bedrock user guide, "Model access".
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.aws_errors import code_of
from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.quotas import Quota, QuotaClient, list_quotas

# Most inference profiles that one page can have.
PAGE: Final = 1000

T = TypeVar("T")


class BedrockClient(Protocol):
    """The control-plane calls that are made, with Bedrock's own shapes."""

    def list_foundation_models(self, **kwargs: Any) -> dict[str, Any]: ...
    def list_inference_profiles(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_foundation_model_availability(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_use_case_for_model_access(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Availability:
    """GetFoundationModelAvailability of one model, in Bedrock's own words."""

    agreement: str
    authorization: str
    entitlement: str
    region: str


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All that could be seen; None where it could not.

    Attributes:
        models: model id -> summary of ListFoundationModels.
        profiles: base model id -> ids of the system inference profiles that can be called from here.
        availability: base model id -> what the account may do; models that could not be asked about are left out.
        form_sent: whether Anthropic's use case form was sent from this account.
        quotas: Bedrock's quotas of the account.
        unseen: what could not be seen and why, a line each.
    """

    models: Mapping[str, dict[str, Any]] | None
    profiles: Mapping[str, tuple[str, ...]] | None
    availability: Mapping[str, Availability]
    form_sent: bool | None
    quotas: tuple[Quota, ...] | None
    unseen: tuple[str, ...]


def take(
    candidates: Iterable[CheckedCandidate],
    *,
    bedrock: BedrockClient,
    quotas: QuotaClient | None,
    pool: Executor,
    seen: Callable[[str], None],
) -> Survey:
    """Ask everything that concerns the candidates.

    Args:
        quotas: Service Quotas; None leaves them unseen without a note.
        pool: where the calls run; nothing here waits for its own pool.
        seen: told each base model id when its availability is known.
    """
    own = [candidate for candidate in candidates if not candidate.custom]
    unseen: list[str] = []
    models = pool.submit(_models, bedrock)
    profiles = pool.submit(_profiles, bedrock)
    form = pool.submit(_form, bedrock) if any(candidate.anthropic_form for candidate in own) else None
    listed = pool.submit(list_quotas, quotas) if quotas else None

    def ask(model_id: str) -> Availability:
        try:
            return _availability(bedrock, model_id)
        finally:
            seen(model_id)

    asked = {id_: pool.submit(ask, id_) for id_ in dict.fromkeys(candidate.model_id for candidate in own)}
    availability = {id_: _seen(future, "GetFoundationModelAvailability", unseen) for id_, future in asked.items()}
    return Survey(
        models=_seen(models, "ListFoundationModels", unseen),
        profiles=_seen(profiles, "ListInferenceProfiles", unseen),
        availability={id_: found for id_, found in availability.items() if found},
        form_sent=_seen(form, "GetUseCaseForModelAccess", unseen) if form else None,
        quotas=_seen(listed, "Service Quotas", unseen) if listed else None,
        unseen=tuple(dict.fromkeys(unseen)),
    )


def _seen(future: Future[T], what: str, unseen: list[str]) -> T | None:
    try:
        return future.result()
    except ClientError as error:
        unseen.append(f"{what}: {error.response['Error'].get('Code', 'refused')}")
    except BotoCoreError as error:
        unseen.append(f"{what}: {type(error).__name__}")
    return None


def _models(bedrock: BedrockClient) -> dict[str, dict[str, Any]]:
    return {summary["modelId"]: summary for summary in bedrock.list_foundation_models()["modelSummaries"]}


def _profiles(bedrock: BedrockClient) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    page: dict[str, Any] = {"typeEquals": "SYSTEM_DEFINED", "maxResults": PAGE}
    while True:
        reply = bedrock.list_inference_profiles(**page)
        for profile in reply["inferenceProfileSummaries"]:
            for base in {model["modelArn"].rsplit("/", 1)[-1] for model in profile["models"]}:
                found[base] = (*found.get(base, ()), profile["inferenceProfileId"])
        if not reply.get("nextToken"):
            return found
        page["nextToken"] = reply["nextToken"]


def _availability(bedrock: BedrockClient, model_id: str) -> Availability:
    reply = bedrock.get_foundation_model_availability(modelId=model_id)
    return Availability(
        agreement=reply["agreementAvailability"]["status"],
        authorization=reply["authorizationStatus"],
        entitlement=reply["entitlementAvailability"],
        region=reply["regionAvailability"],
    )


def _form(bedrock: BedrockClient) -> bool:
    try:
        bedrock.get_use_case_for_model_access()
    except ClientError as error:
        # Never sent: AWS answers either, depending on the account.
        if code_of(error) in ("ResourceNotFoundException", "ValidationException"):
            return False
        raise
    return True
