"""Who makes the real call: the function that serves, or whoever runs the check."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.model_access.probe import EVENT, ConverseClient, probe
from lambdas.model_access.refusals import Outcome


class Prober(Protocol):
    """Calls models once each."""

    def probe(self, model_ids: Sequence[str], *, answered: Callable[[str], None]) -> Mapping[str, Outcome]:
        """Return how the call of each ended; ``answered`` is told each id when it has."""
        ...


class LambdaClient(Protocol):
    """The one call that is made, with Lambda's own shapes."""

    def invoke(self, **kwargs: Any) -> dict[str, Any]: ...


class ServingFunction:
    """Lets the inference function call, so that its role's permissions are what is proven.

    Args:
        client: waits longer than the function may run, and does not retry.
        function: name or ARN of the inference function.
    """

    def __init__(self, client: LambdaClient, function: str) -> None:
        self._client = client
        self._function = function

    def probe(self, model_ids: Sequence[str], *, answered: Callable[[str], None]) -> Mapping[str, Outcome]:
        """Invoke the function once for all models. If that fails, so did every call, for that reason."""
        outcomes = self._invoke(model_ids)
        for model_id in model_ids:
            answered(model_id)
        return outcomes

    def _invoke(self, model_ids: Sequence[str]) -> dict[str, Outcome]:
        event = {"quarry": EVENT, "model_ids": list(model_ids)}
        try:
            reply = self._client.invoke(FunctionName=self._function, Payload=json.dumps(event).encode())
            answer = json.loads(reply["Payload"].read())
        except ClientError as error:
            told = error.response["Error"]
            failed = Outcome(ok=False, code=told.get("Code", ""), message=told.get("Message", ""))
            return dict.fromkeys(model_ids, failed)
        except (BotoCoreError, ValueError) as error:
            return dict.fromkeys(model_ids, _not_made(f"{type(error).__name__}: {error}"))
        if reply.get("FunctionError") or not isinstance(answer, list):
            why = answer.get("errorMessage", "no list") if isinstance(answer, dict) else "no list"
            return dict.fromkeys(model_ids, _not_made(f"{self._function} answered: {why}"))
        return {entry["model_id"]: _outcome(entry) for entry in answer}


class OwnCredentials:
    """Calls with the credentials of whoever runs the check: says nothing of the platform's role."""

    def __init__(self, client: ConverseClient) -> None:
        self._client = client

    def probe(self, model_ids: Sequence[str], *, answered: Callable[[str], None]) -> Mapping[str, Outcome]:
        """Call each model."""
        entries = probe(self._client, model_ids, answered=answered)
        return {entry["model_id"]: _outcome(entry) for entry in entries}


def _outcome(entry: dict[str, Any]) -> Outcome:
    return Outcome(ok=entry["ok"], code=entry["code"], message=entry["message"])


def _not_made(why: str) -> Outcome:
    # A code that no AWS error has: the verdict is left to the control plane, else unknown.
    return Outcome(ok=False, code="ProbeFailed", message=why)
