"""The aliases: which there are, and who may be asked for one. Nobody else reads where they come from."""

from collections.abc import Callable, Mapping, Sequence

from lambdas.chat.candidates import Candidate
from lambdas.chat.settings import CandidateEntry, Promoted
from lambdas.common.errors import InvalidRequestError, NotFoundError

# Gives alias -> candidates, best first; never an alias without any. It is asked for every answer given here, so that
# what changes is followed: what is dear to look up it has to remember by itself.
AliasSource = Callable[[], Mapping[str, Sequence[CandidateEntry | Promoted]]]


class Aliases:
    """Answers who may be asked for an alias.

    Args:
        source: where the aliases come from.
    """

    def __init__(self, source: AliasSource) -> None:
        self._source = source
        # Kept by what they were told to be, because each finds its facts and its price once.
        self._known: dict[CandidateEntry | Promoted, Candidate] = {}

    def every(self) -> dict[str, list[Candidate]]:
        """Return all aliases in the order of their names, each with its candidates, best first."""
        return {alias: self._candidates(entries) for alias, entries in sorted(self._source().items())}

    def candidates(self, alias: str, *, param: str = "model") -> list[Candidate]:
        """Return an alias's candidates, best first, whatever they can do.

        Args:
            param: the member of the request that named it.

        Raises:
            NotFoundError: there is no such alias; the message has those that there are.
        """
        there = self._source()
        entries = there.get(alias)
        if entries is None:
            known = ", ".join(f"`{name}`" for name in sorted(there))
            raise NotFoundError(
                f"There is no model `{alias}`. Models go by alias here: {known}.", param=param, code="model_not_found"
            )
        return self._candidates(entries)

    def chatting(self, alias: str) -> list[Candidate]:
        """Return the candidates of an alias that can chat, best first.

        Raises:
            NotFoundError: there is no such alias.
            InvalidRequestError: its first candidate cannot chat.
        """
        found = self.candidates(alias)
        if found[0].model.kind != "chat":
            raise InvalidRequestError(f"`{alias}` is not a model that can chat.", param="model")
        return found

    def embedding(self, alias: str) -> Candidate:
        """Return the one that embeds for an alias: its first. Vectors of two models cannot be mixed, so none steps in.

        Raises:
            NotFoundError: there is no such alias.
            InvalidRequestError: its first candidate embeds nothing.
        """
        first = self.candidates(alias)[0]
        if first.model.kind != "embedding":
            raise InvalidRequestError(f"`{alias}` is not an embedding model.", param="model")
        return first

    def _candidates(self, entries: Sequence[CandidateEntry | Promoted]) -> list[Candidate]:
        for entry in entries:
            if entry not in self._known:
                self._known[entry] = Candidate.of(entry)
        return [self._known[entry] for entry in entries]
