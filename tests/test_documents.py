"""Documents say what is there: their paths, links, commands, snippets and names are looked up in the project."""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml

from configuration.environment_file import PROJECT
from docs import clients, reference, tunable, unproven
from docs.generated import Part
from quarry import cli
from sandbox.__main__ import _parser as sandbox_parser

DOCUMENTS: Final = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
# Made by commands and ignored by git: not in a fresh clone.
GENERATED: Final = (".quarry", ".sandbox", ".cache", ".venv", "node_modules", "cdk.out")
SUFFIXES: Final = (".py", ".yaml", ".yml", ".json", ".md", ".toml", ".txt")
# Words that documents use where a reader puts a name of their own.
PLACEHOLDERS: Final = ("NAME", "NNNN", "ENVIRONMENT")

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Document:
    """A document. ``prose`` is its text without fenced blocks."""

    path: Path
    text: str

    @property
    def prose(self) -> str:
        """The text outside fences."""
        return _FENCE.sub("", self.text)

    def fences(self, *languages: str) -> list[str]:
        """Return the fenced blocks of these languages."""
        return [body for language, body in _FENCE.findall(self.text) if language in languages]

    def code(self) -> Iterator[str]:
        """Yield what a reader may type or look for: spans, and the lines of shell blocks."""
        yield from _SPAN.findall(self.prose)
        for block in self.fences("sh", "text"):
            yield from block.replace("\\\n", " ").splitlines()


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def document(request: pytest.FixtureRequest) -> Document:
    return Document(request.param, request.param.read_text(encoding="utf-8"))


def missing_links(document: Document) -> list[str]:
    """Return relative links whose file or heading does not exist."""
    missing = []
    for target in _LINK.findall(document.prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = document.path.parent / name if name else document.path
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            missing.append(target)
    return missing


@cache
def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_paths(document: Document) -> list[str]:
    """Return spans that look like paths of the project and are not there."""
    return [span for span in _SPAN.findall(document.prose) if _looks_like_path(span) and not (PROJECT / span).exists()]


def _looks_like_path(span: str) -> bool:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span) or any(word in span for word in PLACEHOLDERS):
        return False
    first, _, rest = span.partition("/")
    if "/" not in span or first in GENERATED:
        return False
    return rest == "" or (PROJECT / first).exists() or rest.endswith(SUFFIXES)


def missing_targets(document: Document) -> list[str]:
    """Return `make` targets and variables that the Makefile does not have."""
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE))
    wrong = []
    for code in document.code():
        wrong += [f"make {name}" for name in re.findall(r"\bmake ([a-z-]+)", code) if name not in targets]
        for arguments in re.findall(r"\bmake (?:[a-z-]+ )?((?:[A-Z_]+=\S* ?)+)", code):
            wrong += [f"make {name}=" for name in re.findall(r"([A-Z_]+)=", arguments) if name not in variables]
    return wrong


def wrong_commands(document: Document) -> list[str]:
    """Return lines with a command or an option that `quarry` or `python -m sandbox` does not have."""
    wrong = []
    for code in document.code():
        for program, check in (("quarry", _wrong_for_quarry), ("python -m sandbox", _wrong_for_sandbox)):
            found = re.match(rf"\s*{program} (?![(/])(.+)", code)
            if found and check(shlex.split(found[1], comments=True)):
                wrong.append(code)
    return wrong


@cache
def _quarry() -> Any:
    return typer.main.get_command(cli.app)


def _wrong_for_quarry(words: list[str]) -> bool:
    command = _quarry()
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return True
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    return any(word.startswith("-") and word != "-" and word.split("=")[0] not in known for word in words)


@cache
def _sandbox() -> argparse.ArgumentParser:
    return sandbox_parser()


def _wrong_for_sandbox(words: list[str]) -> bool:
    actions = _sandbox()._actions
    (commands,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))
    name, *rest = words
    if not set(name.split("|")) <= set(commands.choices):
        return True
    own = rest[: rest.index("--")] if "--" in rest else rest
    known = commands.choices[name.split("|")[0]]._option_string_actions
    return any(word.startswith("--") and word.split("=")[0] not in known for word in own)


def unknown_variables(document: Document) -> list[str]:
    """Return environment variables of ours that no source reads."""
    names = {name for code in document.code() for name in re.findall(r"\b(?:QUARRY|SANDBOX)_[A-Z_]+\b", code)}
    return sorted(name for name in names if f'"{name}"' not in _sources())


@cache
def _sources() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("quarry", "sandbox", "samples", "stacks")
        for path in (PROJECT / folder).rglob("*.py")
    )


def missing_tests(document: Document) -> list[str]:
    """Return tests that are named by pytest's ids and are not there."""
    return [span for span in _SPAN.findall(document.prose) if re.search(r"\.py::", span) and not _is_a_test(span)]


def _is_a_test(name: str) -> bool:
    found = re.fullmatch(r"(tests/[\w/]+\.py)::(test_\w+)", name)
    if not found or not (PROJECT / found[1]).is_file():
        return False
    source = (PROJECT / found[1]).read_text(encoding="utf-8")
    return re.search(rf"^(?:async )?def {found[2]}\(", source, re.MULTILINE) is not None


def rows_that_nothing_tries(guide: str) -> list[str]:
    """Return the rows of the guide's table of promises that name no test, or have no three columns."""
    table = guide.partition("\n## What is promised")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!promise |---)(.+) \|$", table, re.MULTILINE)
    return [row for row in rows if not re.fullmatch(r"[^|]+ \| [^|]+ \| `tests/[^|`]+::[^|]+`", row)]


CHECKS: Final = (missing_links, missing_paths, missing_targets, wrong_commands, unknown_variables, missing_tests)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_named_exists(document: Document, check: Any) -> None:
    assert check(document) == []


def test_snippets_are_valid(document: Document) -> None:
    for block in document.fences("yaml"):
        yaml.safe_load(block)
    for block in document.fences("json"):
        json.loads(block)
    for block in document.fences("python"):
        compile(block, str(document.path), "exec")


def test_documents_name_no_machine_and_no_real_key(document: Document) -> None:
    assert re.findall(r"/(?:home|Users|root|work|tmp)/\S+", document.text) == []
    assert [key for key in re.findall(r"qk-[\w-]{43}", document.text) if "EXAMPLE" not in key] == []


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (missing_links, "[x](docs/nope.md)"),
        (missing_links, "[x](README.md#no-such-heading)"),
        (missing_paths, "`lambdas/nope.py`"),
        (missing_paths, "`nope/`"),
        (missing_targets, "`make nope`"),
        (missing_targets, "```sh\nmake up NOPE=1\n```"),
        (wrong_commands, "`quarry nope`"),
        (wrong_commands, "`quarry keys nope`"),
        (wrong_commands, "```sh\nquarry chat --nope\n```"),
        (wrong_commands, "`python -m sandbox nope`"),
        (wrong_commands, "`python -m sandbox up --nope`"),
        (unknown_variables, "`QUARRY_NOPE`"),
        (missing_tests, "`tests/nope.py::test_a`"),
        (missing_tests, "`tests/test_documents.py::test_nope`"),
        (missing_tests, "`test_documents.py::test_snippets_are_valid`"),
    ],
)
def test_each_check_can_fail(check: Any, text: str) -> None:
    assert len(check(Document(PROJECT / "README.md", text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://example.com) [y](README.md#errors) `configuration/config.py` `lambdas/`",
        "`.quarry/sandbox.json` `/v1/models` `environments/NAME.yaml` `application/json`",
        "`make up PORT=1 AWS_PORT=2` `make test` `quarry keys create NAME --expires 14d` `quarry chat -`",
        "`python -m sandbox exec -- aws --version` `python -m sandbox inventory --except CDKToolkit` `QUARRY_STATE`",
        "`tests/test_documents.py::test_snippets_are_valid`",
    ],
)
def test_what_is_right_is_let_through(text: str) -> None:
    assert [check(Document(PROJECT / "README.md", text)) for check in CHECKS] == [[]] * len(CHECKS)


PARTS: Final = (reference.PART, clients.PART, tunable.PART, unproven.PART)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_that_is_made_is_current(part: Part) -> None:
    assert part.inserted(part.text) == part.text, f"run `{part.command}`"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_is_made_by_the_command_that_it_names(part: Part) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition(f"\n{part.command.removeprefix('make ')}: ")[2].partition("\n\n")[0]
    (module,) = (one.__name__ for one in (reference, clients, tunable, unproven) if part == one.PART)

    assert f"python -m {module}\n" in f"{recipe}\n"


def test_what_was_between_the_markers_is_replaced() -> None:
    part = Part(name="sum", document="README.md", command="make sum", lines=lambda: ["one", "two"])
    once = part.inserted("before <!-- sum: written by `make sum` --> old <!-- /sum --> after")

    assert once == "before <!-- sum: written by `make sum` -->\n\none\ntwo\n<!-- /sum --> after"
    assert part.inserted(once) == once
    for text in ("", "<!-- /sum -->", "<!-- sum: written by `make sum` -->"):
        with pytest.raises(ValueError, match="has no <!-- sum"):
            part.inserted(text)


def test_the_page_of_clients_shows_the_files_that_are_run() -> None:
    assert {*clients.clients(), clients.INDEX.name} == {path.name for path in clients.SAMPLES.iterdir()}


def test_all_metrics_are_in_the_operations_guide() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "lambdas").rglob("*.py")]
    calls = [call for source in sources for call in re.findall(r"\b(?:count|add_metric)\((.*)", source)]
    names = {name for call in calls for name in re.findall(r'"([A-Z]\w+)"', call)}
    guide = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert {"Requests", "ChatAnswered", "ChatRefused", "InputTokens", "ReservationsSwept"} <= names
    assert {name for name in names if f"`{name}`" not in guide} == set()


def test_each_promise_of_the_operations_guide_has_a_test_that_tries_to_break_it() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert guide.count("\n## What is promised") == 1
    assert rows_that_nothing_tries(guide) == []


@pytest.mark.parametrize("row", ["a | b | c", "a | b | `tests/test_documents.py`", "a | `tests/a.py::test_a`"])
def test_a_promise_without_a_test_is_found(row: str) -> None:
    table = "| promise | what could break it | the test that tries |\n| --- | --- | --- |\n"
    table = f"\n## What is promised\n\n{table}| a | b | `tests/a.py::test_a` |\n"

    assert rows_that_nothing_tries(f"{table}| {row} |\n\n## Else\n\n| c |\n") == [row]
