"""Where a failure becomes what a terminal shows, and an exit code, the same of every command."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

import pytest
import typer

from quarry import cli
from quarry.command_error import CommandError
from tests.quarry.conftest import Run

ROOT: Final[Any] = typer.main.get_command(cli.app)
HOSTILE = "\x1b]0;owned\x07 \x9b31m \u202eevil"


@pytest.mark.parametrize(
    ("failure", "code"),
    [(CommandError(HOSTILE, exit_code=2), 2), (ValueError(HOSTILE), 1)],
    ids=["foreseen", "unforeseen"],
)
def test_no_failure_tells_the_terminal_anything(
    failure: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as left:
        cli.main()

    told = capsys.readouterr().err
    assert left.value.code == code
    assert "evil" in told
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(told)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each command with its words, as (("keys", "list"), command)."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS: Final = list(commands(ROOT))


def examples(command: Any) -> list[list[str]]:
    """Return the words of a command's examples, without the program's name."""
    (told,) = re.findall(r"^Examples?: (.+)$", command.help, re.MULTILINE)
    assert {example.split()[0] for example in told.split("; ")} == {"quarry"}
    return [shlex.split(example)[1:] for example in told.split("; ")]


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_has_an_example_that_the_command_takes(path: tuple[str, ...], command: Any) -> None:
    for words in examples(command):
        assert tuple(words[: len(path)]) == path

        context = command.context_class(command, info_name=path[-1])
        values, left, _ = command.make_parser(context).parse_args(words[len(path) :])

        assert left == []
        assert [one.name for one in command.params if one.required and values.get(one.name) in (None, ())] == []


# What asks no AWS for its work: files here, the endpoint, or a file that the example only names.
WITHOUT_AWS: Final = frozenset(
    {"chat", "cost", "knowledge ask", "models list", "models show", "tune start", "workshop plan"}
)


def test_an_environment_that_there_is_not_is_exit_code_2_of_every_command(run: Run) -> None:
    codes = {
        " ".join(path): run(*examples(command)[0], "--environment", "nowhere").code
        for path, command in COMMANDS
        if any("--environment" in one.opts for one in command.params)
    }

    assert len(codes) > len(WITHOUT_AWS)
    assert {name for name, code in codes.items() if code != 2} == set()


def test_without_credentials_it_is_exit_code_1_of_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")

    # Those of a workshop find before that the environment has none.
    ended = {
        " ".join(words): run(*words)
        for path, command in COMMANDS
        if path[0] != "workshop"
        and " ".join(path) not in WITHOUT_AWS
        and any("--environment" in one.opts for one in command.params)
        for words in examples(command)
    }

    assert ended
    assert {words: ran.code for words, ran in ended.items() if ran.code != 1} == {}
    assert [words for words, ran in ended.items() if "There are no credentials for AWS" not in ran.err] == []


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_tells_what_every_word_and_option_is(path: tuple[str, ...], command: Any) -> None:
    assert command.help.splitlines()[0].endswith(".")
    assert [one.name for one in command.params if not getattr(one, "help", None) and one.name != "help"] == []
