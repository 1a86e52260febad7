"""What is asked of Bedrock's client to answer a conversation."""

from typing import Any, Protocol

from lambdas.chat.guardrail import GuardrailClient
from lambdas.common.deadline import Deadline


class ConverseClient(GuardrailClient, Protocol):
    """The calls that are made, with Bedrock's own shapes."""

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model and wait for the whole answer."""
        ...

    def converse_stream(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model; ``stream`` of the reply yields events and can be closed."""
        ...

    def until(self, deadline: Deadline, /) -> "ConverseClient":
        """Return a client whose calls are over by then, streams to their last event."""
        ...
