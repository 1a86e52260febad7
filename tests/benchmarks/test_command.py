"""``python -m benchmarks``: the table, JSON, options and exit codes, over measurements that measure nothing."""

import json
from dataclasses import replace

import pytest

from benchmarks.__main__ import Measure, main
from benchmarks.measurement import Measurement, MeasurementError, row


def measurement(name: str, *, ratio: float) -> tuple[Measure, int]:
    """Return a measurement whose target is 2 and whose note names the rounds that it was asked for."""

    def measure(rounds: int, explain: bool) -> Measurement:
        made = row(name, measured=f"our {name}", floor="floor", ours=[ratio * 1000], base=[1000.0], target=2.0)
        return Measurement(rows=[made], notes=[f"{name} had {rounds} rounds{', explained' if explain else ''}"])

    return measure, 7


def broken(_rounds: int, _explain: bool) -> Measurement:
    raise MeasurementError("the upstream did not start")


GOOD = {"cold": measurement("cold", ratio=1.25), "synth": measurement("synth", ratio=3.5)}
HALF = {"warm": (broken, 7), "synth": measurement("synth", ratio=1.0)}


def test_the_table_has_every_row_and_an_over_target_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], measurements=GOOD) == 0

    lines = capsys.readouterr().out.splitlines()
    cold = next(line.split() for line in lines if line.strip().startswith("cold "))
    synth = next(line.split() for line in lines if line.strip().startswith("synth "))
    assert cold[-5:] == ["1,250", "1,000", "1.25", "2.00", "met"]
    assert synth[-5:] == ["3,500", "1,000", "3.50", "2.00", "over"]
    assert any("Over target: synth" in line for line in lines)


def test_only_runs_and_explain_reach_the_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "synth", "--runs", "3", "--explain"], measurements=GOOD) == 0

    printed = capsys.readouterr().out
    assert "synth had 3 rounds, explained" in printed
    assert "cold" not in printed


def test_json_has_machine_rows_notes_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"], measurements=GOOD) == 0

    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"machine", "rows", "notes", "failures"}
    assert document["rows"][0] == {
        "row": "cold",
        "measured": "our cold",
        "floor": "floor",
        "ours_ms": 1250.0,
        "floor_ms": 1000.0,
        "ratio": 1.25,
        "target": 2.0,
        "verdict": "met",
        "samples": 1,
    }
    assert document["failures"] == {}
    assert set(document["machine"]) == {"python", "cpus", "load"}


def test_what_is_done_in_a_second_is_in_the_table_and_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_rounds: int, _explain: bool) -> Measurement:
        made = row("throughput", measured="streams", floor="floor", ours=[1.0], base=[1.0])
        return Measurement(rows=[replace(made, per_second={"streams": 1234.56})])

    assert main([], measurements={"throughput": (measure, 1)}) == 0
    assert "1,235 streams/s" in " ".join(capsys.readouterr().out.split())

    assert main(["--json"], measurements={"throughput": (measure, 1)}) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["per_second"] == {"streams": 1234.6}


def test_a_failed_measurement_gives_exit_code_1_and_its_reason_beside_the_other_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([], measurements=HALF) == 1

    printed = capsys.readouterr()
    assert "warm could not be measured: the upstream did not start" in printed.err
    assert "our synth" in printed.out


def test_a_failed_measurement_is_in_the_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--only", "warm"], measurements=HALF) == 1

    document = json.loads(capsys.readouterr().out)
    assert document["failures"] == {"warm": "the upstream did not start"}
    assert document["rows"] == []


@pytest.mark.parametrize("arguments", [["--runs", "0"], ["--runs", "many"], ["--only", "lunch"]])
def test_bad_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, measurements=GOOD)

    assert ended.value.code == 2
    assert arguments[1] in capsys.readouterr().err
