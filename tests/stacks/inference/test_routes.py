"""The deployed routes are those of the table of operations, each answered by its function."""

from functools import partial
from typing import Any

import pytest

from configuration.environment_file import load
from lambdas.api import operations
from lambdas.api.openapi.document import document
from lambdas.api.operation import Operation
from lambdas.api.operations import OPERATIONS
from tests import templates

Route = tuple[str, str, str]


def deployed(template: dict[str, Any]) -> set[Route]:
    """Return (method, path, "inference" or "chat") of a template's methods; who streams is "chat"."""
    resources = template["Resources"]

    def path(id_: Any) -> str:
        if "Ref" not in id_:
            return ""
        resource = resources[id_["Ref"]]["Properties"]
        return f"{path(resource['ParentId'])}/{resource['PathPart']}"

    methods = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::ApiGateway::Method"]
    return {
        (method["HttpMethod"], path(method["ResourceId"]), _function(method["Integration"]))
        for method in methods
        if method["HttpMethod"] not in ("ANY", "OPTIONS") and not _of_playground(method)
    }


def _of_playground(method: dict[str, Any]) -> bool:
    """Whether it gives a file: tests/stacks/playground."""
    return ":s3:path/" in str(method["Integration"]["Uri"])


def _function(integration: dict[str, Any]) -> str:
    streams = integration.get("ResponseTransferMode") == "STREAM"
    (named,) = {name for name in ("Inference", "Chat") if f"'{name}Function" in str(integration["Uri"])}
    assert streams == (named == "Chat")
    return named.lower()


def rows(*table: Operation) -> set[Route]:
    return {(operation.method, operation.path, operation.function) for operation in table}


def test_the_routes_are_those_that_are_deployed() -> None:
    described = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}

    assert deployed(templates.of_environment("dev")["Inference"]) == rows(*OPERATIONS)
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}


def test_a_row_is_a_route_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Operation(
        method="DELETE",
        path="/v1/stones/{name}",
        name="deleteStone",
        about="Delete a stone.",
        function="inference",
        handler="lambdas.api.routes.stones:delete_stone",
        answer=None,
    )
    monkeypatch.setattr(operations, "of", partial(operations.of, operations=(*OPERATIONS, added)))

    assert deployed(templates.synthesise(load("dev"))["Inference"]) == rows(*OPERATIONS, added)
