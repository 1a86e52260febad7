"""An SSM of standard parameters: versions, pages, and whoever writes in between."""

from collections.abc import Callable
from typing import Any

from tests.lambdas import service_model
from tests.lambdas.fakes import client_error

PAGE = 10


class FakeParameterStore:
    """Parameters by name, each with its versions, oldest first. Calls of a shape that AWS refuses are refused.

    Attributes:
        tags: name -> tags that it was made with.
        calls: the operations that were called, in order.
        down: raised by every call, where it is set.
        meanwhile: called once, right before the next write: for whoever comes in between.
    """

    def __init__(self, **values: str) -> None:
        self.versions: dict[str, list[str]] = {name: [value] for name, value in values.items()}
        self.tags: dict[str, list[dict[str, str]]] = {}
        self.calls: list[str] = []
        self.down: Exception | None = None
        self.meanwhile: Callable[[], object] | None = None

    def put(self, name: str, value: str) -> None:
        """Write from outside."""
        self.versions.setdefault(name, []).append(value)

    def value(self, name: str) -> str:
        """Return the latest value."""
        return self.versions[name][-1]

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]:
        self._called("GetParameter", kwargs)
        name, _, selected = kwargs["Name"].partition(":")
        if name not in self.versions:
            raise client_error("ParameterNotFound")
        version = int(selected) if selected else len(self.versions[name])
        if not 1 <= version <= len(self.versions[name]):
            raise client_error("ParameterVersionNotFound")
        return {"Parameter": {"Name": name, "Value": self.versions[name][version - 1], "Version": version}}

    def get_parameters_by_path(self, **kwargs: Any) -> dict[str, Any]:
        self._called("GetParametersByPath", kwargs)
        prefix = f"{kwargs['Path'].rstrip('/')}/"
        names = sorted(name for name in self.versions if name.startswith(prefix) and "/" not in name[len(prefix) :])
        start = int(kwargs.get("NextToken", 0))
        page = names[start : start + PAGE]
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(names) else {}
        return {
            "Parameters": [
                {"Name": name, "Value": self.value(name), "Version": len(self.versions[name])} for name in page
            ],
            **more,
        }

    def put_parameter(self, **kwargs: Any) -> dict[str, Any]:
        self._called("PutParameter", kwargs)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        name, there = kwargs["Name"], kwargs["Name"] in self.versions
        if kwargs.get("Overwrite") and kwargs.get("Tags"):
            raise client_error("ValidationException", "Invalid request: tags and overwrite can't be used together.")
        if there and not kwargs.get("Overwrite"):
            raise client_error("ParameterAlreadyExists")
        if not there:
            self.tags[name] = kwargs.get("Tags", [])
        self.put(name, kwargs["Value"])
        return {"Version": len(self.versions[name])}

    def delete_parameter(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DeleteParameter", kwargs)
        if self.versions.pop(kwargs["Name"], None) is None:
            raise client_error("ParameterNotFound")
        return {}

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        self.calls.append(operation)
        if self.down:
            raise self.down
        service_model.check("ssm", operation, arguments)
