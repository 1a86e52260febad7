"""CloudFormation as a custom resource sees it: it sends an event and gets one answer."""

import json
from dataclasses import dataclass, field
from typing import Any

URL = "https://answers.test"


@dataclass
class FakeCloudFormation:
    """Receives answers.

    Attributes:
        fails: what sending raises instead.
        seconds: in which each answer was to be sent.
    """

    fails: Exception | None = None
    bodies: list[bytes] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, *, seconds: float) -> None:
        assert url == URL
        self.bodies.append(body)
        self.seconds.append(seconds)
        if self.fails:
            raise self.fails

    @property
    def answer(self) -> dict[str, Any]:
        (body,) = self.bodies
        document: dict[str, Any] = json.loads(body)
        return document


@dataclass
class Context:
    """What Lambda hands to a function that has ``seconds`` left."""

    seconds: float = 120
    function_name: str = "resource"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:resource"
    aws_request_id: str = "99999999-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def asked(request: str, properties: Any, **changes: Any) -> dict[str, Any]:
    """Return the event of a request: Create, Update or Delete."""
    return {
        "RequestType": request,
        "ResponseURL": URL,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Resource",
        "ResourceType": "Custom::Thing",
        "ResourceProperties": properties,
        **changes,
    }
