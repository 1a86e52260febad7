"""What is checked: the models of the aliases and of the knowledge base, as the catalogue knows them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CheckedCandidate:
    """One model of one alias. An alias's candidates stand in a list in the order in which they are tried.

    Attributes:
        alias: the name that applications call; of what only the knowledge base uses, its path in the environment file.
        model_id: base id of the foundation model.
        callable_id: what Converse is given: base id, inference profile id, or ARN. Empty: nothing can be called here.
        max_tokens: how long an answer may be whose request does not say; 0 for models that write none.
        output_burndown: tokens of the account's quota that a token of its answer takes.
        target_id: what calls go to by way of ``callable_id``, where that is an application inference profile: base id
            or inference profile id. Empty: ``callable_id`` itself.
        name: the model's name, as Service Quotas writes it: "Nova Micro", "Claude Haiku 4.5".
        regions: those that have the model, for the advice when this one has not.
        obstacle: why nothing can be called here, in the catalogue's words; empty where something can.
        anthropic_form: whether the account must have sent Anthropic's use case form.
        marketplace: whether it is sold through AWS Marketplace, so wants an agreement.
        custom: whether ``callable_id`` is a custom model of the account, of which the base model's access says nothing.
        converses: whether it can be called by Converse; embedding and rerank models cannot, and what a knowledge base
            reads documents with is called by its own role only, so no real call is made of them.
    """

    alias: str
    model_id: str
    callable_id: str
    name: str
    regions: tuple[str, ...] = ()
    obstacle: str = ""
    anthropic_form: bool = False
    marketplace: bool = False
    custom: bool = False
    converses: bool = True
    max_tokens: int = 0
    output_burndown: int = 1
    target_id: str = ""

    @property
    def path(self) -> str:
        """Where the environment file names it."""
        return self.alias if "." in self.alias else f"models.aliases.{self.alias}"

    @property
    def target(self) -> str:
        """The base id, inference profile id or custom model that calls end at: whose quotas count."""
        return self.target_id or self.callable_id

    def called_as(self, callable_id: str) -> "CheckedCandidate":
        """Return the candidate with another id to call, that of an application inference profile of its target."""
        if callable_id == self.callable_id:
            return self
        return replace(self, callable_id=callable_id, target_id=self.target)


def to_json(candidates: Iterable[CheckedCandidate]) -> list[dict[str, Any]]:
    """Return the candidates as JSON: a list of objects with the attributes' names."""
    return [asdict(candidate) for candidate in candidates]


def from_json(document: str | list[dict[str, Any]]) -> list[CheckedCandidate]:
    """Return the candidates of what ``to_json`` made, parsed or as text.

    Raises:
        ValueError: it is not that.
    """
    entries = json.loads(document) if isinstance(document, str) else document
    try:
        return [CheckedCandidate(**{**entry, "regions": tuple(entry.get("regions", ()))}) for entry in entries]
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not a list of candidates: {error}") from error
