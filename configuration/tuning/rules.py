"""What has to hold between the section `tuning` and the rest of the file, and what Bedrock says of its base models.

Told when the file is loaded, not by Bedrock an hour after a job was made. Each rule raises ValueError with the path in
the file, the value, the rule and what would do.
"""

from configuration.aliases import AliasTargets
from configuration.names import physical_name
from configuration.tuning.section import Tuning
from lambdas.catalogue import customization
from lambdas.catalogue.customization import NotTunableError, TunableModel
from lambdas.tuning.hyperparameters import HyperparameterError, check_all


def check(tuning: Tuning, *, environment: str, aliases: AliasTargets) -> None:
    """Check everything of the section that a single value cannot tell.

    Raises:
        ValueError: the first rule that does not hold.
    """
    if "--" in physical_name(environment, "tuning"):
        raise ValueError(
            f"name: {environment!r} is not accepted: Bedrock takes no two hyphens in a row in a custom model's name. "
            "Leave one out, or the section tuning"
        )
    for base in tuning.base_models:
        model = _tunable(base, region=aliases.region)
        if tuning.hosting not in model.hosting.kinds:
            raise ValueError(
                f"tuning.hosting: {tuning.hosting!r} is not accepted: Bedrock hosts tuned {model.name} "
                f"{' or '.join(model.hosting.kinds)} only. Take that, or leave {base} out of tuning.base_models"
            )
        try:
            check_all(model.method("fine_tuning").hyperparameters, tuning.hyperparameters)
        except (HyperparameterError, NotTunableError) as error:
            raise ValueError(f"tuning.hyperparameters: with {base}, {error}") from error
    _check_judge(tuning, aliases)


def _tunable(base: str, *, region: str) -> TunableModel:
    try:
        model = customization.find(base)
    except NotTunableError as error:
        raise ValueError(f"tuning.base_models: {error}") from error
    if base != model.model_id:
        raise ValueError(f"tuning.base_models: {base!r} is not accepted: write {model.model_id!r}, as aliases do")
    if region not in model.regions:
        here = [one.model_id for one in customization.load().models if region in one.regions]
        instead = f"In {region} these are: {', '.join(here)}" if here else f"In {region} no model is"
        raise ValueError(
            f"tuning.base_models: {base!r} is not accepted: it is tuned in {', '.join(model.regions)}, not in "
            f"{region}. {instead}; or make an environment in {model.regions[0]}"
        )
    return model


def _check_judge(tuning: Tuning, aliases: AliasTargets) -> None:
    if tuning.metric == "judge" and tuning.judge_alias is None:
        raise ValueError("tuning.metric: 'judge' is not accepted: it needs tuning.judge_alias")
    chatting = aliases.chatting()
    if tuning.judge_alias is not None and tuning.judge_alias not in chatting:
        raise ValueError(
            f"tuning.judge_alias: {tuning.judge_alias!r} is not accepted: expected an alias that can chat: "
            f"{', '.join(chatting)}"
        )
