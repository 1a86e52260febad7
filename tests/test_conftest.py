"""What shares something costly runs in one process; and a test's name is one."""

from pathlib import Path

import pytest

from tests.conftest import NAME_CHARACTERS, TOGETHER, pytest_make_parametrize_id

SANDBOX = Path(__file__).parent / "sandbox"


def test_each_folder_with_one_deployment_for_all_its_tests_is_run_together() -> None:
    conftests = [found for found in SANDBOX.rglob("conftest.py") if 'scope="session"' in found.read_text()]
    shared = {f"tests/{found.parent.relative_to(SANDBOX.parent).as_posix()}/" for found in conftests}

    assert shared
    assert shared - TOGETHER.keys() == set()


@pytest.mark.parametrize("value", ["x" * 6_000_000, "\n" * 200, "é\ud800" * 100, b"\xff" * 1000, "😀" * 101])
def test_a_long_value_names_its_test_in_short(value: str | bytes) -> None:
    named = pytest_make_parametrize_id(value)

    assert named is not None
    assert named.isascii()
    assert named.isprintable()
    assert len(named) <= NAME_CHARACTERS


def test_values_that_begin_alike_have_names_of_their_own() -> None:
    assert pytest_make_parametrize_id("x" * 999 + "a") != pytest_make_parametrize_id("x" * 999 + "b")


@pytest.mark.parametrize("value", ["short", b"short", 10**200, None, ["x" * 1000]])
def test_other_values_are_named_by_pytest(value: object) -> None:
    assert pytest_make_parametrize_id(value) is None
