"""No module is longer than a person reads at once, and no function of the sources longer than a screen."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.structure import PROJECT, TOP_FOLDERS

MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 60

# Modules of tests that are longer, from before tests were held to it too. What is split is taken off; nothing is added.
LONG_TESTS: Final = frozenset(
    {
        "tests/configuration/knowledge/test_section.py",
        "tests/lambdas/allowances/test_ledger.py",
        "tests/lambdas/api/dialects/messages/test_conversation.py",
        "tests/lambdas/api/dialects/responses/test_conversation.py",
        "tests/lambdas/api/dialects/responses/test_events.py",
        "tests/lambdas/api/fuzzing.py",
        "tests/lambdas/api/openapi/test_document.py",
        "tests/lambdas/api/routes/test_responses.py",
        "tests/lambdas/api/test_handler.py",
        "tests/lambdas/api/test_messages_app.py",
        "tests/lambdas/chat/test_judged_tools.py",
        "tests/lambdas/chat/test_promoted_aliases.py",
        "tests/lambdas/chat/test_service.py",
        "tests/lambdas/common/test_connections.py",
        "tests/lambdas/common/test_direct.py",
        "tests/lambdas/exchange/test_exchanges.py",
        "tests/lambdas/exchange/test_ingredient.py",
        "tests/lambdas/sessions/test_store.py",
        "tests/lambdas/tuning/fakes.py",
        "tests/lambdas/tuning/test_conductor.py",
        "tests/quarry/chat/test_commands.py",
        "tests/quarry/knowledge/test_documents.py",
        "tests/quarry/tuning/test_convert.py",
        "tests/quarry/workshop/test_commands.py",
        "tests/sandbox/deployments/test_side_by_side.py",
        "tests/sandbox/streaming/deployment.py",
        "tests/sandbox/tuning/test_jobs.py",
        "tests/stacks/inference/test_stack.py",
        "tests/stacks/studio/lifecycle/test_prepare_space.py",
    }
)


def sources() -> list[Path]:
    """Return every module of what is shipped, deployed, typed or run here."""
    folders = [PROJECT / folder for folder in (*TOP_FOLDERS, "benchmarks", "docs")]
    return [PROJECT / "app.py", *sorted(path for folder in folders for path in folder.rglob("*.py"))]


def too_long(path: Path) -> list[str]:
    """Return what of a module is too long."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    found = [f"{lines} lines"] if lines > MODULE_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(f"{node.name}: {length} lines")
    return found


def test_no_module_of_tests_is_too_long_but_those_that_were() -> None:
    long = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "tests").rglob("*.py")
        if path.read_text(encoding="utf-8").count("\n") > MODULE_LINES
    }

    assert long ^ LONG_TESTS == set()


def test_no_module_and_no_function_is_too_long() -> None:
    assert {str(path.relative_to(PROJECT)): found for path in sources() if (found := too_long(path))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n" * 301, ["301 lines"]),
        ("\n" * 300, []),
        ("def long():\n" + "    pass\n" * 60, ["long: 61 lines"]),
        ("class A:\n    async def long(self):\n" + "        pass\n" * 60, ["long: 61 lines"]),
        ("def fits():\n" + "    pass\n" * 59, []),
    ],
)
def test_what_is_too_long_is_found(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "module.py").write_text(text)

    assert too_long(tmp_path / "module.py") == found
