"""JupyterLab for the spaces of Studio, if it is asked for: where it is installed, apart from everything else.

``make up STUDIO=1`` installs it into an environment of its own, with what notebooks import.
"""

import os
from pathlib import Path
from typing import Final

PACKAGES_VARIABLE: Final = "SANDBOX_STUDIO_PACKAGES"

_PROJECT: Final = Path(__file__).resolve().parent.parent


class JupyterLabError(Exception):
    """JupyterLab cannot be had; the message says what to do."""


def environment() -> Path:
    """Return the virtual environment that JupyterLab is installed in.

    Raises:
        JupyterLabError: it is not installed there.
    """
    folder = Path(os.environ.get(PACKAGES_VARIABLE) or _PROJECT / ".cache" / "studio").absolute()
    if not (folder / "bin" / "jupyter-lab").is_file():
        raise JupyterLabError(f"JupyterLab is not installed in {folder}; `make up STUDIO=1` installs it")
    return folder
