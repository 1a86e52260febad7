"""Where a failure becomes what a terminal shows, and an exit code."""

import pytest

from quarry import cli
from quarry.command_error import CommandError

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
