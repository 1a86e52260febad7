"""A knowledge base in memory that implements our protocol."""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.deadline import Deadline
from tests.lambdas import service_model

BUCKET = "s3://data-bucket/documents/"


def result(name: str, text: str, score: float, **metadata: Any) -> dict[str, Any]:
    """Return one of Retrieve's results."""
    uri = f"{BUCKET}{name}"
    bedrocks = {"x-amz-bedrock-kb-source-uri": uri, "x-amz-bedrock-kb-chunk-id": "1%3A0%3Aabc"}
    return {
        "content": {"type": "TEXT", "text": text},
        "location": {"type": "S3", "s3Location": {"uri": uri}},
        "score": score,
        "metadata": {**bedrocks, **metadata},
    }


TRAVEL = result("travel.md", "Trains are booked in second class.", 0.8, department="Finance", year=2025)
LEAVE = result("hr/leave.md", "There are 28 days of leave.", 0.6, department="People", year=2026)
WEAK = result("menu.md", "Soup is served at noon.", 0.2)


def retrieve_error(code: str, message: str = "AWS says so") -> ClientError:
    """Return the error that botocore raises for AWS's ``code``."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Retrieve")


class FakeRetrieve:
    """A knowledge base that gives ``replies`` in turn, the last one for ever, and remembers its calls.

    A reply is a list of results or an exception. Calls that AWS would refuse for their shape are refused.
    """

    def __init__(self, *replies: list[dict[str, Any]] | Exception) -> None:
        self._replies = list(replies) or [[TRAVEL, LEAVE, WEAK]]
        self.calls: list[dict[str, Any]] = []
        self.deadlines: list[Deadline] = []

    def until(self, deadline: Deadline) -> "FakeRetrieve":
        self.deadlines.append(deadline)
        return self

    @property
    def queries(self) -> list[str]:
        """What was searched for."""
        return [call["retrievalQuery"]["text"] for call in self.calls]

    def retrieve(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-agent-runtime", "Retrieve", kwargs)
        self.calls.append(kwargs)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return {"retrievalResults": reply}
