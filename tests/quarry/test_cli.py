"""Where a failure becomes what a terminal shows, and an exit code."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

import pytest
import typer

from quarry import cli
from quarry.command_error import CommandError

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


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_has_an_example_that_the_command_takes(path: tuple[str, ...], command: Any) -> None:
    (examples,) = re.findall(r"^Examples?: (.+)$", command.help, re.MULTILINE)
    for example in examples.split("; "):
        program, *words = shlex.split(example)
        assert (program, *words[: len(path)]) == ("quarry", *path)

        context = command.context_class(command, info_name=path[-1])
        values, left, _ = command.make_parser(context).parse_args(words[len(path) :])

        assert left == []
        assert [one.name for one in command.params if one.required and values.get(one.name) in (None, ())] == []


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_tells_what_every_word_and_option_is(path: tuple[str, ...], command: Any) -> None:
    assert command.help.splitlines()[0].endswith(".")
    assert [one.name for one in command.params if not getattr(one, "help", None) and one.name != "help"] == []
