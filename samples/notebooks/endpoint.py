"""How these notebooks find Quarry's endpoint: what the environment says, tried before anything else is asked.

    import endpoint

    client, model = endpoint.connect()

``client`` is OpenAI's own client, unchanged: ``OpenAI()`` reads the same two variables. What is added are errors that
say what to do, since one that is not set would send your questions, and your key, to another host.
"""

import os
from collections.abc import Sequence
from typing import Any

try:
    import openai
    from openai import OpenAI
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "OpenAI's client is missing. Run `%pip install openai` in a cell, then restart the kernel."
    ) from error

# What an answer of the model on one's own machine begins with: it is no model at all and says so.
_STAND_IN = "stand-in model"
_ON_A_LAPTOP = "As `quarry connect` prints them: export OPENAI_BASE_URL=https://.../v1 and export OPENAI_API_KEY=qk-..."


class EndpointError(RuntimeError):
    """The endpoint cannot be asked; the message says what to do. Notebooks show it without a traceback."""

    def _render_traceback_(self) -> Sequence[str]:
        """Return what IPython prints in place of a traceback."""
        return [f"EndpointError: {self}"]


def connect() -> tuple[OpenAI, str]:
    """Return a client of the endpoint and the alias to ask, after one small question to it.

    Reads OPENAI_BASE_URL (or QUARRY_BASE_URL), OPENAI_API_KEY, and the first of QUARRY_ALIASES (default: fast).

    Raises:
        EndpointError: a variable is missing, nothing answers, or the key is not accepted or has nothing left.
    """
    url, key = _settings()
    alias = os.environ.get("QUARRY_ALIASES", "").split(",")[0].strip() or "fast"
    client = OpenAI(base_url=url, api_key=key)
    hello: Any = [{"role": "user", "content": "Say hello."}]
    try:
        answered = client.chat.completions.with_raw_response.create(model=alias, messages=hello, max_tokens=40)
    except openai.OpenAIError as error:
        raise EndpointError(_what_to_do(error, url=url, alias=alias)) from None
    reply = answered.parse()
    print(f"Connected to {url}. `{alias}` is answered by {answered.headers.get('x-quarry-model', reply.model)}.")
    if _STAND_IN in (reply.choices[0].message.content or ""):
        print("That is a stand-in on this machine, no real model: it shows how things work, not how well they answer.")
    return client, alias


def candidates(client: OpenAI, alias: str) -> list[str]:
    """Return the ids of the models behind an alias, best first."""
    listed = {model.id: model for model in client.models.list()}
    found: list[str] = getattr(listed[alias], "quarry", {}).get("candidates", [])
    return found


def bedrock(model_id: str) -> Any:
    """Return boto3's client of Bedrock's own API if it may call ``model_id``; else say why not, and return None.

    Tried with a question of a few tokens. Uses AWS_REGION, or else the region of your AWS configuration.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError:
        print("Skipped: boto3 is not installed here. The cells for Bedrock's own API do nothing; all others work.")
        return None
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    if session.get_credentials() is None:
        print("Skipped: no AWS credentials here. The cells for Bedrock's own API do nothing; all others work.")
        return None
    try:
        client = session.client("bedrock-runtime")
        hello: Any = [{"role": "user", "content": [{"text": "Say hello."}]}]
        client.converse(modelId=model_id, messages=hello, inferenceConfig={"maxTokens": 5})
    except (BotoCoreError, ClientError) as error:
        print(f"Skipped: AWS does not let these credentials call {model_id}: {error}")
        return None
    print(f"Bedrock answers to your AWS credentials, in {client.meta.region_name}.")
    return client


def require_documents(client: OpenAI) -> None:
    """Return if the endpoint has a knowledge base.

    Raises:
        EndpointError: it has none.
    """
    try:
        client.post("/knowledge/retrieve", body={"query": "travel"}, cast_to=dict[str, Any])
    except openai.NotFoundError as error:
        raise EndpointError(
            f"This endpoint has no knowledge base ({error.code}). Its owner adds the section `knowledge` to the "
            "environment file and deploys. The other notebooks do not need one."
        ) from None


def _settings() -> tuple[str, str]:
    url = os.environ.get("OPENAI_BASE_URL") or os.environ.get("QUARRY_BASE_URL")
    key = os.environ.get("OPENAI_API_KEY")
    secret = os.environ.get("QUARRY_KEY_SECRET")
    if not url:
        raise EndpointError(f"OPENAI_BASE_URL is not set, so it is not known whom to ask. {_ON_A_LAPTOP}")
    if not url.rstrip("/").endswith("/v1"):
        raise EndpointError(f"OPENAI_BASE_URL is {url}, which does not end in /v1. {_ON_A_LAPTOP}")
    if not key and secret:
        raise EndpointError(
            f"OPENAI_API_KEY is not set. Your key is kept in the secret {secret}: restart the kernel, and if that "
            "does not help, ask the workshop's organiser whether keys have been made."
        )
    if not key:
        raise EndpointError(f"OPENAI_API_KEY is not set. {_ON_A_LAPTOP}")
    return url, key


def _what_to_do(error: openai.OpenAIError, *, url: str, alias: str) -> str:
    code = getattr(error, "code", None)
    message = getattr(error, "message", str(error))
    if isinstance(error, openai.APIConnectionError):
        return (
            f"Nothing answers at {url} ({error.__cause__ or message}). On your own machine `make up` starts it; "
            "elsewhere ask who gave you the address."
        )
    if isinstance(error, openai.AuthenticationError):
        return (
            f"The endpoint does not take this key: {message} Set OPENAI_API_KEY to one that works: `quarry keys "
            "create` makes them, or ask who gave you yours."
        )
    if code in ("model_not_found", "model_not_allowed"):
        return f"`{alias}` cannot be asked: {message} Set QUARRY_ALIASES to one that can, and restart the kernel."
    if code == "insufficient_quota":
        return f"The key has nothing left: {message} Ask for more: `quarry keys raise`."
    return f"{url} answered with an error: {message} If it stays, give the endpoint's owner this message."
