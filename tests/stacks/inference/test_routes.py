"""The deployed routes and the described ones are the same."""

from typing import Any

from lambdas.api.openapi.document import document
from lambdas.api.operations import OPERATIONS
from tests import templates


def test_the_routes_are_those_that_are_deployed() -> None:
    resources = templates.of_environment("dev")["Inference"]["Resources"]

    def path(id_: Any) -> str:
        if "Ref" not in id_:
            return ""
        resource = resources[id_["Ref"]]["Properties"]
        return f"{path(resource['ParentId'])}/{resource['PathPart']}"

    deployed = {
        (method["Properties"]["HttpMethod"], path(method["Properties"]["ResourceId"]))
        for method in resources.values()
        if method["Type"] == "AWS::ApiGateway::Method"
    }

    described = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    assert described == deployed == {(operation.method, operation.path) for operation in OPERATIONS}
