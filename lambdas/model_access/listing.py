"""``GET /v1/models``: the aliases, each with what the access check last found."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from lambdas.chat.aliases import Aliases
from lambdas.chat.candidates import Candidate
from lambdas.common.observability import logger
from lambdas.model_access import abilities, published
from lambdas.model_access.abilities import Abilities
from lambdas.model_access.published import ParameterClient, Published
from lambdas.model_access.verdicts import Standing

# A finding changes with a deployment or a check, not with a request.
REMEMBERED_SECONDS: Final = 60.0


class ModelStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of an alias OpenAI's API has no word for; null where nothing is known.

    Attributes:
        standing: which of its models can be called.
        verdict: of the first choice.
        checked_at: when that was found, ISO 8601.
        candidates: base ids of its models, best first.
        abilities: what they take of a request, and cost.
        tuned: run of tuning that made the first of them, where it was promoted; else it is not there.
    """

    standing: Standing | None
    verdict: str | None
    checked_at: str | None
    candidates: list[str]
    abilities: Abilities
    tuned: str | None = None


class Model(Struct, tag_field="object", tag="model", frozen=True, kw_only=True):
    """An alias. ``owned_by`` is who made its first choice."""

    id: str
    created: int
    owned_by: str
    quarry: ModelStatus


class Bounds(Struct, frozen=True):
    """What holds for requests to any alias. ``max_body_bytes``: larger bodies get 413."""

    max_body_bytes: int


class ModelList(Struct, tag_field="object", tag="list", frozen=True):
    """The aliases by name, and in ``quarry`` what OpenAI's API has no word for."""

    data: list[Model]
    quarry: Bounds


class ModelListing:
    """Lists the aliases.

    Args:
        parameter_name: SSM parameter with the access check's findings.
        max_body_bytes: of a request.
        client: SSM's, or what makes it when it is needed.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        aliases: Aliases,
        parameter_name: str,
        max_body_bytes: int,
        client: Callable[[], ParameterClient],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._aliases = aliases
        self._parameter_name = parameter_name
        self._bounds = Bounds(max_body_bytes)
        self._client = client
        self._clock = clock
        self._known: tuple[float, Published] | None = None

    def models(self) -> ModelList:
        """Return the aliases, each with its standing."""
        found = self._published()
        listed = [_model(alias, candidates, found) for alias, candidates in self._aliases.every().items()]
        return ModelList(listed, self._bounds)

    def model(self, alias: str) -> Model:
        """Return one alias with its standing.

        Raises:
            NotFoundError: there is no such alias; the message has those that there are.
        """
        return _model(alias, self._aliases.candidates(alias), self._published())

    def _published(self) -> Published:
        now = self._clock()
        if self._known is None or now - self._known[0] > REMEMBERED_SECONDS:
            self._known = (now, self._read())
        return self._known[1]

    def _read(self) -> Published:
        try:
            return published.read(self._client(), self._parameter_name)
        except (ClientError, BotoCoreError, ValueError) as error:
            # The list is worth more than its status: it is given without.
            logger.warning("the access check's findings cannot be read", extra={"reason": type(error).__name__})
            return Published()


def _model(alias: str, candidates: Sequence[Candidate], found: Published) -> Model:
    standing = found.aliases.get(alias)
    status = ModelStatus(
        standing=standing.standing if standing else None,
        verdict=standing.verdict.value if standing else None,
        checked_at=found.checked_at.isoformat() if found.checked_at else None,
        candidates=[candidate.base_model_id for candidate in candidates],
        abilities=abilities.of(candidates),
        tuned=candidates[0].run,
    )
    return Model(id=alias, created=0, owned_by=candidates[0].model.provider, quarry=status)
