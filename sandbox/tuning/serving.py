"""Which tuned model answers a call of a deployment or of provisioned throughput."""

from __future__ import annotations

from sandbox.model import catalogue, customization
from sandbox.model.catalogue import Model
from sandbox.model.errors import FAULTS, AwsError, invalid
from sandbox.model.tuned import Tuned
from sandbox.tuning import store

_SERVING = ("Active", "InService", "Updating")


def find(arn: str) -> tuple[Model, Tuned | None]:
    """Return the base model, and what was learned (None for a base model with its own throughput), behind an ARN.

    Raises:
        AwsError: ResourceNotFoundException, there is none; ModelNotReadyException, it is not there yet, or failed;
            ValidationException, it is a custom model, which answers through one of the two only.
    """
    with store.lock:
        entry = store.by_arn(arn)
        if entry is None:
            raise AwsError("ResourceNotFoundException", f"Could not find the model {arn}.")
        if entry.kind == store.MODEL:
            raise invalid("The provided model doesn't support on-demand throughput.")
        if entry.status not in _SERVING:
            raise FAULTS["not_ready"].error(arn)
        served = store.by_arn(entry.members["modelArn"])
        base_id = served.hidden["base"] if served is not None else entry.hidden["base"]
        return _model(base_id), served.hidden["tuned"] if served is not None else None


def _model(base_id: str) -> Model:
    base = customization.base_models()[base_id]
    known = catalogue.models().get(base.base)
    if known is not None:
        return known
    modalities = list(base.input_modalities)
    return Model(base.base, base.model_name, base.provider_name, modalities, ["TEXT"], ["ON_DEMAND"])
