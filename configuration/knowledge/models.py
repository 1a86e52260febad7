"""The models of a knowledge base: who makes the vectors, reads documents, puts passages in order, and answers.

Nothing of this imports aws_cdk, because the configuration and the command line use it too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configuration.aliases import ModelTarget
from configuration.knowledge.section import Knowledge
from lambdas.catalogue.facts import FoundationModel
from lambdas.catalogue.models import catalogue, find

if TYPE_CHECKING:
    from configuration.config import Config


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
    parser: ModelTarget | None
    reranker: FoundationModel | None
    alias: str


def resolve(config: "Config", knowledge: Knowledge) -> KnowledgeModels:
    """Resolve the models of a knowledge base.

    Raises:
        ValueError: one of them cannot be used so; names the path in the environment file, the value, the rule and what
            would do.
    """
    embedding = _embedding(config, knowledge)
    return KnowledgeModels(
        embedding=embedding,
        dimensions=_dimensions(knowledge, embedding),
        parser=_parser(config, knowledge),
        reranker=_reranker(config, knowledge),
        alias=_answering(config, knowledge),
    )


def refusal(path: str, value: object, reason: str) -> ValueError:
    """Return the error that says what is wrong with a value, as all of an environment file's errors do."""
    return ValueError(f"knowledge.{path}: {value!r} is not accepted: {reason}")


def _embedding(config: "Config", knowledge: Knowledge) -> FoundationModel:
    alias = knowledge.embedding
    fit = _listed(name for name in config.models.aliases if _of_kind(config, name, "embedding"))
    if alias not in config.models.aliases:
        raise refusal("embedding", alias, f"expected an alias of models.aliases with an embedding model: {fit}")
    found = _of_kind(config, alias, "embedding")
    if not found:
        raise refusal("embedding", alias, f"its models make no vectors. Name an alias with an embedding model: {fit}")
    for target in found:
        if target.profile is None and target.custom_arn is None:
            return target.model
    there = _listed(model.model_id for model in catalogue().values() if _embeds_in(model, config.region))
    raise refusal(
        "embedding",
        alias,
        f"{found[0].callable_id} is no model of {config.region} itself, and a knowledge base takes no inference "
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


def _parser(config: "Config", knowledge: Knowledge) -> ModelTarget | None:
    parsing = knowledge.parsing
    if parsing.strategy == "default":
        for name, value in (("model", parsing.model), ("prompt", parsing.prompt)):
            if value is not None:
                raise refusal(
                    f"parsing.{name}", value, "nothing obeys it with strategy default. Write strategy: foundation_model"
                )
        return None
    seeing = _listed(name for name in config.models.aliases if _seeing(config, name))
    if parsing.model is None or parsing.model not in config.models.aliases:
        raise refusal("parsing.model", parsing.model, f"expected an alias whose model reads images: {seeing}")
    found = _seeing(config, parsing.model)
    if not found:
        raise refusal(
            "parsing.model",
            parsing.model,
            f"pages are looked at as images, which none of its models reads. Name an alias whose model does: {seeing}",
        )
    return found[0]


def _seeing(config: "Config", alias: str) -> list[ModelTarget]:
    return [
        target
        for target in _of_kind(config, alias, "chat")
        if target.custom_arn is None and target.model.features and target.model.features.images
    ]


def _reranker(config: "Config", knowledge: Knowledge) -> FoundationModel | None:
    if knowledge.reranking is None:
        return None
    model_id = knowledge.reranking.model
    rerankers = [model for model in catalogue().values() if model.kind == "rerank"]
    here = _listed(model.model_id for model in rerankers if config.region in model.in_region)
    if model_id not in [model.model_id for model in rerankers]:
        raise refusal("reranking.model", model_id, f"expected a model that reranks; {config.region} has {here}")
    model = find(model_id)
    if config.region not in model.in_region:
        raise refusal(
            "reranking.model",
            model_id,
            f"{config.region} does not have it; {', '.join(sorted(model.in_region))} do. {config.region} has {here}",
        )
    return model


def _answering(config: "Config", knowledge: Knowledge) -> str:
    chatting = config.chat_aliases()
    alias = knowledge.alias or chatting[0]
    if alias not in chatting:
        raise refusal("alias", alias, f"expected an alias that can chat: {', '.join(chatting)}")
    return alias


def _of_kind(config: "Config", alias: str, kind: str) -> list[ModelTarget]:
    return [target for target in config.targets(alias) if target.model.kind == kind]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
