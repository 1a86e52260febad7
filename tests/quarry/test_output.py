"""Nothing that a model, a document's name or AWS says is obeyed by the terminal, whatever way it takes."""

import io
import json
import unicodedata
from collections.abc import Callable

import pytest
from rich.console import Console

from quarry import output

EVIL = (
    "\x1b]0;pwned title\x07\x1b[31mred\x1b[0m \x1b]52;c;cHduZWQ=\x07 \x1b[2J\x1b[H \x9b31m \x90q\x9c \u202eevil\u2069 "
    "\u200f\u061c \x08\x08\x7f\x00 \r overwritten \u2028 \ud800"
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What both consoles write, as on a terminal with colours."""
    stream = io.StringIO()
    for name in ("console", "errors"):
        kind = type(getattr(output, name))
        assert issubclass(kind, Console)
        monkeypatch.setattr(
            output, name, kind(file=stream, force_terminal=True, highlight=False, _environ={"TERM": "xterm-256color"})
        )
    return stream


def print_progress(text: str) -> None:
    with output.tell_progress() as tell:
        tell(text)


@pytest.mark.parametrize(
    "say",
    [
        output.print_text,
        output.print_note,
        output.print_part,
        output.print_json,
        lambda text: output.print_json({text: [text]}),
        lambda text: output.print_text(text, style="bold"),
        lambda text: output.print_table((text, "b"), [(text, text)]),
        print_progress,
    ],
)
def test_only_our_own_styles_reach_the_terminal(written: io.StringIO, say: Callable[[str], None]) -> None:
    say("before " + EVIL + " after")

    said = written.getvalue()
    assert "before" in said
    assert "after" in said
    for obeyed in ("\x1b]", "\x1b[31mred", "\x1b[H", "\x07", "\x08", "\x00", "\ud800", "\u2028"):
        assert obeyed not in said
    left = {one for one in said if unicodedata.category(one) == "Cc"} - set("\n\t\x1b\r")
    assert not left
    assert not set(said) & set("\u202e\u2069\u200f\u061c")


def test_json_is_escaped_and_stays_json(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "console", type(output.console)(file=written, highlight=False))

    output.print_json({"é": EVIL})

    assert json.loads(written.getvalue()) == {"é": EVIL}
    assert "é" in written.getvalue()
    assert not {one for one in written.getvalue() if unicodedata.category(one) in ("Cc", "Cf")} - {"\n"}


def test_text_that_is_harmless_stays_as_it_is(written: io.StringIO) -> None:
    output.print_text("a\tb\nc\r\nd ✓ 日本語 👩‍🔬")

    assert "b\nc\nd ✓ 日本語 👩‍🔬" in written.getvalue()


def test_a_row_stays_a_line(written: io.StringIO) -> None:
    output.print_table(("name",), [("a\nb\tc",)])

    assert written.getvalue().splitlines()[1] == "a\\nb\\tc"


def test_a_question_is_asked_without_what_a_terminal_obeys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    assert output.confirm("Delete \x1b[2J?", otherwise="Nothing was deleted")
    assert "\x1b" not in capsys.readouterr().err
