"""Reading environments/<name>.yaml: everything that is wrong is told at once, one clear line each."""

import os
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from configuration.config import Config

PROJECT: Final = Path(__file__).resolve().parent.parent

# Keys that an environment file once had -> where they are now.
MOVED: Final = {"inference.log_days": "log_days at the top of the file"}


class ConfigError(Exception):
    """The environment file cannot be used. ``problems``: a line each with file, path in it, value, what is accepted."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """YAML without its trap: a key given twice is an error, not silently the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise ConfigError([f"{self.name}: line {line}: {key!r} cannot be a key; keys are words"])
            if key in seen:
                raise ConfigError(
                    [f"{self.name}: line {line}: {key!r} is there twice (first in line {seen[key]}); keep one"]
                )
            seen[key] = line
        return super().construct_mapping(node, deep=deep)


def names(project: Path = PROJECT) -> list[str]:
    """Return the names of the environments that there are."""
    return sorted(path.stem for path in (project / "environments").glob("*.yaml"))


def load(name: str | None, *, project: Path = PROJECT) -> Config:
    """Load the environment of that name.

    Raises:
        ConfigError: no such environment, or its file or its guardrail policy cannot be used.
    """
    if not name:
        raise ConfigError(
            [f"no environment given; say -c environment=NAME, with NAME one of {', '.join(names(project))}"]
        )
    path = project / "environments" / f"{name}.yaml"
    if name not in names(project):
        raise ConfigError([f"environments/{name}.yaml: no such file; there are {', '.join(names(project))}"])
    document = read_mapping(path, shown=f"environments/{name}.yaml")
    if document.get("name", name) != name:
        raise ConfigError([f"environments/{name}.yaml: name: {document['name']!r} is not accepted: expected {name!r}"])
    policy = document.get("guardrail")
    if policy is not None:
        document["guardrail"] = _policy(policy, project=project, shown=f"environments/{name}.yaml")
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        raise ConfigError(_problems(error, shown=f"environments/{name}.yaml", policy=policy)) from error


def _policy(value: object, *, project: Path, shown: str) -> Any:
    if not isinstance(value, str):
        raise ConfigError([f"{shown}: guardrail: {value!r} is not accepted: expected the path of a policy file"])
    path = (project / value).resolve()
    if not path.is_relative_to(project) or not path.is_file():
        there = sorted(str(found.relative_to(project)) for found in (project / "guardrails").glob("*.yaml"))
        raise ConfigError([f"{shown}: guardrail: {value!r}: no such file; there are {', '.join(there) or 'none'}"])
    return read_mapping(path, shown=os.path.relpath(path, project))


def read_mapping(path: Path, *, shown: str) -> dict[str, Any]:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        loader.name = shown
        document = loader.get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError([f"{shown}: not valid YAML: {' '.join(str(error).split())}"]) from error
    if not isinstance(document, dict):
        raise ConfigError([f"{shown}: expected a mapping of settings, found {type(document).__name__}"])
    return document


def _problems(error: ValidationError, *, shown: str, policy: object) -> list[str]:
    lines = []
    for detail in error.errors(include_url=False):
        location = list(detail["loc"])
        file = shown
        if location[:1] == ["guardrail"] and isinstance(policy, str):
            file, location = policy, location[1:]
        path = ".".join(str(part) for part in location if not str(part).startswith("["))
        moved = file == shown and path in MOVED
        lines.append(f"{file}: {f'{path}: moved to {MOVED[path]}' if moved else sentence(path, detail)}")
    return lines


def sentence(path: str, detail: Any) -> str:
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        parent, _, key = path.rpartition(".")
        return (
            f"{path}: unknown key; {parent or 'the file'} has no {key!r} (environments/schema.json lists what there is)"
        )
    if kind == "missing":
        return f"{path}: required and missing"
    if kind == "value_error":
        reason = str(detail["ctx"]["error"])
        return f"{path}: {reason}" if path else reason
    message = detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{path}: {value!r} is not accepted: expected {message[0].lower() + message[1:]}"
