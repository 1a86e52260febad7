"""What the access check is to look at: an environment's models as the catalogue knows them.

Nothing of this imports aws_cdk, because the command line uses it too.
"""

from configuration.aliases import CustomCandidate, NoTargetError, targets
from configuration.config import Config, CustomModel
from lambdas.catalogue.facts import FoundationModel
from lambdas.catalogue.models import find
from lambdas.model_access.candidates import Candidate


def candidates(config: Config) -> list[Candidate]:
    """Return the models of all aliases, in the order in which they are tried.

    One that cannot be called in the region stays in its place, without anything to call: a first choice that is passed
    over is one that the operator does not get.
    """
    return [_candidate(config, alias, named) for alias, models in config.models.aliases.items() for named in models]


def _candidate(config: Config, alias: str, named: str | CustomModel) -> Candidate:
    custom = isinstance(named, CustomModel)
    wanted = CustomCandidate(arn=named.arn, base=named.base) if isinstance(named, CustomModel) else named
    model = find(named.base if isinstance(named, CustomModel) else named)
    callable_id, obstacle = "", ""
    try:
        (target,) = targets([wanted], region=config.region, residency=config.models.residency)
        callable_id = target.callable_id
    except NoTargetError as error:
        obstacle = str(error)
    return Candidate(
        alias=alias,
        model_id=model.model_id,
        callable_id=callable_id,
        name=model.name,
        regions=_regions(model),
        obstacle=obstacle,
        anthropic_form=model.anthropic_form,
        marketplace=model.agreement == "marketplace",
        custom=custom,
        converses=model.kind == "chat",
    )


def _regions(model: FoundationModel) -> tuple[str, ...]:
    return tuple(sorted({*model.in_region, *(region for one in model.profiles for region in one.callable_from)}))
