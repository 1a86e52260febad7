"""``quarry tune split``: one data set into what is learnt, what is watched and what is measured."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from lambdas.tuning.data_sets.json_line import decode
from lambdas.tuning.data_sets.report import Finding
from quarry.command_error import CommandError
from quarry.options import AsJson
from quarry.output import print_json, print_table
from quarry.tuning.examples import NoExampleError, example_of
from quarry.tuning.options import DataFile, plain_stem, progress

_PARTS: Final = ("train", "validation", "test")


def split(
    file: DataFile,
    validation: Annotated[
        float, typer.Option("--validation", min=0, max=0.9, help="Share of the validation set; 0 for none.")
    ] = 0.1,
    test: Annotated[
        float, typer.Option("--test", min=0, max=0.9, help="Share of the held-out test set; 0 for none.")
    ] = 0.1,
    folder: Annotated[
        Path | None, typer.Option("--output-dir", "-o", file_okay=False, help="Where to write. Default: beside FILE.")
    ] = None,
    seed: Annotated[str, typer.Option("--seed", help="Another word deals records out anew.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deal a data set's records out to a training, a validation and a test set.

    Where a record goes is decided by its prompt alone: it stays there when the data grows, and the same prompt is
    never in two sets. What is there twice is written once. The test set is what base and tuned model are compared on;
    nothing of it is learnt.

    Example: quarry tune split tweets.jsonl --validation 0 --test 0.2
    """
    if validation + test >= 1:
        raise CommandError(f"Nothing would be left to learn: {validation:g} + {test:g} is not below 1.", exit_code=2)
    shares = {"validation": validation, "test": test}
    stem = plain_stem(file)
    paths = {
        part: (folder or file.parent) / f"{stem}-{part}.jsonl" for part in _PARTS if part == "train" or shares[part]
    }
    for path in paths.values():
        if path.exists() and not force:
            raise CommandError(f"{path} is there already; --force writes over it.", exit_code=2)
    try:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        counts, duplicates = _dealt(
            file, paths, lambda prompt: part_of(prompt, validation=validation, test=test, seed=seed)
        )
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read or written: {error.strerror}.") from error
    _report(counts, paths, duplicates=duplicates, as_json=as_json)
    empty = [part for part, count in counts.items() if not count]
    if empty:
        raise CommandError(
            f"No record came into {' and '.join(empty)}: there are too few; take a larger share, or another --seed."
        )


def part_of(prompt: str, *, validation: float, test: float, seed: str = "") -> str:
    """Return where a prompt goes: "train", "validation" or "test"."""
    plain = " ".join(prompt.split()).casefold()
    digest = hashlib.sha256(f"{seed}\0{plain}".encode("utf-8", "surrogatepass")).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"


def _dealt(file: Path, paths: dict[str, Path], part_for: Callable[[str], str]) -> tuple[dict[str, int], int]:
    """Write each record once, into its part's file; return how many went where, and how many were there twice.

    Args:
        part_for: returns the part of a prompt.

    Raises:
        CommandError: a line is no record.
        OSError: a file cannot be read or written.
    """
    counts = dict.fromkeys(paths, 0)
    duplicates = 0
    seen: set[bytes] = set()
    with ExitStack() as stack:
        read = stack.enter_context(progress(file.stat().st_size))
        # Nothing is begun before the whole file has been seen to be one.
        files: dict[str, IO[bytes]] = {}
        for content, prompt, same in _records(file):
            read(len(content) + 1)
            if same in seen:
                duplicates += 1
                continue
            seen.add(same)
            if not files:
                files = {name: stack.enter_context(path.open("wb")) for name, path in paths.items()}
            part = part_for(prompt)
            files[part].write(content + b"\n")
            counts[part] += 1
    return counts, duplicates


def _records(file: Path) -> Iterator[tuple[bytes, str, bytes]]:
    """Yield a record's line, its prompt, and what is the same for equal records.

    Raises:
        CommandError: a line is no record.
    """
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            content = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
            if not content:
                continue
            value = decode(content)
            if isinstance(value, Finding):
                raise CommandError(f"Line {number} of {file.name}: {value.message}; {value.fix}.")
            try:
                example = example_of(value, only_text=False)
            except NoExampleError as error:
                raise CommandError(f"Line {number} of {file.name} is no record that can be split: {error}.") from error
            told = "\0".join((example.system or "", *(f"{role}\0{text}" for role, text in example.turns)))
            same = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            asked = "\n".join(text for role, text in example.turns if role == "user")
            yield content, asked, same


def _report(counts: dict[str, int], paths: dict[str, Path], *, duplicates: int, as_json: bool) -> None:
    if as_json:
        sets = {part: {"file": str(paths[part]), "records": count} for part, count in counts.items()}
        print_json({"sets": sets, "records": sum(counts.values()), "duplicates": duplicates})
        return
    rows = [(part, f"{count:,}", str(paths[part])) for part, count in counts.items()]
    print_table(("set", "records", "file"), [*rows, ("left out, there twice", f"{duplicates:,}", "")])
