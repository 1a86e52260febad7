"""The object graph of a function, made on first use: settings, clients, stores, services.

Both functions that talk to models, the streaming one and the one behind API Gateway's proxy integration, use it.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from lambdas.allowances.ledger import Ledger
from lambdas.api.settings import TABLE_TIMEOUT_SECONDS, InferenceSettings
from lambdas.chat.aliases import Aliases
from lambdas.chat.service import ChatService
from lambdas.common import aws
from lambdas.common.errors import NotFoundError
from lambdas.exchange.documents import from_documents, longest_grounded
from lambdas.exchange.exchanges import Exchanges
from lambdas.exchange.session import from_sessions
from lambdas.sessions.service import Sessions
from lambdas.sessions.store import SessionStore

if TYPE_CHECKING:
    from lambdas.budget.spending import Spending
    from lambdas.exchange.response import Responses
    from lambdas.knowledge.asking import Knowledge
    from lambdas.model_access.listing import ModelListing
    from lambdas.sessions.responses import ResponseStore


@cache
def settings() -> InferenceSettings:
    """The settings, read on first use."""
    return InferenceSettings.from_env()


def cors_origins() -> tuple[str, ...]:
    """The origins whose pages may read answers."""
    try:
        return settings().cors_origins
    except Exception:
        # An answer that fails of its settings says so; that it cannot be read by pages either is not what is wrong.
        return ()


@cache
def aliases() -> Aliases:
    """The aliases, which are the settings' for as long as the function lives, below promotions where there can be any.

    Their modules and client are imported and made only then: they are nothing that other environments start with.
    """
    path = settings().promotions_path
    if path is None:
        return Aliases(lambda: settings().aliases)
    from lambdas.chat.promoted_aliases import PromotedAliases
    from lambdas.chat.promotions import Promotions

    @cache
    def client() -> Any:
        """Made by the thread that reads."""
        return aws.client("ssm", read_timeout=TABLE_TIMEOUT_SECONDS, max_attempts=1, bounded=True)

    source = PromotedAliases(configured=settings().aliases, read=Promotions(client=client, path=path).standing)
    source.prepare()
    return Aliases(source)


@cache
def service() -> ChatService:
    """The service. Retries are its own, hence one attempt per call."""
    # First, because promotions are read beside what follows.
    known = aliases()
    client = aws.client("bedrock-runtime", read_timeout=settings().read_timeout_seconds, max_attempts=1, direct=True)
    return ChatService(settings=settings(), aliases=known, client=client)


@cache
def runtime_client() -> Any:
    """The bounded client that embeds texts and counts tokens. Nobody steps in, so its retries are botocore's."""
    return aws.client("bedrock-runtime", read_timeout=settings().read_timeout_seconds, bounded=True)


@cache
def reranking_client() -> Any:
    """The bounded client that reranks, likewise."""
    return aws.client("bedrock-agent-runtime", read_timeout=settings().read_timeout_seconds, bounded=True)


@cache
def ledger() -> Ledger:
    """The allowances."""
    return Ledger(
        client=aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS, direct=True),
        table_name=settings().allowances_table,
        call_seconds=settings().call_seconds,
        spending=spending(),
    )


@cache
def spending() -> "Spending | None":
    """The environment's month; None without a budget, whose modules nothing else imports."""
    budget = settings().budget
    if budget is None:
        return None
    from lambdas.budget.spending import Spending

    client = aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS, direct=True)
    return Spending(client=client, settings=budget)


@cache
def session_store() -> SessionStore:
    """The sessions table."""
    return SessionStore(
        # Bounded for its connections, which outlive a freeze: of several that were kept, botocore's own second attempt
        # may take another that is closed.
        client=aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS, bounded=True),
        table_name=settings().sessions_table,
        ttl_seconds=settings().session_ttl_seconds,
    )


@cache
def response_store() -> "ResponseStore":
    """The stored responses, in the sessions' table. Its module is imported for the routes that have to do with them."""
    from lambdas.sessions.responses import ResponseStore

    return ResponseStore(
        client=aws.client("dynamodb", read_timeout=TABLE_TIMEOUT_SECONDS, bounded=True),
        table_name=settings().sessions_table,
        ttl_seconds=settings().session_ttl_seconds,
    )


@cache
def responses() -> "Responses":
    """What makes stored responses a part of exchanges."""
    from lambdas.exchange.response import Responses

    return Responses(
        store=response_store(),
        history_tokens=settings().history_token_budget,
        summary_alias=settings().summary_alias,
    )


@cache
def exchanges() -> Exchanges:
    """What answers chat requests."""
    budget = settings().history_token_budget
    return Exchanges(
        service=service(),
        ledger=ledger(),
        # The session first: a question may lean on what was said in it.
        ingredients=[
            from_sessions(
                Sessions(store=session_store(), budget_tokens=budget),
                history_tokens=budget,
                summary_alias=settings().summary_alias,
            ),
            from_documents(knowledge),
        ],
        longest=longest_grounded(lambda: settings().knowledge),
    )


@cache
def knowledge() -> "Knowledge":
    """What asks the documents. Its modules are imported here, because most requests do without.

    Raises:
        NotFoundError: the environment has no knowledge base.
    """
    configured = settings().knowledge
    if configured is None:
        raise NotFoundError(
            "This platform has no knowledge base. Its owner can add the section `knowledge` to the environment file "
            "and deploy again.",
            code="knowledge_not_configured",
        )
    from lambdas.knowledge import retrieval
    from lambdas.knowledge.asking import Knowledge
    from lambdas.knowledge.current_id import CurrentId

    @cache
    def client() -> retrieval.RetrieveClient:
        """Retries are the retriever's own, hence one attempt per call."""
        made: retrieval.RetrieveClient = aws.client(
            "bedrock-agent-runtime", read_timeout=retrieval.TIMEOUT_SECONDS, max_attempts=1, bounded=True
        )
        return made

    ids = None
    if configured.parameter:
        ids = CurrentId(
            deployed=configured.id,
            parameter=configured.parameter,
            client=cache(lambda: aws.client("ssm", read_timeout=TABLE_TIMEOUT_SECONDS, bounded=True)),
        ).candidates
    retriever = retrieval.Retriever(settings=configured, client=client, ids=ids)
    return Knowledge(settings=configured, retriever=retriever)


@cache
def model_listing() -> "ModelListing":
    """What lists the aliases. Its module is imported here, because no other request needs it."""
    from lambdas.model_access.listing import ModelListing

    return ModelListing(
        aliases=aliases(),
        parameter_name=settings().model_access_parameter,
        max_body_bytes=settings().max_body_bytes,
        client=cache(lambda: aws.client("ssm", read_timeout=TABLE_TIMEOUT_SECONDS, bounded=True)),
    )
