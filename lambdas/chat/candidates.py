"""An alias's candidates: who answers, and when the next one may."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.catalogue.facts import FoundationModel, PriceScope
from lambdas.catalogue.models import find, find_called
from lambdas.catalogue.prices import price, scope_of
from lambdas.chat.errors import error_code
from lambdas.chat.settings import CandidateEntry

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
# What Bedrock says of a model past its end of life, as ResourceNotFoundException: Bedrock user guide, model lifecycle.
_ENDED: Final = ("end of its life", "end of life", "marked by provider as Legacy")


@dataclass(frozen=True)
class Candidate:
    """One of an alias's models.

    Attributes:
        callable_id: what Converse is given, as the stack resolved it.
        base_model_id: the foundation model, which callers and the log are told.
        price_scope: which of the model's prices applies: in_region, geography or global.
    """

    callable_id: str
    base_model_id: str
    price_scope: PriceScope

    @classmethod
    def of(cls, entry: CandidateEntry) -> Self:
        """Return the candidate that an alias's entry names.

        Raises:
            ModelNotInCatalogueError, ModelEndedError: an id that the catalogue does not know; deploy both together.
        """
        called, known = (entry, entry) if isinstance(entry, str) else (entry.arn, entry.stands_for)
        model, profile = find_called(known)
        return cls(called, model.model_id, scope_of(profile))

    @cached_property
    def model(self) -> FoundationModel:
        """What the catalogue knows of it. The catalogue comes with the function's code; nothing is asked for."""
        return find(self.base_model_id)

    @cached_property
    def price(self) -> dict[str, float | None] | None:
        """What its tokens cost, USD per million by kind (input, output, ...); None where that is not known."""
        known = price(self.base_model_id, scope=self.price_scope)
        return msgspec.structs.asdict(known) if known else None

    def has(self, feature: str) -> bool:
        """Whether Converse has the feature (a field of the catalogue's Features) with this model; False if unknown."""
        return bool(getattr(self.model.features, feature, None))


def may_fall_back(error: ClientError | BotoCoreError) -> bool:
    """Whether another candidate should be asked after this failure."""
    code = error_code(error)
    if code == "ResourceNotFoundException" and isinstance(error, ClientError):
        return any(words in error.response["Error"].get("Message", "") for words in _ENDED)
    return code in _NEXT
