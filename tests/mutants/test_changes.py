"""Which of mutmut's mutants are looked at, and what is told of them."""

import json
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from tests.mutants import __main__ as command
from tests.mutants.changes import Change, read

MUTATED = '''
class Ledger:
    def xǁLedgerǁfits__mutmut_orig(self, room):
        if room <= self.left and room > 0:
            return "fits"
        return None

    def xǁLedgerǁfits__mutmut_1(self, room):
        if room < self.left and room > 0:
            return "fits"
        return None

    def xǁLedgerǁfits__mutmut_2(self, room):
        if room <= self.left or room > 0:
            return "fits"
        return None

    def xǁLedgerǁfits__mutmut_3(self, room):
        if room <= self.left and room > 0:
            return "XXfitsXX"
        return None


async def x_wait__mutmut_orig(log):
    return await log(1, key="a")


async def x_wait__mutmut_1(log):
    return await log(2, key="a")


async def x_wait__mutmut_2(log):
    return await log(None, key="a")


async def x_wait__mutmut_3(log):
    return await log(1, )
'''
CODES = {"ledger.xǁLedgerǁfits__mutmut_1": 0, "ledger.xǁLedgerǁfits__mutmut_2": 1, "ledger.xǁLedgerǁfits__mutmut_3": 1}
CODES |= {f"ledger.x_wait__mutmut_{number}": 1 for number in (1, 2, 3)}


@pytest.fixture
def mutants(tmp_path: Path) -> Path:
    (tmp_path / "ledger.py").write_text(MUTATED, "utf-8")
    (tmp_path / "ledger.py.meta").write_text(json.dumps({"exit_code_by_key": CODES}), "utf-8")
    return tmp_path


def test_comparisons_operators_and_numbers_are_looked_at_and_texts_and_arguments_are_not(mutants: Path) -> None:
    assert list(read(mutants)) == [
        Change(
            name="ledger.x_wait__mutmut_1",
            function="ledger.wait",
            was="return await log(1, key='a')",
            becomes="return await log(2, key='a')",
        ),
        Change(
            name="ledger.xǁLedgerǁfits__mutmut_1",
            function="ledger.Ledger.fits",
            was="if room <= self.left and room > 0:",
            becomes="if room < self.left and room > 0:",
        ),
        Change(
            name="ledger.xǁLedgerǁfits__mutmut_2",
            function="ledger.Ledger.fits",
            was="if room <= self.left and room > 0:",
            becomes="if room <= self.left or room > 0:",
        ),
    ]


@pytest.mark.parametrize(("survivors", "code"), [(1, 0), (2, 1)])
def test_one_in_ten_may_go_unnoticed_and_is_shown_with_its_reason(
    mutants: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], survivors: int, code: int
) -> None:
    change = next(iter(read(mutants)))
    names = [f"n{number}" for number in range(10)]
    chosen = [Change(name=name, function=change.function, was=change.was, becomes=change.becomes) for name in names]
    codes = {name: int(number >= survivors) for number, name in enumerate(names)}
    (mutants / "ledger.py.meta").write_text(json.dumps({"exit_code_by_key": codes}), "utf-8")
    monkeypatch.setattr(command, "FOLDER", mutants)
    reason = {(change.function, change.was, change.becomes): "left is never all"}
    monkeypatch.setattr(command, "equal_ones", lambda: reason)

    assert command._report(chosen, of=20) == code
    told = capsys.readouterr().out
    assert told.count("left is never all") == survivors
    assert f"{10 - survivors} of 10 mutants noticed ({10 * (10 - survivors)}%), {survivors} equal, of 20" in told


def test_every_reason_is_of_a_function_that_is_there() -> None:
    for (function, was, becomes), because in command.equal_ones().items():
        file = PROJECT.joinpath(*function.split(".")[:3]).with_suffix(".py")
        assert f"def {function.rpartition('.')[2]}(" in file.read_text("utf-8")
        assert was != becomes
        assert because
