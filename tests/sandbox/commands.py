"""``quarry`` in the process of the tests, with an environment of its own: its start takes longer than most work."""

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from quarry import cli


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended: its exit code, what it printed, and what it said on standard error."""

    code: int
    out: str
    err: str


def quarry(*arguments: str, environ: Mapping[str, str]) -> Ended:
    """Run a command. A question finds no answer.

    Args:
        environ: the variables that it finds, besides those that are not AWS's.
    """
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setattr(sys, "argv", ["quarry", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
    code = left.value.code or 0
    assert isinstance(code, int)
    return Ended(code=code, out=out.getvalue(), err=err.getvalue())
