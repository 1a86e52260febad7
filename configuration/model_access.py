"""What the access check is to look at: an environment's models as the catalogue knows them."""

from configuration.config import Config
from configuration.knowledge import models as knowledge
from configuration.models import CustomModel, NamedCandidate
from configuration.targets import ModelNotInRegionError, resolve
from lambdas.catalogue.facts import FoundationModel
from lambdas.catalogue.models import find
from lambdas.model_access.candidates import CheckedCandidate


def candidates(config: Config) -> list[CheckedCandidate]:
    """Return the models of all aliases, in the order in which they are tried, and then those of the knowledge base.

    One that cannot be called in the region stays in its place, without anything to call: a first choice that is passed
    over is one that the operator does not get.
    """
    of_aliases = [
        _candidate(config, alias, named) for alias, models in config.models.aliases.items() for named in models
    ]
    return of_aliases + _of_knowledge(config)


def _candidate(config: Config, alias: str, named: NamedCandidate) -> CheckedCandidate:
    model = find(named.base if isinstance(named, CustomModel) else named)
    callable_id, obstacle = "", ""
    try:
        callable_id = resolve(named, region=config.region, residency=config.models.residency).callable_id
    except ModelNotInRegionError as error:
        obstacle = str(error)
    return CheckedCandidate(
        alias=alias,
        model_id=model.model_id,
        callable_id=callable_id,
        name=model.name,
        regions=_regions(model),
        obstacle=obstacle,
        anthropic_form=model.anthropic_form,
        marketplace=model.agreement == "marketplace",
        custom=isinstance(named, CustomModel),
        converses=model.kind == "chat",
        max_tokens=longest_answer(config, alias, model),
        output_burndown=model.output_burndown,
    )


def _of_knowledge(config: Config) -> list[CheckedCandidate]:
    """Who reads documents and who puts passages in order, under the path by which the file names them.

    Bedrock calls them by the knowledge base's role, so nobody else can: what Bedrock says of them decides.
    """
    if config.knowledge is None:
        return []
    used = knowledge.resolve(config.knowledge, aliases=config.alias_targets)
    named: list[tuple[str, FoundationModel, str]] = []
    if used.parser:
        named.append(("knowledge.parsing.model", used.parser.model, used.parser.callable_id))
    if used.reranker:
        named.append(("knowledge.reranking.model", used.reranker, used.reranker.model_id))
    return [
        CheckedCandidate(
            alias=path,
            model_id=model.model_id,
            callable_id=callable_id,
            name=model.name,
            regions=_regions(model),
            anthropic_form=model.anthropic_form,
            marketplace=model.agreement == "marketplace",
            converses=False,
        )
        for path, model, callable_id in named
    ]


def longest_answer(config: Config, alias: str, model: FoundationModel) -> int:
    """Return how many tokens an answer may have whose request does not say; 0 for models that write none."""
    options = config.inference
    return min(options.default_max_tokens_of.get(alias, options.default_max_tokens), model.max_output_tokens)


def _regions(model: FoundationModel) -> tuple[str, ...]:
    return tuple(sorted({*model.in_region, *(region for one in model.profiles for region in one.callable_from)}))
