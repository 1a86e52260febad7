"""Reading prompts/<name>.yaml: everything that is wrong is told at once, one clear line each.

The limits are those of AWS::Bedrock::Prompt's registry schema and of Bedrock's prompt management quotas.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from pydantic import Field, ValidationError, field_validator, model_validator

from configuration import fingerprint
from configuration.config import Config
from configuration.environment_file import PROJECT, ConfigError, read_mapping
from configuration.section import Alias, Section, sentence
from lambdas.prompts import definition
from lambdas.prompts.render import PLACEHOLDER, problems

FOLDER: Final = "prompts"

Text = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"\S")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]
ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$", max_length=64)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class VariablePart(Section):
    """What the caller gives a value for."""

    name: VariableName
    description: Annotated[str, Field(min_length=1, max_length=200)]
    max_length: Annotated[int, Field(ge=1, le=200_000)]
    """In characters."""
    required: bool = True


class ExamplePart(Section):
    """A question and its answer, as a model should give them."""

    user: Text
    assistant: Text


class ToolPart(Section):
    """A function that the caller runs for the model."""

    name: ToolName
    description: Annotated[str, Field(min_length=1, max_length=1000)]
    parameters: dict[str, Any]
    """A JSON schema of an object."""

    @field_validator("parameters")
    @classmethod
    def _is_an_objects_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value.get("type") != "object":
            raise ValueError("expected a JSON schema with type: object")
        return value


class InferencePart(Section):
    """Parameters of the call; what is left out is left to the model."""

    temperature: Fraction | None = None
    top_p: Fraction | None = None
    max_tokens: Annotated[int, Field(ge=1, le=64_000)] | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)] = Field(default=[])


class PromptTest(Section):
    """A call of the prompt, made by the end-to-end tests."""

    variables: dict[str, str]
    contains: Annotated[list[Text], Field(min_length=1)]
    """Words that the answer, or a tool call in it, has to have; upper and lower case are the same."""


class PromptFile(Section):
    """A whole prompt file."""

    name: Name
    """As the file's."""
    description: Annotated[str, Field(min_length=1, max_length=200)]
    alias: Alias
    """Who answers, unless the caller says otherwise."""
    system: Text
    examples: Annotated[list[ExamplePart], Field(max_length=20)] = Field(default=[])
    """Few-shot examples, as turns of a conversation before the user's message."""
    template: Text
    """The user's message. {{name}} stands for a variable's value, which is filled in between tags of that name."""
    variables: Annotated[list[VariablePart], Field(max_length=20)] = Field(default=[])
    inference: InferencePart = InferencePart()
    tools: Annotated[list[ToolPart], Field(max_length=20)] = Field(default=[])
    tests: Annotated[list[PromptTest], Field(min_length=1)]

    @model_validator(mode="after")
    def _relations_hold(self) -> "PromptFile":
        for found in (self._placeholder_problem(), self._repetition(), self._test_problem()):
            if found:
                raise ValueError(found)
        return self

    def compiled(self) -> definition.Prompt:
        """Return what the function gets."""
        parts = self.model_dump(exclude={"tests"})
        return msgspec.convert({**parts, "version": fingerprint.of_json(parts)}, definition.Prompt)

    def _placeholder_problem(self) -> str | None:
        elsewhere = {"system": [self.system], "examples": [e.user + e.assistant for e in self.examples]}
        for place, texts in elsewhere.items():
            if any("{{" in text or "}}" in text for text in texts):
                return f"{place}: '{{{{' and '}}}}' are not accepted: values are data and belong into the template"
        rest = PLACEHOLDER.sub("", self.template)
        if "{{" in rest or "}}" in rest:
            return "template: '{{' and '}}' are accepted around a variable's name only, without blanks, as {{question}}"
        used, declared = set(PLACEHOLDER.findall(self.template)), {variable.name for variable in self.variables}
        if undeclared := sorted(used - declared):
            return f"template: {{{{{undeclared[0]}}}}} is not among the variables; they are {_listed(declared)}"
        if unused := sorted(declared - used):
            return f"variables: {unused[0]!r} is not in the template; it has {_listed(used)}"
        return None

    def _repetition(self) -> str | None:
        for place, names in {
            "variables": [variable.name for variable in self.variables],
            "tools": [tool.name for tool in self.tools],
        }.items():
            if twice := sorted({name for name in names if names.count(name) > 1}):
                return f"{place}: {twice[0]!r} is there more than once; keep one"
        return None

    def _test_problem(self) -> str | None:
        for number, test in enumerate(self.tests):
            if found := problems(self.compiled(), test.variables):
                return f"tests.{number}.variables: {'; '.join(found.values())}"
        return None


def read(project: Path = PROJECT) -> list[PromptFile]:
    """Return all prompts of the project, by name.

    Raises:
        ConfigError: a file cannot be used; all files' problems at once.
    """
    prompts: list[PromptFile] = []
    wrong: list[str] = []
    for path in sorted((project / FOLDER).glob("*.yaml")):
        shown = f"{FOLDER}/{path.name}"
        try:
            prompts.append(_prompt(path, shown=shown))
        except ConfigError as error:
            wrong += error.problems
    if wrong:
        raise ConfigError(wrong)
    return prompts


def load(config: Config, *, project: Path = PROJECT) -> list[PromptFile]:
    """Return all prompts, fit for an environment.

    Raises:
        ConfigError: a file cannot be used, or names an alias that the environment does not have.
    """
    prompts = read(project)
    there = _listed(config.models.aliases)
    wrong = [
        f"{FOLDER}/{prompt.name}.yaml: alias: {prompt.alias!r} is not an alias of environments/{config.name}.yaml; "
        f"there are {there}"
        for prompt in prompts
        if prompt.alias not in config.models.aliases
    ]
    if wrong:
        raise ConfigError(wrong)
    return prompts


def _prompt(path: Path, *, shown: str) -> PromptFile:
    document = read_mapping(path, shown=shown)
    try:
        prompt = PromptFile.model_validate(document)
    except ValidationError as error:
        raise ConfigError([f"{shown}: {sentence(detail)}" for detail in error.errors(include_url=False)]) from error
    # A name is the file's, so no two prompts have the same.
    if prompt.name != path.stem:
        raise ConfigError([f"{shown}: name: {prompt.name!r} is not accepted: expected {path.stem!r}"])
    return prompt


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
