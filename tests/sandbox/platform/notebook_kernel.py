"""Runs notebooks top to bottom, as `Run all` does, and tells what each cell showed."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from tests.waiting import PATIENCE

Shown = dict[str, str]


class Kernel:
    """One Python that serves all notebooks, one after the other, since its start takes longer than they do."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client

    def run(self, notebook: Any, environ: Mapping[str, str]) -> Shown:
        """Run a notebook from its first cell, with these environment variables and with nothing that others left.

        Returns:
            For each code cell's id what it printed, or its last value as text.

        Raises:
            nbclient.exceptions.CellExecutionError: a cell failed; the message has the cell and what it showed.
            AssertionError: a cell wrote to the standard error, as warnings do.
        """
        start = f"%reset -f\nimport os\nos.environ.clear()\nos.environ.update({dict(environ)!r})\ndel os"
        self._client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(start), *notebook.cells])
        self._client.reset_execution_trackers()
        for number, cell in enumerate(self._client.nb.cells):
            self._client.execute_cell(cell, number)
        return {cell.id: _shown(cell) for cell in notebook.cells if cell.cell_type == "code"}


def _shown(cell: Any) -> str:
    texts = []
    for output in cell.outputs:
        assert output.get("name") != "stderr", f"cell {cell.id} wrote to the standard error: {output.text}"
        texts.append(output.text if output.output_type == "stream" else output.data["text/plain"])
    return "".join(texts)


@contextmanager
def kernel(folder: Path, environ: Mapping[str, str]) -> Iterator[Kernel]:
    """Start a kernel in ``folder``, and end it."""
    # Sockets of the file system, whose names must be short: those of TCP are open to whoever is on this machine, and
    # the kernel warns of it. Beside them the connection's file, which would else be in the home directory.
    with tempfile.TemporaryDirectory(prefix="kernel-") as place:
        manager = AsyncKernelManager(
            kernel_name="python3", transport="ipc", connection_file=f"{place}/kernel.json", ip=f"{place}/s"
        )
        client = NotebookClient(
            nbformat.v4.new_notebook(), km=manager, timeout=int(PATIENCE), startup_timeout=int(PATIENCE)
        )
        with client.setup_kernel(cleanup_kc=True, cwd=str(folder), env=dict(environ)):
            yield Kernel(client)
