"""Validating a data set for tuning: its speed beside a bare decode of the same file, and the memory that it takes.

``DATA_SET_MB=100 python -m benchmarks --only data_sets`` measures a smaller file than the one of 1 GB.
"""

import dataclasses
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.child_process import TOOLS_ENVIRONMENT, run
from benchmarks.measurement import Measurement, MeasurementError, Row, interleaved, row
from lambdas.catalogue.customization import find
from lambdas.tuning.data_sets.source import local_file
from lambdas.tuning.data_sets.validation import validate

# At least 0.6 of the bare decode's throughput.
TARGET: Final = round(1 / 0.6, 2)
MOST_MB: Final = 150
BASE: Final = "amazon.nova-micro-v1:0"

NOTE: Final = (
    "validation: processor time of a process of its own for each sample, without its start. The file has conversations "
    "of one to three exchanges, prompts of 40 to 4,000 characters, one text in twenty with characters outside ASCII. "
    "The bare decode is msgspec's, line by line, without types."
)

_SAID: Final = (
    "the order of my parcel is late and nobody answers when can you tell me where it was sent thank you for help with "
    "this invoice please change address to new street number account password reset does not work since update weather "
    'today great terrible lovely train delayed again coffee at station: why? (see below) "quoted" 12.50 EUR'
)
_OTHER: Final = ("café", "naïve", "“quoted”", "München", "не знаю", "你好", "🙂")


def records(seed: int = 7) -> Iterator[bytes]:
    """Yield lines of a data set, without end and always the same; hardly any is there twice."""
    chance = random.Random(seed)
    text = " ".join(chance.choices(_SAID.split(), k=200_000))
    while True:
        messages = []
        for _ in range(chance.choice((1, 1, 1, 1, 1, 1, 2, 3))):
            for role, low, high in (("user", 40, 4000), ("assistant", 8, 1500)):
                length = int(low * (high / low) ** chance.random())
                start = chance.randrange(len(text) - length)
                said = text[start : start + length].strip() + "."
                if chance.random() < 0.05:
                    said += f" {chance.choice(_OTHER)}"
                messages.append({"role": role, "content": [{"text": said}]})
        system = [{"text": "You answer customers of a shop, in one sentence."}]
        record = {"schemaVersion": "bedrock-conversation-2024", "system": system, "messages": messages}
        yield msgspec.json.encode(record) + b"\n"


def write(path: Path, *, megabytes: int) -> None:
    """Write a data set of about that size."""
    left = megabytes * 1_000_000
    with path.open("wb") as file:
        for line in records():
            file.write(line)
            left -= len(line)
            if left <= 0:
                return


def measure(rounds: int, _explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind over one generated file.

    Raises:
        MeasurementError: a process failed, or the file has another problem than its number of records.
    """
    megabytes = int(os.environ.get("DATA_SET_MB", "1000"))
    growth: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.jsonl"
        write(path, megabytes=megabytes)

        def sample(kind: str) -> list[float]:
            said = run([sys.executable, "-m", "benchmarks.data_sets", kind, str(path)], env=TOOLS_ENVIRONMENT).stdout
            taken, grown = map(float, said.split())
            if kind == "ours":
                growth.append(grown)
            return [taken]

        ours, bare = interleaved(rounds, lambda: sample("ours"), lambda: sample("bare"))
    timed = row(
        "validation",
        measured=f"validating {megabytes:,} MB",
        floor="decoding its lines",
        ours=ours,
        base=bare,
        target=TARGET,
    )
    memory = Row(
        name="validation, MB",
        measured="resident memory above the start, MB",
        floor=f"{MOST_MB} MB",
        ours_ms=max(growth),
        floor_ms=MOST_MB,
        samples=len(growth),
        target=1.0,
    )
    rates = {"MB": megabytes / timed.ours_ms * 1000}
    bare_rate = megabytes / timed.floor_ms * 1000
    return Measurement(
        rows=[dataclasses.replace(timed, per_second=rates), memory],
        notes=[
            NOTE,
            f"validation: the bare decode reads {bare_rate:,.0f} MB a second; memory is of {MOST_MB} MB, not ms.",
        ],
    )


def _bare(path: Path) -> None:
    decode = msgspec.json.decode
    with path.open("rb") as file:
        for line in file:
            decode(line)


def _ours(path: Path) -> None:
    with local_file(path) as data_set:
        report = validate(data_set, base=find(BASE))
    others = [problem for problem in report.problems if problem.rule not in ("many-records", "few-records")]
    if others:
        raise MeasurementError(f"line {others[0].line}: {others[0].message}")


def _peak_mb() -> float:
    """Return the most memory that this process has had; 0 where that cannot be read."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    (peak,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak) / 1000


def main(kind: str, path: str) -> None:
    """Print how many milliseconds of processor time, and how many MB, validating or decoding a file takes."""
    find(BASE)
    before, start = _peak_mb(), time.process_time()
    (_ours if kind == "ours" else _bare)(Path(path))
    sys.stdout.write(f"{(time.process_time() - start) * 1000} {_peak_mb() - before}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
