"""Reading environments/<name>.yaml: everything that is wrong is told at once, one clear line each."""

import os
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from configuration import expiry, yaml_text
from configuration.config import Config
from configuration.section import place, sentence
from configuration.studio import roster
from configuration.yaml_text import YamlError

PROJECT: Final = Path(__file__).resolve().parent.parent

# Keys that an environment file once had -> where they are now.
MOVED: Final = {"inference.log_days": "log_days at the top of the file"}
# Keys that have to be there, and what to write.
ADVICE: Final = {"expires_after": expiry.ADVICE}


class ConfigError(Exception):
    """The environment file cannot be used. ``problems``: a line each with file, path in it, value, what is accepted."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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
    studio = document.get("studio")
    if isinstance(studio, dict) and studio.get("roster") is not None:
        people = _roster(studio["roster"], project=project, shown=f"environments/{name}.yaml")
        document["studio"] = {**studio, "roster": people}
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


def _roster(value: object, *, project: Path, shown: str) -> list[dict[str, Any]]:
    if not isinstance(value, str):
        raise ConfigError([f"{shown}: studio.roster: {value!r} is not accepted: expected the path of a CSV"])
    folder = project / "environments"
    path = (folder / value).resolve()
    if not path.is_relative_to(project.resolve()) or not path.is_file():
        there = sorted(found.name for found in folder.glob("*.csv"))
        raise ConfigError([f"{shown}: studio.roster: {value!r}: no such file; there are {', '.join(there) or 'none'}"])
    try:
        return [person.model_dump() for person in roster.read(path, shown=os.path.relpath(path, project.resolve()))]
    except roster.RosterError as error:
        raise ConfigError(error.problems) from error


def read_mapping(path: Path, *, shown: str) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        ConfigError: as of yaml_text.read_mapping; ``shown`` is what the file is called there.
    """
    try:
        return yaml_text.read_mapping(path.read_bytes(), shown=shown)
    except YamlError as error:
        raise ConfigError([str(error)]) from error


def _problems(error: ValidationError, *, shown: str, policy: object) -> list[str]:
    lines = []
    for detail in error.errors(include_url=False):
        location = list(detail["loc"])
        file = shown
        if location[:1] == ["guardrail"] and isinstance(policy, str):
            file, location = policy, location[1:]
        path = place(location)
        line = f"{file}: {sentence(detail, path=path)}"
        if file == shown and path in MOVED:
            line = f"{file}: {path}: moved to {MOVED[path]}"
        elif detail["type"] == "missing" and path in ADVICE:
            line += f"; {ADVICE[path]}"
        elif detail["type"] == "extra_forbidden":
            line += " (environments/schema.json lists what there is)"
        lines.append(line)
    return lines
