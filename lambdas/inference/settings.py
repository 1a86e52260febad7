"""The inference function's settings."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class InferenceSettings(EnvSettings):
    """What the stack tells the function.

    Attributes:
        aliases: alias -> {"model_id": what Converse is given, "base_model_id": the foundation model, "provider": its
            maker, "max_output_tokens": int}. Resolved at deploy; the function never builds a model id.
        guardrail_id: id of the guardrail that every call passes through.
        guardrail_version: its immutable version.
        max_body_bytes: larger request bodies get 413.
        read_timeout_seconds: how long a call to Bedrock may take; below the function's own time-out.
        max_attempts: calls to Bedrock per request when it throttles or fails, the first included.
    """

    aliases: dict[str, dict[str, str | int]]
    guardrail_id: str
    guardrail_version: str
    max_body_bytes: int
    read_timeout_seconds: float
    max_attempts: int
