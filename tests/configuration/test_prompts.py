"""Prompt files: what is wrong is told in one line with file, path, value and what is accepted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from configuration import prompts as prompt_files
from configuration.environment_file import PROJECT, ConfigError, load, names

GOOD: dict[str, Any] = {
    "name": "greeting",
    "description": "Greets",
    "alias": "fast",
    "system": "You greet.",
    "template": "Greet {{person}} in {{language}}",
    "variables": [
        {"name": "person", "description": "Whom", "max_length": 50},
        {"name": "language", "description": "How", "max_length": 20, "required": False},
    ],
    "tests": [{"variables": {"person": "Ann"}, "contains": ["Ann"]}],
}
SHIPPED = {
    "science-question", "tweet-sentiment", "japanese-teacher", "weather", "classification", "summarisation",
    "translation",
}  # fmt: skip


def write(project: Path, name: str = "greeting", **changes: Any) -> Path:
    folder = project / "prompts"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({**GOOD, "name": name, **changes}), encoding="utf-8")
    return project


def problems(project: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        prompt_files.read(project)
    assert all("\n" not in line for line in refused.value.problems)
    return refused.value.problems


@pytest.mark.parametrize("environment", names())
def test_every_shipped_prompt_fits_every_environment(environment: str) -> None:
    assert {prompt.name for prompt in prompt_files.load(load(environment))} >= SHIPPED


def test_a_good_prompt_is_compiled(tmp_path: Path) -> None:
    (prompt,) = prompt_files.read(write(tmp_path))

    compiled = prompt.compiled()

    assert (compiled.name, compiled.alias, compiled.template) == ("greeting", "fast", GOOD["template"])
    assert [variable.required for variable in compiled.variables] == [True, False]


def test_a_version_changes_with_the_content_and_not_with_the_tests(tmp_path: Path) -> None:
    def version(**changes: Any) -> str:
        (prompt,) = prompt_files.read(write(tmp_path, **changes))
        return prompt.compiled().version

    first = version()
    assert version(tests=[{"variables": {"person": "Bob"}, "contains": ["Bob"]}]) == first
    assert version(system="You greet warmly.") != first
    assert version(inference={"temperature": 0}) != first


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"colour": "red"}, "prompts/greeting.yaml: colour: unknown key"),
        ({"system": " "}, "prompts/greeting.yaml: system: ' ' is not accepted: expected"),
        ({"tests": []}, "prompts/greeting.yaml: tests: [] is not accepted: expected"),
        ({"inference": {"temperature": 2}}, "prompts/greeting.yaml: inference.temperature: 2 is not accepted"),
        ({"inference": {"max_tokens": "10"}}, "prompts/greeting.yaml: inference.max_tokens: '10' is not accepted"),
        (
            {"template": "Greet {{person}} in {{lang}}, {{language}}"},
            "prompts/greeting.yaml: template: {{lang}} is not among the variables; they are language, person",
        ),
        (
            {"template": "Greet {{person}}"},
            "prompts/greeting.yaml: variables: 'language' is not in the template; it has person",
        ),
        (
            {"template": "{{ person }} {{language}}"},
            "prompts/greeting.yaml: template: '{{' and '}}' are accepted around",
        ),
        ({"template": "{{Person}} {{language}}"}, "prompts/greeting.yaml: template: '{{' and '}}' are accepted around"),
        ({"system": "Greet {{person}}"}, "prompts/greeting.yaml: system: '{{' and '}}' are not accepted: values are"),
        (
            {"examples": [{"user": "{{person}}", "assistant": "Hi"}]},
            "prompts/greeting.yaml: examples: '{{' and '}}' are not accepted",
        ),
        (
            {"variables": [*GOOD["variables"], GOOD["variables"][0]]},
            "prompts/greeting.yaml: variables: 'person' is there more than once; keep one",
        ),
        (
            {"tools": [{"name": "wave", "description": "Waves", "parameters": {"type": "string"}}]},
            "prompts/greeting.yaml: tools.0.parameters: expected a JSON schema with type: object",
        ),
        (
            {"tests": [{"variables": {"persn": "Ann"}, "contains": ["Ann"]}]},
            "prompts/greeting.yaml: tests.0.variables: `person` is required and missing; `persn` is unknown",
        ),
        ({"name": "greet"}, "prompts/greeting.yaml: name: 'greet' is not accepted: expected 'greeting'"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, changes: dict[str, Any], line: str) -> None:
    document = {**GOOD, **changes}
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "greeting.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    assert problems(tmp_path)[0].startswith(line)


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "one", colour="red", alias=5)
    write(tmp_path, "two", system="")

    assert [line.split(": ")[0] for line in problems(tmp_path)] == ["prompts/one.yaml"] * 2 + ["prompts/two.yaml"]


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "prompts" / "greeting.yaml").write_text("a: [", encoding="utf-8")

    assert problems(tmp_path)[0].startswith("prompts/greeting.yaml: not valid YAML")


def test_an_alias_that_the_environment_lacks_is_told_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        prompt_files.load(load("dev"), project=write(tmp_path, alias="huge"))

    assert refused.value.problems == [
        "prompts/greeting.yaml: alias: 'huge' is not an alias of environments/dev.yaml; there are embed, fast, smart"
    ]


def test_no_folder_is_no_prompt(tmp_path: Path) -> None:
    assert prompt_files.read(tmp_path) == []


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_prompt_says_what_it_is_for(name: str) -> None:
    prompt = next(prompt for prompt in prompt_files.read(PROJECT) if prompt.name == name)

    assert prompt.variables
    assert prompt.inference.max_tokens is not None
