"""What shares something costly runs in one process: two would each make it, and neither would see what the other did."""

from pathlib import Path

from tests.conftest import TOGETHER

SANDBOX = Path(__file__).parent / "sandbox"


def test_each_folder_with_one_deployment_for_all_its_tests_is_run_together() -> None:
    conftests = [found for found in SANDBOX.rglob("conftest.py") if 'scope="session"' in found.read_text()]
    shared = {f"tests/{found.parent.relative_to(SANDBOX.parent).as_posix()}/" for found in conftests}

    assert shared
    assert shared - TOGETHER.keys() == set()
