"""An alias's candidates: who answers, and when the next one may."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.catalogue.facts import FoundationModel, PriceScope
from lambdas.catalogue.models import find, find_called
from lambdas.catalogue.prices import parts, price, scope_of
from lambdas.chat.errors import error_code, guardrail_trouble
from lambdas.chat.settings import CandidateEntry, Promoted

# The candidate cannot answer now or ever again, whatever was asked: another one may. A refused request, a missing
# permission or a guardrail's intervention is never hidden behind another model.
_NEXT: Final = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ModelNotReadyException",
    }
)
# What a promoted model can be told of that is gone, besides ResourceNotFoundException: the permission asks for the tags
# of what is called, so it is denied for what is not there, and a deleted ARN is no model's any more.
_NOT_AN_ID: Final = "model identifier is invalid"
# What Bedrock says of a model past its end of life, as ResourceNotFoundException: Bedrock user guide, model lifecycle.
_ENDED: Final = ("end of its life", "end of life", "marked by provider as Legacy")

_PAID_BY_THE_HOUR: Final = {"input": 0.0, "output": 0.0, "cache_read": 0.0, "cache_write": 0.0}


@dataclass(frozen=True)
class Candidate:
    """One of an alias's models.

    Attributes:
        callable_id: what Converse is given, as the stack resolved it.
        base_model_id: the foundation model, which callers and the log are told.
        price_scope: which of the model's prices applies: in_region, geography or global.
        run: the run of tuning that made it, where it was promoted; None for a configured candidate.
    """

    callable_id: str
    base_model_id: str
    price_scope: PriceScope
    run: str | None = None

    @classmethod
    def of(cls, entry: CandidateEntry | Promoted) -> Self:
        """Return the candidate that an alias's entry names.

        Raises:
            ModelNotInCatalogueError, ModelEndedError: an id that the catalogue does not know; deploy both together.
        """
        called, known = (entry, entry) if isinstance(entry, str) else (entry.arn, entry.stands_for)
        model, profile = find_called(known)
        run = entry.run if isinstance(entry, Promoted) else None
        return cls(called, model.model_id, scope_of(profile), run)

    @cached_property
    def model(self) -> FoundationModel:
        """What the catalogue knows of it. The catalogue comes with the function's code; nothing is asked for."""
        return find(self.base_model_id)

    @cached_property
    def price(self) -> dict[str, float | None] | None:
        """What its tokens cost, USD per million by ``prices.parts``' names (input, ...); None where that is not known.

        A custom model's deployment costs what its base does. Provisioned throughput is the environment's by the hour:
        its tokens cost nothing more, so nothing is charged for them.
        """
        if self._hosting == "provisioned-model":
            return dict(_PAID_BY_THE_HOUR)
        known = price(self.base_model_id, scope=self.price_scope)
        if known is None and self._hosting:
            # A model that is called through profiles only has no price of the region: the dearer of theirs.
            known = price(self.base_model_id, scope="geography") or price(self.base_model_id, scope="global")
        return parts(known) if known else None

    @property
    def _hosting(self) -> str | None:
        """How a custom model is hosted, in its ARN's word; None for what is none."""
        kind = self.callable_id.partition("/")[0].rpartition(":")[2] if self.callable_id.startswith("arn:") else None
        return kind if kind in ("custom-model-deployment", "provisioned-model") else None

    def may_fall_back(self, error: ClientError | BotoCoreError) -> bool:
        """Whether another candidate should be asked after this one's failure."""
        code = error_code(error)
        if code in _NEXT:
            return True
        # Without the guardrail no model is asked, so another one mends nothing.
        if not isinstance(error, ClientError) or guardrail_trouble(error):
            return False
        message = error.response["Error"].get("Message", "")
        if code == "ResourceNotFoundException":
            return self._hosting is not None or any(words in message for words in _ENDED)
        gone = code == "AccessDeniedException" or (code == "ValidationException" and _NOT_AN_ID in message)
        return gone and self.run is not None

    def has(self, feature: str) -> bool:
        """Whether Converse has the feature (a field of the catalogue's Features) with this model; False if unknown."""
        return bool(getattr(self.model.features, feature, None))
