"""One real call of a few tokens per model, from the role that serves: the proof that ends the access check.

The function is asked directly, never through the API: ``{"quarry": "probe", "model_ids": [...]}``. Callers need
lambda:InvokeFunction on it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.chat.errors import error_code
from lambdas.chat.settings import ChatSettings
from lambdas.common import aws

EVENT: Final = "probe"
# botocore keeps ten connections per client; more threads would wait for each other.
PARALLEL: Final = 10
# At most. What has not answered by then is reported as timed out, which means reachable.
DEADLINE_SECONDS: Final = 20.0
# Kept of the function's own time for the answer.
MARGIN_SECONDS: Final = 3.0
# One token is the least that can be asked for; some families refuse fewer than 16.
MAX_TOKENS: Final = (1, 16)


class ConverseClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        """Call a model."""
        ...


def asked(event: dict[str, Any]) -> bool:
    """Whether a function's event asks for a probe."""
    return event.get("quarry") == EVENT


def answer(event: dict[str, Any], settings: ChatSettings) -> list[dict[str, Any]]:
    """Answer a function's event that asks for a probe, calling models as requests do: with the guardrail."""
    return probe(
        aws.client("bedrock-runtime", read_timeout=settings.read_timeout_seconds, max_attempts=1),
        event["model_ids"],
        guardrail={
            "guardrailIdentifier": settings.guardrail_id,
            "guardrailVersion": settings.guardrail_version,
        },
        deadline_seconds=min(DEADLINE_SECONDS, settings.call_seconds - MARGIN_SECONDS),
    )


def probe(
    client: ConverseClient,
    model_ids: Iterable[str],
    *,
    guardrail: dict[str, str] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    answered: Callable[[str], None] = lambda _model_id: None,
) -> list[dict[str, Any]]:
    """Call each model once, all at the same time.

    Args:
        client: without retries of its own, because a throttled model is a reachable one.
        model_ids: what Converse takes: ids or ARNs; each is called once.
        guardrail: Converse's ``guardrailConfig``, so that the right to use the guardrail is proven too.
        answered: told each model id when its call has ended.

    Returns:
        Per model ``{"model_id", "ok", "code", "message"}``: code is AWS's exception name, "" if it answered.
    """
    unique = list(dict.fromkeys(model_ids))
    if not unique:
        return []
    pool = ThreadPoolExecutor(max_workers=min(PARALLEL, len(unique)), thread_name_prefix="probe")
    calls = {model_id: pool.submit(_call, client, model_id, guardrail, answered) for model_id in unique}
    wait(calls.values(), timeout=deadline_seconds)
    # Not waited for: a call that hangs ends with the client's own time-out.
    pool.shutdown(wait=False, cancel_futures=True)
    return [_outcome(model_id, call, deadline_seconds) for model_id, call in calls.items()]


def _call(
    client: ConverseClient, model_id: str, guardrail: dict[str, str] | None, answered: Callable[[str], None]
) -> tuple[str, str]:
    try:
        return _refusal(client, model_id, guardrail)
    finally:
        answered(model_id)


def _refusal(client: ConverseClient, model_id: str, guardrail: dict[str, str] | None) -> tuple[str, str]:
    """Return (code, message) of the refusal, both empty if the model answered."""
    arguments: dict[str, Any] = {
        "modelId": model_id,
        "messages": [{"role": "user", "content": [{"text": "ping"}]}],
        **({"guardrailConfig": guardrail} if guardrail else {}),
    }
    code, message = "", ""
    for tokens in MAX_TOKENS:
        try:
            client.converse(**arguments, inferenceConfig={"maxTokens": tokens})
        except ClientError as error:
            code, message = error_code(error), str(error.response["Error"].get("Message", ""))
            if code == "ValidationException" and "token" in message.lower():
                continue
            return code, message
        except BotoCoreError as error:
            return error_code(error), str(error)
        return "", ""
    return code, message


def _outcome(model_id: str, call: Future[tuple[str, str]], deadline_seconds: float) -> dict[str, Any]:
    if not call.done() or call.cancelled():
        code, message = "ModelTimeoutException", f"no answer within {deadline_seconds:.0f} s"
    else:
        code, message = call.result()
    return {"model_id": model_id, "ok": not code, "code": code, "message": message}
