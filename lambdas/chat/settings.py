"""The inference function's settings."""

from dataclasses import dataclass
from typing import Any

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class InferenceSettings(EnvSettings):
    """What the stack tells the function.

    Attributes:
        aliases: alias -> candidates, best first, each {"model_id": what Converse is given, "base_model_id": the
            foundation model, "price_scope": in_region, geography or global}. Resolved at deploy; the function never
            builds an id. Everything else is in the catalogue, since Lambda's environment holds 4 KB in all.
        guardrail_id: id of the guardrail that every call passes through.
        guardrail_version: its immutable version.
        model_access_parameter: name of the SSM parameter with the access check's latest verdicts.
        max_body_bytes: larger request bodies get 413.
        read_timeout_seconds: how long a call to Bedrock may take; below the function's own time-out.
        max_attempts: calls to Bedrock per candidate while it throttles or fails, the first included.
        call_seconds: how long the function itself may run; older reservations are swept.
        allowances_table: name of the DynamoDB table of the allowances.
        sessions_table: name of the DynamoDB table of the sessions.
        session_ttl_seconds: after so long without a turn a session is gone.
        history_token_budget: tokens that a session's turn sends in all.
        summary_alias: alias that writes the summaries of long sessions.
        knowledge: the knowledge base and how it is asked, as lambdas.knowledge.settings has it; None if there is none.
    """

    aliases: dict[str, list[dict[str, str]]]
    guardrail_id: str
    guardrail_version: str
    model_access_parameter: str
    max_body_bytes: int
    read_timeout_seconds: float
    max_attempts: int
    call_seconds: int
    allowances_table: str
    sessions_table: str
    session_ttl_seconds: int
    history_token_budget: int
    summary_alias: str
    knowledge: dict[str, Any] | None
