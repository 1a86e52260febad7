"""The notebooks as git has them: no outputs, ids with names, links that lead somewhere, prices of the catalogue."""

import ast
import itertools
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lambdas.catalogue import prices
from lambdas.catalogue.compiled import load
from tests import notebooks

PATHS = notebooks.paths()
_ID = re.compile(r"[a-z]+[0-9]?(-[a-z]+[0-9]?)*")  # named after what the cell does; tools give them at random
_MOST_LINES = 40


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def wrong_ids(notebook: Any) -> list[str]:
    """Return the ids of cells that are not names, or not the only one of their name."""
    ids = [cell.id for cell in notebook.cells]
    return [one for one in ids if not _ID.fullmatch(one) or ids.count(one) > 1]


def texts(path: Path, kind: str) -> list[str]:
    return [str(cell.source) for cell in notebooks.read(path).cells if cell.cell_type == kind]


def test_there_are_nine_numbered_one_after_the_other() -> None:
    assert [path.name.partition("-")[0] for path in PATHS] == [f"{number:02}" for number in range(1, 10)]


def test_git_has_no_outputs_no_counts_and_no_versions(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == notebooks.kept(path), "after running one: make notebooks"


def test_a_notebook_that_was_run_is_seen_and_cleared(tmp_path: Path) -> None:
    clean = PATHS[0].read_text(encoding="utf-8")
    notebook = nbformat.reads(clean, as_version=4)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    code.outputs = [nbformat.v4.new_output("stream", text="Connected to http://localhost:8787/v1\n")]
    code.execution_count, code.metadata = 1, {"scrolled": True}
    notebook.metadata["language_info"]["version"] = "3.12.1"
    ran = tmp_path / "ran.ipynb"
    nbformat.write(notebook, ran)

    assert ran.read_text(encoding="utf-8") != clean
    assert notebooks.kept(ran) == clean


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.ipynb").write_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', encoding="utf-8")

    with pytest.raises(nbformat.ValidationError):
        notebooks.read(tmp_path / "no.ipynb")


def test_ids_are_names_and_those_of_tools_are_seen(path: Path) -> None:
    assert wrong_ids(notebooks.read(path)) == []
    at_random = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="8f0c3a1d")])
    assert wrong_ids(at_random) == ["8f0c3a1d"]


def test_each_begins_with_its_number_and_its_endpoint_and_leads_to_the_next(path: Path) -> None:
    number = int(path.name.partition("-")[0])
    markdown, code = texts(path, "markdown"), texts(path, "code")

    assert markdown[0].startswith(f"# {number} ")
    assert "import endpoint" in code[0]
    assert "endpoint.connect()" in code[0]
    following = dict(itertools.pairwise(PATHS)).get(path)
    assert following is None or f"({following.name})" in markdown[-1]


def test_cells_are_short_and_reach_nothing_but_the_endpoint(path: Path) -> None:
    for source in texts(path, "code"):
        assert source.count("\n") < _MOST_LINES
        assert not re.search(r"https?://|^[%!]", source, re.MULTILINE)


def test_links_lead_to_files_beside_them(path: Path) -> None:
    for source in texts(path, "markdown"):
        for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", source):
            assert (path.parent / target).exists(), target


def test_the_prices_of_calls_and_what_can_be_tuned_are_the_catalogues() -> None:
    (path,) = notebooks.FOLDER.glob("08-*.ipynb")
    (source,) = (source for source in texts(path, "code") if "PRICES = {" in source)
    assigned = next(line for line in ast.parse(source).body if isinstance(line, ast.Assign))

    shown = ast.literal_eval(assigned.value)

    tunable = {model.customization_id: model.model_id for model in load().models if model.customization_id}
    assert set(shown) <= set(tunable)
    for base, price in shown.items():
        known = prices.price(tunable[base], scope="in_region")
        assert known is not None
        assert (price["input"], price["output"]) == (known.input, known.output)
