"""The program that runs in the background: MiniStack with what it lacks, and the front door, in one event loop.

Started by :mod:`sandbox.process`, which prepares its environment; MiniStack reads its settings when it is imported.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from sandbox import control, jupyter_lab, language_model
from sandbox.connection import ACCESS_KEY_ID
from sandbox.language_model import Choice, LanguageModel, ModelError
from sandbox.process import SECRET_VARIABLE, start_time
from sandbox.state import Record, StateDirectory

_GRACE_SECONDS = 2.0
_IDLE_SECONDS = 75

_logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then exit with 0, or with 1 after an error that is in the log."""
    parser = argparse.ArgumentParser(prog="sandbox.server", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--aws-port", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rest-api")
    parser.add_argument("--model")
    parser.add_argument("--model-name")
    parser.add_argument("--studio", action="store_true")
    options = parser.parse_args(arguments)
    choice = language_model.choose(options.model, options.model_name, os.environ)
    record = Record(
        pid=os.getpid(),
        started=start_time(os.getpid()) or "",
        aws_port=options.aws_port,
        port=options.port,
        access_key_id=ACCESS_KEY_ID,
        # Functions inherit this process's environment; the administrator's secret is not for them.
        secret_access_key=os.environ.pop(SECRET_VARIABLE),
        model=str(choice or ""),
        studio=options.studio,
    )
    # Before anything slow: whoever kills `up` from here on leaves a server that the next command knows of.
    StateDirectory(options.state).write(record)
    asyncio.run(_serve_and_exit(record, rest_api=options.rest_api, choice=choice))
    return 0


async def _serve_and_exit(record: Record, *, rest_api: str | None, choice: Choice | None) -> None:
    """Serve, and end the process without waiting for MiniStack's threads: one may wait an hour for a function."""
    code = 0
    model: LanguageModel | None = None
    try:
        model = await language_model.start(choice) if choice is not None else None
        await _serve(record, rest_api=rest_api, model=model)
    except ModelError as error:
        _logger.error("%s", error)
        code = 1
    except Exception:
        _logger.exception("the sandbox's server failed")
        code = 1
    _end_functions()
    _end_labs()
    if model is not None:
        model.stop()
    logging.shutdown()
    os._exit(code)


async def _serve(record: Record, *, rest_api: str | None, model: LanguageModel | None) -> None:
    from hypercorn.asyncio import serve
    from ministack.app import app
    from ministack.core import hypercorn_compat

    from sandbox import rest_apis, streaming
    from sandbox.front_door import FrontDoor

    hypercorn_compat.install()
    _prepare(record, model)
    aws = streaming.wrap(app)
    front_door = FrontDoor(
        deployed=rest_apis.deployed, gateway=aws, too_large=rest_apis.too_large, port=record.port, rest_api=rest_api
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(control.wrap(aws), _config(record.aws_port), shutdown_trigger=stopping.wait))
        group.create_task(serve(front_door, _config(record.port), shutdown_trigger=stopping.wait))


def _prepare(record: Record, model: LanguageModel | None) -> None:
    """Everything that must be in place before the first request."""
    from sandbox import administrator, inventory, transport
    from sandbox.model import proxy, word_vectors

    def create_administrator() -> None:
        administrator.create(access_key_id=record.access_key_id, secret_access_key=record.secret_access_key)

    transport.count_loopback_as_secure()
    create_administrator()
    control.on_reset(create_administrator)
    _install_extensions()
    proxy.use(model.upstream if model is not None else None)
    _prepare_studio(record)
    answering = {"model": model.upstream.name if model is not None else None, "vectors": word_vectors.name()}

    @control.route("/_sandbox/health")
    async def health(_method: str, _path: str, _body: bytes, _query: control.Query) -> control.Response:
        return control.json_response(
            200, {"pid": record.pid, "aws_port": record.aws_port, "port": record.port, **answering}
        )

    @control.route("/_sandbox/inventory")
    async def list_inventory(_method: str, _path: str, _body: bytes, query: control.Query) -> control.Response:
        return control.json_response(200, inventory.take(without_stacks=query.get("without_stack", [])))


def _prepare_studio(record: Record) -> None:
    from sandbox.studio import labs

    if record.studio:
        environment = jupyter_lab.environment()
        connection = record.connection
        labs.use(labs.Machine(environment=environment, aws_url=connection.aws_url, url=connection.url))


def _install_extensions() -> None:
    from sandbox import (
        api_gateway,
        clock,
        concurrency,
        inventory,
        knowledge,
        model,
        price_list,
        resources,
        streaming,
        studio,
        tuning,
    )
    from sandbox.quotas import model_tokens

    api_gateway.install()
    clock.install()
    concurrency.install()
    streaming.install()
    studio.install()
    price_list.install()
    resources.register()
    inventory.source(resources.records)
    model.install()
    model_tokens.install()
    tuning.install(watching=True)
    knowledge.install()
    _install_over_these()


def _install_over_these() -> None:
    """Install what changes or watches what is there already, so after it."""
    from sandbox import (
        alarms,
        deletions,
        distributions,
        embedded_metrics,
        full_disk,
        function_errors,
        kept_dependencies,
        listed_keys,
        parameter_permissions,
        queue_batches,
        scheduler,
        stack_roles,
        state_machines,
        tagging,
        unpacked_code,
        used_rights,
    )
    from sandbox.resources import vector_service

    unpacked_code.install()
    full_disk.install()
    function_errors.install()
    kept_dependencies.install()
    deletions.install()
    distributions.install()
    vector_service.install()
    tagging.install()
    listed_keys.install()
    queue_batches.install()
    parameter_permissions.install()
    scheduler.install()
    stack_roles.install()
    state_machines.install()
    embedded_metrics.install()
    alarms.install()
    used_rights.install()


def _config(port: int) -> object:
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = _IDLE_SECONDS
    config.graceful_timeout = _GRACE_SECONDS
    # A logger instead of a stream: MiniStack's log configuration prints it, once.
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


def _end_functions() -> None:
    """End the worker processes of functions and remove their folders."""
    runtime = sys.modules.get("ministack.core.lambda_runtime")
    if runtime is not None:
        runtime.reset()
    streaming = sys.modules.get("sandbox.streaming")
    if streaming is not None:
        streaming.end_functions()


def _end_labs() -> None:
    """End what apps of Studio's spaces started."""
    labs = sys.modules.get("sandbox.studio.labs")
    if labs is not None:
        labs.end_all()


if __name__ == "__main__":
    sys.exit(main())
