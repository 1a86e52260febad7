"""Proofs by asking a model or the documents: each costs what its request costs."""

from time import sleep
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.catalogue.facts import FoundationModel
from lambdas.catalogue.models import catalogue
from quarry.prove.proof import Account, Outcome, not_told

COUNTING: Final = "Write the numbers from 1 to 200 in words, separated by commas, and nothing else."
# How long an answer of that length takes at most, once nobody listens any more.
ENDED_SECONDS: Final = 60.0
# Lambda freezes a function between requests; Bedrock's and DynamoDB's ends close idle connections meanwhile.
IDLE_SECONDS: Final = 400.0
_PING: Final[list[dict[str, Any]]] = [{"role": "user", "content": "Say yes."}]


def profile_condition(account: Account) -> Outcome:
    """Call every chat alias once: those of application profiles are allowed by the condition alone."""
    if not account.deployment.config.models.cost_allocation:
        return not_told("models.cost_allocation is off: no alias is called through an application profile")
    aliases = [alias for alias in account.endpoint.models() if _chats(account, alias)]
    for alias in aliases:
        account.endpoint.chat(_PING, model=alias)
    return Outcome.of(True, f"answered: {', '.join(aliases)}")


def _chats(account: Account, alias: str) -> bool:
    candidates = account.deployment.config.models.aliases.get(alias, [])
    known = [catalogue().get(one if isinstance(one, str) else one.base) for one in candidates]
    return any(model is not None and model.kind == "chat" for model in known)


def needs_profile(account: Account) -> Outcome:
    """Call a model by its bare id that can only be called through a profile: refused, so free."""
    region = account.deployment.config.region
    model = next((one for one in catalogue().values() if _only_through_a_profile(one, region)), None)
    if model is None:
        return not_told(f"no model of the catalogue is called only through a profile in {region}")
    try:
        account.client("bedrock-runtime").converse(
            modelId=model.model_id,
            messages=[{"role": "user", "content": [{"text": "Say yes."}]}],
            inferenceConfig={"maxTokens": 1},
        )
    except ClientError as error:
        told = error.response["Error"]
        return Outcome.of("on-demand throughput" in told["Message"], f"{told['Code']}: {told['Message']}")
    return Outcome.of(False, f"{model.model_id} answered by its bare id")


def _only_through_a_profile(model: FoundationModel, region: str) -> bool:
    through = any(region in profile.callable_from for profile in model.profiles)
    return model.kind == "chat" and through and region not in model.in_region


def hang_up(account: Account) -> Outcome:
    """Have an answer streamed, have it streamed again and hang up at its first word, and see what was charged."""
    alias = _first_chat_alias(account)
    messages = [{"role": "user", "content": COUNTING}]
    before = _written(account)
    for _ in account.endpoint.stream(messages, model=alias):
        pass
    whole = _written(account) - before
    stream = account.endpoint.stream(messages, model=alias)
    next(stream)
    stream.close()
    sleep(ENDED_SECONDS)
    charged = _written(account) - before - whole
    return Outcome.of(
        charged >= whole / 2, f"{whole} tokens heard to the end; {charged} were charged to who hung up at the first"
    )


def frozen_connections(account: Account) -> Outcome:
    """Ask, let the function lie frozen, and ask again."""
    alias = _first_chat_alias(account)
    account.endpoint.chat(_PING, model=alias)
    sleep(IDLE_SECONDS)
    account.endpoint.chat(_PING, model=alias)
    return Outcome.of(True, f"answered after {IDLE_SECONDS:g} s of silence")


def search_type(account: Account) -> Outcome:
    """Search the documents with the search type that functions name, and without."""
    config = account.deployment.config
    if config.knowledge is None:
        return not_told(f"{config.name} has no knowledge base")
    client = account.client("bedrock-agent-runtime")
    base = account.deployment.output("KnowledgeBaseId", stack="knowledge")
    named = config.knowledge.search.upper()
    try:
        client.retrieve(
            knowledgeBaseId=base,
            retrievalQuery={"text": "travel"},
            retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": 1, "overrideSearchType": named}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return Outcome.of(
            False, f"{config.knowledge.vector_store} refuses {named}: {error.response['Error']['Message']}"
        )
    return Outcome.of(True, f"{config.knowledge.vector_store} takes {named}")


def _first_chat_alias(account: Account) -> str:
    return next(alias for alias in account.endpoint.models() if _chats(account, alias))


def _written(account: Account) -> int:
    return int(account.endpoint.usage()["today"]["output_tokens"])
