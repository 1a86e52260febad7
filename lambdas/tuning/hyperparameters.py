"""Hyperparameters against what a base model takes: names, bounds, whole numbers."""

from collections.abc import Mapping

from lambdas.catalogue.customization import Hyperparameter


class HyperparameterError(ValueError):
    """One is not accepted; has its name, its value and what is."""


def check_all(known: Mapping[str, Hyperparameter], given: Mapping[str, str | int | float]) -> None:
    """Check what is given against what a model takes.

    Raises:
        HyperparameterError: the first that is not accepted.
    """
    for name, value in given.items():
        if name not in known:
            raise HyperparameterError(f"{name} is not accepted: expected {', '.join(known)}")
        _check(name, value, known[name])


def _check(name: str, value: str | float, rule: Hyperparameter) -> None:
    if rule.kind == "word":
        if value not in rule.words:
            raise HyperparameterError(f"{name}: {value!r} is not accepted: expected one of {', '.join(rule.words)}")
        return
    expected = f"{_number(rule.minimum)} to {_number(rule.maximum)}"
    try:
        number = float(value)
    except ValueError:
        raise HyperparameterError(f"{name}: {value!r} is not accepted: expected a number, {expected}") from None
    if rule.kind == "integer" and not number.is_integer():
        raise HyperparameterError(f"{name}: {value!r} is not accepted: expected a whole number, {expected}")
    least = rule.minimum if rule.minimum is not None else number
    most = rule.maximum if rule.maximum is not None else number
    if not least <= number <= most:
        raise HyperparameterError(f"{name}: {value!r} is not accepted: expected {expected}")


def _number(bound: float | None) -> str:
    return "any" if bound is None else f"{bound:g}"
