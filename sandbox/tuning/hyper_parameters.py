"""Hyperparameters of a base model: their names, values and ranges, all of them texts."""

from __future__ import annotations

import math

from sandbox.model.customization import BaseModel
from sandbox.model.errors import Json, invalid


def complete(request: Json, base: BaseModel) -> dict[str, str]:
    """Return the hyperparameters of a job: those that were given, and the defaults of the others.

    Raises:
        AwsError: ValidationException, one is not known, no number, or outside its range.
    """
    given: dict[str, str] = request.get("hyperParameters", {})
    # Of reinforcement they are in its own configuration; distillation has none.
    known_rules = base.hyper_parameters if request.get("customizationType", "FINE_TUNING") == "FINE_TUNING" else {}
    for name, value in given.items():
        rule = known_rules.get(name)
        if rule is None:
            known = ", ".join(known_rules) or "none"
            raise invalid(f"Unsupported hyperparameter: {name}. {base.model_id} supports: {known}.")
        if not _fits(value, rule):
            raise invalid(
                f"Invalid value for hyperparameter {name}: {value}. It must be {_kind(rule)} between {rule['min']} and "
                f"{rule['max']}."
            )
    return {name: given.get(name, str(rule["default"])) for name, rule in known_rules.items()}


def _kind(rule: Json) -> str:
    return "an integer" if rule["type"] == "integer" else "a number"


def _fits(value: str, rule: Json) -> bool:
    try:
        number = int(value) if rule["type"] == "integer" else float(value)
    except ValueError:
        return False
    return math.isfinite(number) and rule["min"] <= number <= rule["max"]
