"""Functions that run by the clock, whether anybody uses the environment or not: that is part of its idle price."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from quarry.cost.template import Resource

_PER_HOUR: Final = {"minute": 60.0, "minutes": 60.0, "hour": 1.0, "hours": 1.0, "day": 1 / 24, "days": 1 / 24}


def with_what_runs_it(resources: list[Resource]) -> list[Resource]:
    """Return the resources, functions with ``RunsPerHour`` and aliases with their function's machine.

    So the table of idle prices, which knows one resource at a time, can price them.
    """
    functions = {(one.stack, one.logical_id): one for one in resources if one.type_name == "AWS::Lambda::Function"}
    runs: dict[tuple[str, str], float] = {}
    for rule in resources:
        if rule.type_name == "AWS::Events::Rule":
            for logical_id in _targets(rule.properties):
                place = (rule.stack, logical_id)
                runs[place] = runs.get(place, 0.0) + _per_hour(rule.properties)
    return [_completed(one, functions, runs) for one in resources]


def _completed(
    resource: Resource, functions: Mapping[tuple[str, str], Resource], runs: Mapping[tuple[str, str], float]
) -> Resource:
    added: dict[str, Any] = {}
    if resource.type_name == "AWS::Lambda::Function":
        added = {"RunsPerHour": runs.get((resource.stack, resource.logical_id), 0.0)}
    elif resource.type_name == "AWS::Lambda::Alias":
        function = functions.get((resource.stack, _logical_id(resource.properties.get("FunctionName")) or ""))
        machine = function.properties if function else {}
        added = {name: machine[name] for name in ("MemorySize", "Architectures") if name in machine}
    return replace(resource, properties={**resource.properties, **added}) if added else resource


def _targets(properties: Mapping[str, Any]) -> Iterator[str]:
    targets = properties.get("Targets", [])
    for target in targets if isinstance(targets, list) else []:
        logical_id = _logical_id(target.get("Arn")) if isinstance(target, Mapping) else None
        if logical_id is not None:
            yield logical_id


def _logical_id(value: Any) -> str | None:
    """Return whose name or ARN a reference is; None if it is none."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Fn::GetAtt":
        return str(argument[0] if isinstance(argument, list) else str(argument).partition(".")[0])
    return str(argument) if name == "Ref" else None


def _per_hour(properties: Mapping[str, Any]) -> float:
    """Return how often a rule fires; 0 for events, and for what is off. A cron expression is taken for hourly."""
    if properties.get("State") == "DISABLED":
        return 0.0
    expression = str(properties.get("ScheduleExpression", ""))
    rate = re.fullmatch(r"rate\((\d+) (\w+)\)", expression)
    if rate is None:
        return 1.0 if expression.startswith("cron(") else 0.0
    return _PER_HOUR.get(rate[2], 0.0) / int(rate[1])
