"""A disk without room is told at once, not after the hour that CloudFormation waits for a function."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import cloudformation, iam, lambda_svc

from sandbox import full_disk, ports
from sandbox.__main__ import main
from tests.sandbox.resources import engine
from tests.sandbox.streaming.deployment import role

TEMPLATE: dict[str, Any] = {
    "Role": role(),
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    },
    "Custom": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}},
}


@pytest.fixture
def _no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No function's code finds room in this process's MiniStack."""

    def full(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    full_disk.install()
    monkeypatch.setattr(lambda_runtime, "tempfile", SimpleNamespace(mkdtemp=full))
    yield
    for service in (cloudformation, iam, lambda_svc):
        service.reset()


@pytest.mark.usefixtures("_no_room")
def test_a_custom_resource_whose_function_finds_no_room_fails_with_the_reason() -> None:
    assert engine.deploy(TEMPLATE) == "ROLLBACK_COMPLETE"
    assert any("the sandbox's disk is full: [Errno 28] No space left on device" in why for why in engine.reasons())


def test_the_sandbox_does_not_start_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SANDBOX_STATE", str(tmp_path / "deep" / "state"))
    usage = SimpleNamespace(free=full_disk.LEAST_BYTES - 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    aws_port, port = ports.free(2)

    assert main(["up", "--aws-port", str(aws_port), "--port", str(port)]) == 1
    assert f"the disk of {tmp_path}/deep/state is full: 63 MB are free, 64 are needed" in capsys.readouterr().err


def test_a_disk_with_room_is_no_problem(tmp_path: Path) -> None:
    assert full_disk.problem(tmp_path, least=1) is None
