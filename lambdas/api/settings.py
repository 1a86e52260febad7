"""The settings of the two functions behind the API."""

from dataclasses import dataclass
from typing import Final

from lambdas.budget.settings import BudgetSettings
from lambdas.chat.settings import CandidateEntry, ChatSettings
from lambdas.knowledge.settings import KnowledgeSettings

# Of a function's time, what is kept to end an answer: to charge it, to store it, to send the last events. No answer is
# waited for into it. Longer than one call of a table may take.
ENDING_SECONDS: Final = 4.0
TABLE_TIMEOUT_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class InferenceSettings(ChatSettings):
    """What the stack tells the functions.

    Attributes:
        aliases: alias -> candidates, best first. Resolved at deploy; the function never builds an id. Everything else
            is in the catalogue, since Lambda's environment holds 4 KB in all. Read by ``lambdas.api.composition`` only,
            which makes ``lambdas.chat.aliases.Aliases`` of it.
        model_access_parameter: name of the SSM parameter with the access check's latest verdicts.
        max_body_bytes: larger request bodies get 413.
        keep_alive_seconds: after so much silence a stream is sent a comment.
        allowances_table: name of the DynamoDB table of the allowances.
        sessions_table: name of the DynamoDB table of the sessions.
        session_ttl_seconds: after so long without a turn a session is gone.
        history_token_budget: tokens that a session's turn sends in all.
        summary_alias: alias that writes the summaries of long sessions.
        knowledge: the knowledge base and how it is asked; None if there is none.
        cors_origins: origins whose pages may read answers; empty: none.
        promotions_path: below which path of SSM's parameters promotions of tuned models stand; None: nothing is tuned,
            and nothing is looked up.
        budget: the environment's; None: nobody counts, and nothing is looked up.
    """

    aliases: dict[str, tuple[CandidateEntry, ...]]
    model_access_parameter: str
    max_body_bytes: int
    keep_alive_seconds: float
    allowances_table: str
    sessions_table: str
    session_ttl_seconds: int
    history_token_budget: int
    summary_alias: str
    knowledge: KnowledgeSettings | None
    cors_origins: tuple[str, ...] = ()
    promotions_path: str | None = None
    budget: BudgetSettings | None = None
