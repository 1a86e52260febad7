"""The models of a knowledge base: who makes the vectors, reads documents, puts passages in order, and answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from configuration.aliases import AliasTargets
from configuration.knowledge.section import Knowledge
from configuration.targets import Target
from lambdas.catalogue.facts import FoundationModel
from lambdas.catalogue.models import catalogue, find


@dataclass(frozen=True, kw_only=True)
class KnowledgeModels:
    """What `knowledge` names, resolved for the environment's region.

    Attributes:
        embedding: the model that makes the vectors.
        dimensions: numbers per vector.
        parser: what looks at documents; None if Bedrock reads their text by itself.
        reranker: the model that puts passages in order; None if nobody does.
        alias: who answers.
    """

    embedding: FoundationModel
    dimensions: int
    parser: Target | None
    reranker: FoundationModel | None
    alias: str


def resolve(knowledge: Knowledge, *, aliases: AliasTargets) -> KnowledgeModels:
    """Resolve the models of a knowledge base.

    Raises:
        ValueError: one of them cannot be used so; names the path in the environment file, the value, the rule and what
            would do.
    """
    embedding = _embedding(knowledge, aliases)
    return KnowledgeModels(
        embedding=embedding,
        dimensions=_dimensions(knowledge, embedding),
        parser=_parser(knowledge, aliases),
        reranker=_reranker(knowledge, aliases.region),
        alias=_answering(knowledge, aliases),
    )


def refusal(path: str, value: object, reason: str) -> ValueError:
    """Return the error that says what is wrong with a value, as all of an environment file's errors do."""
    return ValueError(f"knowledge.{path}: {value!r} is not accepted: {reason}")


def _embedding(knowledge: Knowledge, aliases: AliasTargets) -> FoundationModel:
    alias = knowledge.embedding
    fit = _listed(name for name in aliases.models.aliases if aliases.of_kind(name, "embedding"))
    if alias not in aliases.models.aliases:
        raise refusal("embedding", alias, f"expected an alias of models.aliases with an embedding model: {fit}")
    found = aliases.of_kind(alias, "embedding")
    if not found:
        raise refusal("embedding", alias, f"its models make no vectors. Name an alias with an embedding model: {fit}")
    for target in found:
        if target.profile is None and target.custom_arn is None:
            return target.model
    there = _listed(model.model_id for model in catalogue().values() if _embeds_in(model, aliases.region))
    raise refusal(
        "embedding",
        alias,
        f"{found[0].callable_id} is no model of {aliases.region} itself, and a knowledge base takes no inference "
        f"profile. Give the alias one of {there}",
    )


def _embeds_in(model: FoundationModel, region: str) -> bool:
    return model.kind == "embedding" and region in model.in_region


def _dimensions(knowledge: Knowledge, embedding: FoundationModel) -> int:
    offered = embedding.capabilities.dimensions
    if knowledge.dimensions is None:
        return offered[0]
    if knowledge.dimensions not in offered:
        accepted = " or ".join(str(length) for length in offered)
        raise refusal(
            "dimensions",
            knowledge.dimensions,
            f"the index has to have the vectors' length, and {embedding.model_id} makes {accepted}. Write one of them, "
            "or null for the best",
        )
    return knowledge.dimensions


def _parser(knowledge: Knowledge, aliases: AliasTargets) -> Target | None:
    parsing = knowledge.parsing
    if parsing.strategy == "default":
        for name, value in (("model", parsing.model), ("prompt", parsing.prompt)):
            if value is not None:
                raise refusal(
                    f"parsing.{name}", value, "nothing obeys it with strategy default. Write strategy: foundation_model"
                )
        return None
    seeing = _listed(name for name in aliases.models.aliases if _seeing(aliases, name))
    if parsing.model is None or parsing.model not in aliases.models.aliases:
        raise refusal("parsing.model", parsing.model, f"expected an alias whose model reads images: {seeing}")
    found = _seeing(aliases, parsing.model)
    if not found:
        raise refusal(
            "parsing.model",
            parsing.model,
            f"pages are looked at as images, which none of its models reads. Name an alias whose model does: {seeing}",
        )
    return found[0]


def _seeing(aliases: AliasTargets, alias: str) -> list[Target]:
    return [
        target
        for target in aliases.of_kind(alias, "chat")
        if target.custom_arn is None and target.model.features and target.model.features.images
    ]


def _reranker(knowledge: Knowledge, region: str) -> FoundationModel | None:
    if knowledge.reranking is None:
        return None
    model_id = knowledge.reranking.model
    rerankers = [model for model in catalogue().values() if model.kind == "rerank"]
    here = _listed(model.model_id for model in rerankers if region in model.in_region)
    if model_id not in [model.model_id for model in rerankers]:
        raise refusal("reranking.model", model_id, f"expected a model that reranks; {region} has {here}")
    model = find(model_id)
    if region not in model.in_region:
        raise refusal(
            "reranking.model",
            model_id,
            f"{region} does not have it; {', '.join(sorted(model.in_region))} do. {region} has {here}",
        )
    return model


def _answering(knowledge: Knowledge, aliases: AliasTargets) -> str:
    chatting = aliases.chatting()
    alias = knowledge.alias or chatting[0]
    if alias not in chatting:
        raise refusal("alias", alias, f"expected an alias that can chat: {', '.join(chatting)}")
    return alias


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
