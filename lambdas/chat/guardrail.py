"""The guardrail that every call passes through, and what it says of a prompt that no model is asked."""

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.chat.errors import THROTTLED_RETRY_SECONDS, error_code, guardrail_trouble
from lambdas.common.errors import MOST_SAID, ApiError, RateLimitError, UpstreamError, cut
from lambdas.common.observability import logger

# Source: ApplyGuardrail takes 25 text units of 1,000 characters.
MOST_CHARACTERS: Final = 25_000


class GuardrailClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
        """Judge a text."""
        ...


class Guardrail:
    """One version of the guardrail."""

    def __init__(self, *, client: GuardrailClient, guardrail_id: str, version: str) -> None:
        self._client = client
        self._named = {"guardrailIdentifier": guardrail_id, "guardrailVersion": version}

    def config(self, *, trace: bool) -> dict[str, str]:
        """Return Converse's ``guardrailConfig``."""
        return {**self._named, "trace": "enabled" if trace else "disabled"}

    def stopped(self, prompt: str) -> str | None:
        """Return the policy's message if a prompt is stopped, None if it is let through, masked or not.

        Raises:
            PermissionDeniedError: the guardrail is gone, or denied.
            RateLimitError: Bedrock throttles.
            UpstreamError: it could not be asked.
        """
        reply = self.judged(prompt[:MOST_CHARACTERS], source="INPUT")
        if not _blocks(reply.get("assessments", [])):
            return None
        return "\n".join(output["text"] for output in reply["outputs"])

    def judged(self, text: str, *, source: Literal["INPUT", "OUTPUT"], whole: bool = False) -> dict[str, Any]:
        """Return ApplyGuardrail's reply to a text of at most ``MOST_CHARACTERS``.

        Args:
            whole: whether it tells of content filters that act on nothing too.

        Raises:
            ApiError: as ``stopped``.
        """
        content = [{"text": {"text": text}}]
        scope = {"outputScope": "FULL"} if whole else {}
        try:
            return self._client.apply_guardrail(**self._named, source=source, content=content, **scope)
        except (ClientError, BotoCoreError) as error:
            raise _told(error) from error


def _blocks(value: Any) -> bool:
    """Whether any policy blocks; one that masks intervenes too, and lets the prompt through."""
    if isinstance(value, Mapping):
        return value.get("action") == "BLOCKED" or any(map(_blocks, value.values()))
    return isinstance(value, list) and any(map(_blocks, value))


def _told(error: ClientError | BotoCoreError) -> ApiError:
    code = error_code(error)
    logger.warning("guardrail failed", extra={"reason": code, "aws": cut(str(error), MOST_SAID)})
    if isinstance(error, ClientError) and (trouble := guardrail_trouble(error)):
        return trouble
    if code in {"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"}:
        return RateLimitError(
            "Amazon Bedrock is throttling the guardrail. Wait and try again.", retry_after=THROTTLED_RETRY_SECONDS
        )
    return UpstreamError(
        f"The guardrail could not judge the question ({code}). Try again; if that does not help, the platform's owner "
        "can see why in the function's log. Its role needs bedrock:ApplyGuardrail."
    )
