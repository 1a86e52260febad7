"""The inference function laid out the way Lambda has it: ``lambdas/`` alone beside the dependency layer.

The layer is the real one, pruned, built for this machine by ``stacks.components.dependency_layer``. Nothing of the
virtual environment can be imported.
"""

import compileall
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.child_process import AWS_ENVIRONMENT, PROJECT, TOOLS_ENVIRONMENT, isolated, run
from tests.lambdas.fakes import SETTINGS

# A process of its own, because importing the module starts Node, which would run beside the measurements.
FIND_LAYER: Final = "from stacks.components.dependency_layer import cached\nprint(cached(target='host') / 'python')"

FUNCTION_ENVIRONMENT: Final = {
    **AWS_ENVIRONMENT,
    **SETTINGS.to_env(),
    "POWERTOOLS_SERVICE_NAME": "inference",
    "POWERTOOLS_METRICS_NAMESPACE": "Quarry",
    "METRICS_ENVIRONMENT": "bench",
}


@dataclass(frozen=True, kw_only=True)
class FunctionHome:
    """Where the function's imports come from, and its environment variables.

    Attributes:
        code: has ``lambdas/``, with byte code.
        layer: has the third-party packages, with the byte code that pip made.
    """

    code: Path
    layer: Path
    env: dict[str, str]

    @property
    def python_path(self) -> list[Path]:
        """In Lambda's order: the function's code, then the layer."""
        return [self.code, self.layer]

    @property
    def isolated_env(self) -> dict[str, str]:
        """The variables for an interpreter that finds the function and nothing of the virtual environment."""
        return isolated(self.env, self.python_path)


@contextmanager
def function_home() -> Iterator[FunctionHome]:
    """Lay the function out in a temporary folder, for the time of the block.

    Raises:
        MeasurementError: the layer cannot be built.
    """
    found = run([sys.executable, "-c", FIND_LAYER], env=TOOLS_ENVIRONMENT).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        code = Path(folder) / "code"
        copy_sources(PROJECT / "lambdas", code / "lambdas")
        compileall.compile_dir(code, quiet=2)
        yield FunctionHome(code=code, layer=Path(found), env=FUNCTION_ENVIRONMENT)


@contextmanager
def without_byte_code(home: FunctionHome) -> Iterator[FunctionHome]:
    """The same function with sources only, for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        code, layer = Path(folder) / "code", Path(folder) / "layer"
        copy_sources(home.code, code)
        copy_sources(home.layer, layer)
        yield FunctionHome(code=code, layer=layer, env=home.env)


def copy_sources(source: Path, destination: Path) -> None:
    """Copy a folder without byte code."""
    shutil.copytree(source, destination, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
