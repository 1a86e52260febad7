"""The inference function laid out the way Lambda has it: ``lambdas/`` alone beside the dependency layer.

Both are what a deployment ships, with its byte code, built for this machine's Python by ``stacks.components``. Nothing
of the virtual environment can be imported.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.child_process import AWS_ENVIRONMENT, TOOLS_ENVIRONMENT, isolated, run
from tests.lambdas.fakes import SETTINGS

# A process of its own, because importing the module starts Node, which would run beside the measurements.
FIND: Final = """
import json
from stacks.components import dependency_layer, function_code
print(json.dumps([str(one.cached(target="host")) for one in (function_code, dependency_layer)]))
"""

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
        code: has ``lambdas/``, with the byte code that is shipped.
        layer: has the third-party packages, likewise.
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


def function_home() -> FunctionHome:
    """Return what a deployment would ship, built now unless it is kept.

    Raises:
        MeasurementError: it cannot be built.
    """
    code, layer = json.loads(run([sys.executable, "-c", FIND], env=TOOLS_ENVIRONMENT).stdout)
    return FunctionHome(code=Path(code), layer=Path(layer) / "python", env=FUNCTION_ENVIRONMENT)


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
