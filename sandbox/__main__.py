"""The command line: ``python -m sandbox up|down|status|orphans|inventory|logs|reset|exec|url``."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from sandbox import jupyter_lab, language_model, orphans, process, status
from sandbox.connection import DEFAULT_AWS_PORT, DEFAULT_PORT
from sandbox.jupyter_lab import JupyterLabError
from sandbox.language_model import Choice, ModelError
from sandbox.process import SandboxError
from sandbox.state import NotUpError, Record, StateDirectory, default_directory
from sandbox.terminal import shown

_DESCRIPTION = """\
AWS on this machine, with IAM enforced and without an account: the AWS APIs on one port of the loopback, the deployed
REST API on another (the front door). Everything it writes is in .sandbox/ of this project, or in $SANDBOX_STATE.
"""
_EPILOG = "exit codes: 0 done, 1 failed or not up, 2 wrong usage; `exec` exits as its command does"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; wrong usage exits with 2 by SystemExit, as argparse does."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options, StateDirectory(default_directory()))
    except (SandboxError, NotUpError, ModelError, JupyterLabError, OSError) as error:
        _complain(f"sandbox: {error}")
        return 1
    except KeyboardInterrupt:
        _complain("sandbox: interrupted")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=_DESCRIPTION, epilog=_EPILOG)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace, StateDirectory], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, epilog=_EPILOG)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start the sandbox in the background and wait until it answers; done at once if it is up")
    _add_choices(up)
    add("down", _down, "stop the sandbox with everything in it, and remove its files; fine when it is not up")
    state = add("status", _status, "show process, ports, health, and what lives in the AWS; exit 1 when it is not up")
    state.add_argument("--json", action="store_true", help="as one JSON object")
    state.add_argument("--quiet", action="store_true", help="print nothing; the exit code tells")
    add("orphans", _orphans, "list what is still at work here of commands that were killed; exit 1 when anything is")
    inventory = add("inventory", _inventory, "list everything that lives in the AWS; exit 1 when anything does")
    inventory.add_argument(
        "--except",
        dest="without_stacks",
        action="append",
        default=[],
        metavar="STACK",
        help="leave out this CloudFormation stack and what belongs to it (may be repeated)",
    )
    logs = add("logs", _logs, "show the server's log")
    logs.add_argument("--lines", type=_count, default=100, metavar="N", help="how many of the last lines (default 100)")
    logs.add_argument("--follow", action="store_true", help="go on showing what is written, until interrupted")
    add("reset", _reset, "empty the AWS and leave it running")
    execute = add("exec", _exec, "run a command whose AWS is the sandbox, and no other: exec -- COMMAND [ARGUMENT ...]")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    add("url", _url, "print the URL of the front door")
    return parser


def _add_choices(up: argparse.ArgumentParser) -> None:
    """Add what a sandbox is started with, and keeps."""
    up.add_argument(
        "--aws-port",
        type=_port,
        metavar="PORT",
        default=os.environ.get("SANDBOX_AWS_PORT"),
        help=f"port of the AWS APIs (default {DEFAULT_AWS_PORT}, or $SANDBOX_AWS_PORT)",
    )
    up.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        default=os.environ.get("SANDBOX_PORT"),
        help=f"port of the front door (default {DEFAULT_PORT}, or $SANDBOX_PORT)",
    )
    up.add_argument(
        "--rest-api",
        metavar="NAME",
        default=os.environ.get("SANDBOX_REST_API"),
        help="which REST API the front door serves when several are deployed: its name, id or a tag KEY=VALUE,"
        " with /STAGE if need be (or $SANDBOX_REST_API)",
    )
    up.add_argument(
        "--model",
        metavar="MODEL",
        default=os.environ.get("SANDBOX_MODEL"),
        help="who answers in the stand-in's place: `local` (SmolLM2-135M-Instruct), the path of a GGUF file, or the URL"
        " of an OpenAI-compatible server (or $SANDBOX_MODEL)",
    )
    up.add_argument(
        "--model-name",
        metavar="NAME",
        default=os.environ.get("SANDBOX_MODEL_NAME"),
        help="the model's name on that server, if it has several (or $SANDBOX_MODEL_NAME)",
    )
    up.add_argument(
        "--studio",
        action="store_true",
        default=bool(os.environ.get("SANDBOX_STUDIO")),
        help="start a real JupyterLab for every app of a space, instead of keeping a record (or $SANDBOX_STUDIO)",
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, got {text!r}")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")


def _say(text: str, *, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")


def _up(options: argparse.Namespace, state: StateDirectory) -> int:
    wanted = {"aws_port": options.aws_port, "port": options.port}
    model = language_model.choose(options.model, options.model_name, os.environ)
    if options.studio:
        jupyter_lab.environment()
    if found := orphans.find(state.path):
        raise SandboxError(orphans.complaint(found))
    with state.locked():
        record = state.read()
        if record is not None and process.is_running(record):
            if process.wait_until_answering(record, seconds=process.START_SECONDS):
                return _already_up(record, wanted, model, studio=options.studio)
            _complain(f"the server (process {record.pid}) does not answer: starting anew")
        # A half-finished or killed run leaves a record, functions or files behind.
        process.stop(state)
        record = process.start(
            state,
            aws_port=options.aws_port or DEFAULT_AWS_PORT,
            port=options.port or DEFAULT_PORT,
            rest_api=options.rest_api,
            model=model,
            studio=options.studio,
        )
    _say(f"up: AWS at {record.connection.aws_url}, front door at {record.connection.url} (process {record.pid})")
    _say(status.answering(process.request(record.connection, "GET", "/_sandbox/health")))
    return 0


def _already_up(record: Record, wanted: dict[str, int | None], model: Choice | None, *, studio: bool) -> int:
    running = {"aws_port": record.aws_port, "port": record.port}
    if any(port is not None and port != running[name] for name, port in wanted.items()):
        _complain(
            f"sandbox: already up on ports {record.aws_port} (AWS) and {record.port} (front door);"
            " to change ports, run first: python -m sandbox down"
        )
        return 1
    if model is not None and str(model) != record.model:
        _complain(
            f"sandbox: already up with {record.model or 'the stand-in model'}; to change the model, run first:"
            " python -m sandbox down"
        )
        return 1
    if studio != record.studio:
        # Both ways: what is deployed is another environment's, and the front door would have two APIs.
        has = "with" if record.studio else "without"
        _complain(f"sandbox: already up {has} JupyterLab; to change that, run first: python -m sandbox down")
        return 1
    _say(
        f"already up: AWS at {record.connection.aws_url}, front door at {record.connection.url} (process {record.pid})"
    )
    _say(status.answering(process.request(record.connection, "GET", "/_sandbox/health")))
    return 0


def _down(_options: argparse.Namespace, state: StateDirectory) -> int:
    if not state.path.exists():
        _say("not up")
        return 0
    with state.locked():
        was_running = process.stop(state)
    _say("down" if was_running else "not up")
    return 0


def _status(options: argparse.Namespace, state: StateDirectory) -> int:
    record = state.read()
    health = process.health(record) if record is not None else process.Health(running=False, answering=False)
    if options.quiet:
        return 0 if health.answering else 1
    report = status.report(record, health)
    _say(json.dumps(report, indent=2) if options.json else "\n".join(status.lines(report)))
    return 0 if health.answering else 1


def _orphans(_options: argparse.Namespace, state: StateDirectory) -> int:
    found = orphans.find(state.path)
    if found:
        _complain(f"sandbox: {orphans.complaint(found)}")
    return 1 if found else 0


def _inventory(options: argparse.Namespace, state: StateDirectory) -> int:
    query = urlencode([("without_stack", name) for name in options.without_stacks])
    found = process.request(_running(state).connection, "GET", f"/_sandbox/inventory?{query}")
    for service, names in found.items():
        for name in names:
            _say(f"{service}: {shown(name)}")
    _say(f"{sum(map(len, found.values()))} left" if found else "nothing left")
    return 1 if found else 0


def _logs(options: argparse.Namespace, state: StateDirectory) -> int:
    if not state.log.exists():
        raise NotUpError("there is no log: the sandbox is not up; start it with: python -m sandbox up")
    with state.log.open(errors="replace") as log:
        lines = log.read().splitlines()
        _say("\n".join(map(shown, lines[len(lines) - options.lines :] if options.lines < len(lines) else lines)))
        try:
            while options.follow and state.log.exists():
                _say("\n".join(map(shown, log.read().split("\n"))), end="")
                time.sleep(0.2)
        except KeyboardInterrupt:
            _complain("")
    return 0


def _reset(_options: argparse.Namespace, state: StateDirectory) -> int:
    process.request(_running(state).connection, "POST", "/_ministack/reset", timeout=60)
    _say("reset: the AWS is empty")
    return 0


def _exec(options: argparse.Namespace, state: StateDirectory) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        _complain("sandbox: exec needs a command: python -m sandbox exec -- COMMAND [ARGUMENT ...]")
        return 2
    environment = _running(state).connection.client_environment(os.environ, state=state.path) | orphans.mark()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 running the given command is what this is for
    except FileNotFoundError:
        _complain(f"sandbox: no such command: {command[0]}")
        return 127


def _url(_options: argparse.Namespace, state: StateDirectory) -> int:
    _say(_running(state).connection.url)
    return 0


def _running(state: StateDirectory) -> Record:
    record = state.require()
    if not process.is_running(record):
        raise NotUpError("the sandbox is not up (its server ended); start it with: python -m sandbox up")
    return record


if __name__ == "__main__":
    sys.exit(main())
