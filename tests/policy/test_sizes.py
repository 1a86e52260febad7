"""No module of the sources is longer than a person reads at once, and no function longer than a screen."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.structure import PROJECT, TOP_FOLDERS

MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 60


def sources() -> list[Path]:
    """Return every module of what is shipped, deployed, typed or run here; tests are apart."""
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
