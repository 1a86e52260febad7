"""Every call that a kind makes is one of the service's: its operation, its parameters and what is read of its answer
are held against botocore's model, for services too that the local AWS has none of.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Kind
from lambdas.teardown.kinds.table import KINDS
from tests.lambdas.service_model import model
from tests.lambdas.teardown.account import refusal

NAME = "quarry-dev-inference-x"
# Members of answers that say that there is more.
MORE = ("token", "marker", "istruncated")


def sample(shape: Any, name: str = "", depth: int = 0) -> Any:
    """Return what a service may answer: everything that the shape has, once."""
    kind = shape.type_name
    if kind == "structure":
        if depth > 4:
            return {}
        members = shape.members.items()
        return {one: sample(of, one, depth + 1) for one, of in members if not one.lower().endswith(MORE)}
    if kind == "list":
        return [sample(shape.member, name, depth + 1)]
    if kind == "map":
        return {}
    if kind == "string":
        return _text(shape, name)
    return {"timestamp": datetime.now(UTC), "boolean": False, "blob": b""}.get(kind, 1)


def _text(shape: Any, name: str) -> str:
    if name.lower().endswith("arn"):
        return f"arn:aws:any:us-east-1:1:thing/{NAME}"
    if name.endswith("DomainId"):
        return "d-abcdefgh"
    if name in ("status", "Status", "LifeCycleState"):
        return next((one for one in ("InProgress", "IN_PROGRESS", "RUNNING") if one in shape.enum), "")
    if name in ("version", "Version"):
        return "1"
    return str(shape.enum[0]) if getattr(shape, "enum", None) else NAME


class Checked:
    """A client that answers from the model, and whose calls have to be the model's."""

    def __init__(self, service: str, called: list[str], error: ClientError | None = None) -> None:
        self._operations = {xform_name(one): one for one in model(service).operation_names}
        self._service, self._called, self._error = service, called, error

    def can_paginate(self, operation: str) -> bool:
        assert operation in self._operations
        return False

    def __getattr__(self, name: str) -> Any:
        assert name in self._operations, f"{self._service} has no operation {name}"
        operation: OperationModel = model(self._service).operation_model(self._operations[name])

        def call(**kwargs: Any) -> Any:
            if operation.input_shape is not None:
                report = ParamValidator().validate(kwargs, operation.input_shape)
                assert not report.has_errors(), f"{name}: {report.generate_report()}"
            self._called.append(name)
            if self._error is not None:
                raise self._error
            return sample(operation.output_shape) if operation.output_shape else {}

        return call


def asking(called: list[str], error: ClientError | None = None) -> Aws:
    return Aws(
        environment="dev",
        region="us-east-1",
        clients=lambda service: Checked(service, called, error),
        account="123456789012",
    )


def an_id(kind: Kind) -> str:
    """Return an id as the kind has them."""
    return {
        "app": "d-abcdefgh|ana||JupyterLab|default",
        "space": "d-abcdefgh|ana",
        "user-profile": "d-abcdefgh|ana",
        "data-source": "KB12345678|DS12345678",
        "ingestion-job": "KB12345678|DS12345678|JOB1234567",
        "guardrail-version": "abcdefgh|1",
        "prompt-version": "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1",
        "layer-version": "arn:aws:lambda:us-east-1:123456789012:layer:packages:3",
        "security-policy": "network|quarry-dev-1a2b3c4d",
        "access-policy": "data|quarry-dev-1a2b3c4d",
        "stage": "abc|v1",
        "schedule": "quarry-dev-end|one",
        "rule": "bus|quarry-dev-inference-rule",
        "event-source-mapping": "0a1b2c3d-0000-0000-0000-000000000000",
        "key": "0a1b2c3d-0000-0000-0000-000000000000",
    }.get(kind.type, f"arn:aws:any:us-east-1:123456789012:thing/{NAME}" if kind.id_is_arn else NAME)


def named(kind: Kind) -> str:
    return f"{kind.service} {kind.type}"


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_a_kind_is_listed_as_its_service_lists(kind: Kind) -> None:
    called: list[str] = []
    for found in kind.finds(asking(called)):
        assert found.id
        assert kind.same(found.id) == found.id
    assert called or kind.arn or kind.resource, "nobody would ever find it"


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_one_is_looked_at_as_its_service_describes(kind: Kind) -> None:
    called: list[str] = []
    found = kind.looks(asking(called), an_id(kind))

    assert called
    assert found is None or found.id


@pytest.mark.parametrize("kind", [one for one in KINDS if one.type != "objects"], ids=named)
def test_one_is_deleted_as_its_service_deletes(kind: Kind) -> None:
    called: list[str] = []
    kind.deletes(asking(called), an_id(kind))

    assert called[-1].startswith(("delete_", "stop_", "schedule_key_deletion"))


def test_a_distribution_is_disabled_before_it_is_deleted() -> None:
    (kind,) = (one for one in KINDS if one.type == "distribution")
    called: list[tuple[str, Any]] = []

    class Distribution:
        def __init__(self) -> None:
            self.config: dict[str, Any] = {"Enabled": True, "Comment": "mine"}

        def get_distribution_config(self, **_: Any) -> Any:
            return {"ETag": "E1", "DistributionConfig": self.config}

        def update_distribution(self, **asked: Any) -> None:
            called.append(("update", asked))
            self.config = asked["DistributionConfig"]

        def delete_distribution(self, **asked: Any) -> None:
            called.append(("delete", asked))

    distribution = Distribution()
    aws = Aws(environment="dev", region="eu-west-1", clients=lambda _: distribution, account="1")
    kind.deletes(aws, "E1ABC")
    kind.deletes(aws, "E1ABC")

    off = {"Enabled": False, "Comment": "mine"}
    assert called == [
        ("update", {"Id": "E1ABC", "IfMatch": "E1", "DistributionConfig": off}),
        ("delete", {"Id": "E1ABC", "IfMatch": "E1"}),
    ]
    assert "InProgress" in kind.busy


@pytest.mark.parametrize("kind", [one for one in KINDS if one.type != "invocation-logging"], ids=named)
def test_what_is_not_there_is_gone_and_what_is_denied_is_not(kind: Kind) -> None:
    missing = refusal(
        "AWS.SimpleQueueService.NonExistentQueue" if kind.type == "queue" else "ResourceNotFoundException"
    )

    assert kind.looks(asking([], missing), an_id(kind)) is None
    with pytest.raises(ClientError):
        kind.looks(asking([], refusal("AccessDeniedException")), an_id(kind))
