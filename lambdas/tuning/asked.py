"""What a request asks for against what the environment allows and the catalogue knows, with all defaults filled in."""

from typing import Final

from msgspec.structs import replace

from lambdas.catalogue import customization
from lambdas.catalogue.customization import NotTunableError, TunableModel
from lambdas.tuning.hyperparameters import HyperparameterError, check_all
from lambdas.tuning.run import RunRequest
from lambdas.tuning.settings import PreparerSettings

# What the pipeline can start: distillation needs a teacher, reinforcement a function that gives points.
METHODS: Final = ("fine_tuning",)


class RefusedError(Exception):
    """A run that would fail, or cost more than it may; says what to do."""


def resolved(request: RunRequest, settings: PreparerSettings) -> RunRequest:
    """Return the request with the environment's words where it has none.

    Raises:
        RefusedError: it asks for what there is not.
    """
    _among("alias", request.alias, settings.aliases)
    _among("base_model", request.base_model, settings.base_models)
    _among("method", request.method, METHODS)
    hosting = request.hosting or settings.hosting
    whole = replace(
        request,
        hyperparameters={**settings.hyperparameters, **request.hyperparameters},
        hosting=hosting,
        max_hours=request.max_hours or settings.max_hours,
        model_units=request.model_units or settings.model_units,
        metric=request.metric or settings.metric,
        margin=settings.margin if request.margin is None else request.margin,
        judge_alias=_judge(request, settings),
        max_training_usd=min(request.max_training_usd or settings.max_training_usd, settings.max_training_usd),
    )
    _check(whole, settings)
    return whole


def _check(request: RunRequest, settings: PreparerSettings) -> None:
    if request.max_hours is not None and request.max_hours > settings.max_hours:
        raise RefusedError(
            f"max_hours: {request.max_hours:g} is not accepted: the environment's tuning.provisioned.max_hours is "
            f"{settings.max_hours:g}. Take that; `quarry tune extend` moves the end of what runs."
        )
    model = _tunable(request, settings.region)
    if request.hosting not in model.hosting.kinds:
        raise RefusedError(
            f"hosting: {request.hosting} is not accepted: Bedrock hosts tuned {model.name} "
            f"{' or '.join(model.hosting.kinds)} only."
        )
    if request.commitment and request.hosting != "provisioned":
        raise RefusedError("commitment: only provisioned throughput has one; write hosting: provisioned too.")
    try:
        check_all(model.method(request.method).hyperparameters, request.hyperparameters)
    except (HyperparameterError, NotTunableError) as error:
        raise RefusedError(f"hyperparameters: {error}.") from error


def _tunable(request: RunRequest, region: str) -> TunableModel:
    try:
        model = customization.find(request.base_model)
    except NotTunableError as error:
        raise RefusedError(f"base_model: {error}.") from error
    if region not in model.regions:
        raise RefusedError(f"base_model: {request.base_model} is tuned in {', '.join(model.regions)}, not in {region}.")
    return model


def _judge(request: RunRequest, settings: PreparerSettings) -> str | None:
    """Return the alias that judges: asked for, or needed by the environment's metric."""
    metric = request.metric or settings.metric
    wanted = request.judge_alias or (settings.judge_alias if metric == "judge" else None)
    if wanted and wanted != settings.judge_alias:
        there = settings.judge_alias or "none; set tuning.judge_alias"
        raise RefusedError(f"judge_alias: {wanted} is not accepted: the environment's is {there}.")
    return wanted or None


def _among(name: str, value: str, known: "list[str] | tuple[str, ...]") -> None:
    if value not in known:
        raise RefusedError(f"{name}: {value} is not accepted: expected {' or '.join(known)}.")
