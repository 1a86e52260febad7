"""The object graph of a function, made on first use: settings, clients, stores, services.

Both functions that talk to models, the streaming one and the one behind API Gateway's proxy integration, use it.
"""

from functools import cache

from lambdas.allowances.ledger import Ledger
from lambdas.common import aws
from lambdas.inference.chat import ChatRequest
from lambdas.inference.converse import to_turns
from lambdas.inference.exchange import Exchanges
from lambdas.inference.listing import ModelList
from lambdas.inference.service import ChatService, Completion
from lambdas.inference.settings import InferenceSettings
from lambdas.sessions import history
from lambdas.sessions.service import Sessions
from lambdas.sessions.store import SessionStore
from lambdas.sessions.summary import AliasSummariser

TABLE_TIMEOUT_SECONDS = 3.0


@cache
def settings() -> InferenceSettings:
    """The settings, read on first use."""
    return InferenceSettings.from_env()


@cache
def service() -> ChatService:
    """The service. Retries are its own, hence one attempt per call."""
    client = aws.client("bedrock-runtime", read_timeout=settings().read_timeout_seconds, max_attempts=1)
    return ChatService(settings=settings(), client=client)


@cache
def ledger() -> Ledger:
    """The allowances."""
    return Ledger(
        client=aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS),
        table_name=settings().allowances_table,
        call_seconds=settings().call_seconds,
    )


@cache
def session_store() -> SessionStore:
    """The sessions table."""
    return SessionStore(
        client=aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS),
        table_name=settings().sessions_table,
        ttl_seconds=settings().session_ttl_seconds,
    )


@cache
def exchanges() -> Exchanges:
    """What answers chat requests."""
    budget = settings().history_token_budget
    summariser = AliasSummariser(
        complete=_complete_alone, alias=settings().summary_alias, max_tokens=history.summary_tokens(budget)
    )
    sessions = Sessions(store=session_store(), budget_tokens=budget, summarise=summariser)
    return Exchanges(service=service(), ledger=ledger(), sessions=sessions, history_tokens=budget)


@cache
def model_list() -> ModelList:
    """The list of aliases."""
    return ModelList(settings=settings(), client=lambda: aws.client("ssm", read_timeout=TABLE_TIMEOUT_SECONDS))


def _complete_alone(request: ChatRequest) -> Completion:
    """Answer a request of the platform's own, outside anybody's allowance and session."""
    return service().complete(request, to_turns(request))
