"""Measuring validation: the file that is made for it, and what a process of it prints."""

from pathlib import Path

import pytest

from benchmarks import data_sets
from benchmarks.measurement import MeasurementError


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of a megabyte."""
    path = tmp_path_factory.mktemp("bench") / "train.jsonl"
    data_sets.write(path, megabytes=1)
    return path


def test_the_file_is_of_the_size_and_always_the_same(file: Path, tmp_path: Path) -> None:
    data_sets.write(tmp_path / "again.jsonl", megabytes=1)

    assert 1_000_000 <= file.stat().st_size < 1_050_000
    assert (tmp_path / "again.jsonl").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("kind", ["ours", "bare"])
def test_a_process_prints_time_and_memory(file: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    data_sets.main(kind, str(file))

    milliseconds, megabytes = map(float, capsys.readouterr().out.split())
    assert milliseconds > 0
    assert megabytes >= 0


def test_a_file_with_mistakes_measures_nothing(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(b"hello\n" * 10)

    with pytest.raises(MeasurementError, match="line 1: the line is not JSON"):
        data_sets.main("ours", str(tmp_path / "train.jsonl"))
