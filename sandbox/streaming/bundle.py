"""A function's code and layers on disk, and the environment and command that its process starts with.

Both are MiniStack's own: the folders of its content-addressed cache, and what it gives the processes of its workers.
"""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ministack.core.lambda_runtime import HOST_PREFIX_ENV, execution_credentials
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from sandbox.streaming.adapter import PORT_VARIABLES
from sandbox.streaming.function import Function

_LAYER_PYTHON: Final = "/opt/python"
_RUNTIME: Final = "/var/runtime"


class BundleError(Exception):
    """The function's code cannot be run; the message is for its owner."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A function that is ready to be started.

    Attributes:
        code: folder of its code, the working directory of its processes.
        layers: folders of its layers, in their order.
        command: the program that starts its server.
        warnings: what works here and would not on AWS.
    """

    code: Path
    layers: tuple[Path, ...]
    command: tuple[str, ...]
    warnings: tuple[str, ...]


def unpack(function: Function) -> Bundle:
    """Put code and layers on disk, once for all processes of the function. Blocks: not for an event loop.

    Raises:
        BundleError: there is no code, or its handler is not a file in it.
    """
    archive = function.record.get("code_zip")
    if not archive:
        raise BundleError("no code was deployed")
    with request_scope(function.key.account, function.key.region):
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in function.config.get("Layers") or []]
    code = Path(lambda_svc._docker_extracted_dir(archive, "code"))
    # The adapter's own layer belongs to AWS's account and is not here: what it does is done by this package.
    folders = tuple(Path(lambda_svc._docker_extracted_dir(layer, "layer")) for layer in layers if layer)
    script = code / function.config["Handler"]
    if not script.is_file():
        raise BundleError(f"the handler {function.config['Handler']!r} is not a file in the code")
    return Bundle(
        code=code, layers=folders, command=_command(script), warnings=tuple(_warnings(function, script, folders))
    )


def _command(script: Path) -> tuple[str, ...]:
    """The script itself, or its interpreter where the archive does not say that it is executable."""
    with script.open("rb") as file:
        first = file.readline(256).decode(errors="replace")
    named = tuple(shlex.split(first.removeprefix("#!"))) if first.startswith("#!") else ()
    if named and os.access(script, os.X_OK):
        return (str(script),)
    return (*(named or ("/bin/sh",)), str(script))


def _warnings(function: Function, script: Path, layers: tuple[Path, ...]) -> list[str]:
    found = []
    if not os.access(script, os.X_OK):
        found.append(f"{script.name} is not executable in the code's archive: on AWS the function would not start")
    named = function.environment.get("PYTHONPATH", "") + script.read_text(errors="replace")
    if _LAYER_PYTHON not in named and any((layer / "python").is_dir() for layer in layers):
        found.append(
            f"neither {script.name} nor the variable PYTHONPATH names {_LAYER_PYTHON}: on AWS a function behind the "
            f"adapter would not find its layers' packages; write PYTHONPATH={_LAYER_PYTHON}:$PYTHONPATH"
        )
    return found


def environment(function: Function, bundle: Bundle, *, port: int, log_stream: str) -> dict[str, str]:
    """The whole environment of a process that is to listen on ``port``, with credentials of the function's role."""
    config, key, variables = function.config, function.key, function.environment
    packages = os.pathsep.join(str(path) for layer in bundle.layers for path in _python_paths(layer)) or _RUNTIME
    programs = [str(Path(sys.executable).parent), *(str(layer / "bin") for layer in bundle.layers)]
    given = {**os.environ, **variables}
    with request_scope(key.account, key.region):
        credentials = execution_credentials(config)
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}",
        HOST_PREFIX_ENV: "true",
        **given,
        **credentials,
        **dict.fromkeys(PORT_VARIABLES, str(port)),
        "AWS_REGION": key.region,
        "AWS_DEFAULT_REGION": key.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', '')}",
        "AWS_LAMBDA_FUNCTION_NAME": key.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_VERSION": key.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{key.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": str(bundle.code),
        # There is no /opt here, so this stands for the layers too, in PYTHONPATH and in scripts that set that anew,
        # as PYTHONPATH=/opt/python:$LAMBDA_RUNTIME_DIR.
        "LAMBDA_RUNTIME_DIR": packages,
        "PATH": os.pathsep.join([*programs, given.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join([packages, *filter(None, [variables.get("PYTHONPATH")])]),
        "_HANDLER": config["Handler"],
        "_LAMBDA_FUNCTION_ARN": config["FunctionArn"],
        "_LAMBDA_TIMEOUT": str(config.get("Timeout", 3)),
    }


def _python_paths(layer: Path) -> list[Path]:
    """Where a layer's Python packages lie: in ``python`` or in ``python/lib/python3.x/site-packages``."""
    root = layer / "python"
    return [path for path in (root, *sorted(root.glob("lib/python*/site-packages"))) if path.is_dir()]
