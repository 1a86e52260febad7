"""Arguments and options that commands about data sets share, and how a file becomes a report."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from lambdas.catalogue.customization import MethodFacts, NotTunableError, TunableModel, find
from lambdas.tuning.data_sets.report import Report
from lambdas.tuning.data_sets.source import local_file
from lambdas.tuning.data_sets.validation import validate
from quarry.command_error import CommandError
from quarry.output import errors

DEFAULT_METHOD = "fine_tuning"
# Below it, a bar would be gone before anybody saw it.
_LONG_FILE = 20_000_000


def _plain_method(name: str) -> str:
    """As AWS writes it, FINE_TUNING, or with hyphens, is the same."""
    return name.lower().replace("-", "_")


DataFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", exists=True, dir_okay=False, readable=True, help="A data set: JSON Lines, one record per line."
    ),
]
Base = Annotated[
    str,
    typer.Option(
        "--base",
        "-b",
        metavar="MODEL_ID",
        help="The model that is to be tuned, as amazon.nova-micro-v1:0; `quarry models list` has them.",
    ),
]
MethodName = Annotated[
    str,
    typer.Option(
        "--method",
        "-m",
        help="How it is tuned: fine_tuning, distillation, reinforcement_fine_tuning or continued_pre_training.",
        callback=_plain_method,
    ),
]
Validation = Annotated[
    Path | None,
    typer.Option(
        "--validation", exists=True, dir_okay=False, readable=True, help="The validation set, if there is one."
    ),
]


def base_model(base: str, method: str) -> tuple[TunableModel, MethodFacts]:
    """Return the model of an id, and what is known of tuning it by a method.

    Raises:
        CommandError: it is not tuned, or not so.
    """
    try:
        model = find(base)
        return model, model.method(method)
    except NotTunableError as error:
        raise CommandError(f"{error}.", exit_code=2) from error


def validated(path: Path, *, base: TunableModel, method: str, validation: Path | None = None) -> Report:
    """Read a file, and the validation set, and return what is to be said of them; with a progress bar if it takes long.

    Raises:
        CommandError: a file cannot be read.
    """
    paths = [path, *([validation] if validation else [])]
    try:
        with ExitStack() as stack:
            read = stack.enter_context(progress(sum(each.stat().st_size for each in paths)))
            sets = [stack.enter_context(local_file(each, read=read)) for each in paths]
            return validate(sets[0], base=base, method=method, validation=sets[1] if validation else None)
    except OSError as error:
        raise CommandError(f"{error.filename or path} cannot be read: {error.strerror}.") from error


def plain_stem(file: Path) -> str:
    """Return a file's name without its end, of characters only that AWS takes in a data set's name."""
    return re.sub(r"[^A-Za-z0-9_\-.]+", "-", file.stem).strip("-") or "data"


@contextmanager
def progress(size: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many bytes more have been read; shows a bar on a terminal, for long files."""
    if size < _LONG_FILE or not errors.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda count: bar.advance(task, count)
