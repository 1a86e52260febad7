"""Puts samples/notebooks into the form in which git keeps them: ``python -m tests.notebooks``, or ``make notebooks``.

That is what JupyterLab writes, without what changes with each run: no outputs, no counts, no versions.
"""

from pathlib import Path
from typing import Any, Final

import nbformat

from configuration.environment_file import PROJECT

FOLDER: Final = PROJECT / "samples" / "notebooks"
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def paths() -> list[Path]:
    """Return the notebooks, in the order in which they are worked through."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    """Return a notebook, a NotebookNode.

    Raises:
        nbformat.ValidationError: it is none.
    """
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def kept(path: Path) -> str:
    """Return the text that git is to have of a notebook. Ids are left as they are."""
    notebook = read(path)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return str(nbformat.writes(notebook)) + "\n"


def main() -> None:
    """Write every notebook as git keeps it, and say which ones were different."""
    for path in paths():
        text = kept(path)
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"cleared {path.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
