"""A knowledge base as it is going to be built: what every part of it is made from."""

from dataclasses import dataclass

from configuration.aliases import AliasTargets
from configuration.knowledge.models import KnowledgeModels, resolve
from configuration.knowledge.names import KnowledgeNames, names_of
from configuration.knowledge.section import Knowledge


@dataclass(frozen=True, kw_only=True)
class KnowledgePlan:
    """One environment's knowledge base.

    Attributes:
        section: its knobs, as the environment file has them.
        models: the models that they name, resolved.
        names: what its parts are called.
    """

    section: Knowledge
    models: KnowledgeModels
    names: KnowledgeNames


def plan_of(knowledge: Knowledge, *, environment: str, aliases: AliasTargets) -> KnowledgePlan:
    """Return the plan of the environment's knowledge base.

    Raises:
        ValueError: one of its models cannot be used so.
    """
    models = resolve(knowledge, aliases=aliases)
    return KnowledgePlan(section=knowledge, models=models, names=names_of(environment, knowledge, models))
