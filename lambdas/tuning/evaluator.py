"""Asking base and tuned model the same: a distributed map runs this for each piece of the test set.

Both are asked as the endpoint would be, with the record's own system prompt and as little chance as the family allows,
but without guardrail and sessions: the models are compared, nothing else. A question that one of them refuses scores 0
there; what AWS cannot answer now is raised, and the state machine asks the whole piece again.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import msgspec
from botocore.exceptions import ClientError

from lambdas.catalogue.models import find
from lambdas.catalogue.parameters import fit
from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.tuning import batches, examples, judge, scores
from lambdas.tuning.batches import Batch
from lambdas.tuning.examples import Example, ExampleError
from lambdas.tuning.measured import SIDES, Answer, Measured, Record
from lambdas.tuning.settings import EvaluatorSettings
from lambdas.tuning.store import RunStore

READ_SECONDS: Final = 120.0
# Questions that are open at once; each asks two models in turn.
AT_ONCE: Final = 4
JUDGE_TOKENS: Final = 10
# The model will not answer this one, now or later.
_REFUSED: Final = frozenset({"ValidationException", "ModelErrorException"})


class Runtime(Protocol):
    """The call of Bedrock's runtime that is made."""

    def converse(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """Asks and scores."""

    settings: EvaluatorSettings
    store: RunStore
    runtime: Runtime

    def measure(self, run: str, batch: Batch) -> int:
        """Ask a piece's records of both models, write what was measured, and return how many records there were.

        Raises:
            NoSuchRunError: as ``RunStore.status``.
            ClientError: AWS cannot answer now.
        """
        status = self.store.status(run)
        assert status.request is not None
        called = {"base": self.settings.base_models[status.base_model], "tuned": str(status.hosted_arn)}
        judged = bool(status.request.judge_alias)
        content = self.store.read(status.request.test, start=batch.start, end=batch.end)
        found: dict[int, Example] = {}
        unreadable: dict[int, str] = {}
        for number, line in enumerate(content.split(b"\n"), batch.line):
            if line.strip():
                try:
                    found[number] = examples.parse(line)
                except ExampleError as error:
                    unreadable[number] = str(error)

        def measured(numbered: tuple[int, Example]) -> Record:
            number, example = numbered
            answers = {side: self._answer(called[side], status.base_model, example, judged=judged) for side in SIDES}
            return Record(line=number, asked=example.asked, reference=example.reference, answers=answers)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            records = list(pool.map(measured, found.items()))
        result = Measured(records=records, unreadable=unreadable)
        self.store.put(batches.measured_key(run, batch.index), msgspec.json.encode(result), kind="application/json")
        return len(records)

    def _answer(self, called: str, base_model: str, example: Example, *, judged: bool) -> Answer:
        config, _ = fit(find(base_model).parameters, {"maxTokens": self.settings.max_tokens, "temperature": 0})
        try:
            reply = self.runtime.converse(
                modelId=called,
                messages=example.messages,
                inferenceConfig=config,
                **({"system": example.system} if example.system else {}),
            )
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            none = dict.fromkeys(scores.TEXT_METRICS, 0.0)
            return Answer(failed=f"{code_of(error)}: {error.response['Error'].get('Message', '')}", scores=none)
        text = _text_of(reply)
        points = self._points(example, text) if judged and self.settings.judge else None
        return Answer(
            text=text,
            scores={**scores.of(text, example.reference), **({} if points is None else {"judge": points})},
            tokens=reply.get("usage", {}).get("totalTokens", 0),
            milliseconds=reply.get("metrics", {}).get("latencyMs", 0),
        )

    def _points(self, example: Example, text: str) -> float | None:
        asked = judge.request(question=example.asked, reference=example.reference, answer=text)
        reply = self.runtime.converse(modelId=self.settings.judge, inferenceConfig={"maxTokens": JUDGE_TOKENS}, **asked)
        return judge.score(_text_of(reply))


def _text_of(reply: Mapping[str, Any]) -> str:
    content = reply["output"]["message"].get("content", [])
    return "".join(part.get("text", "") for part in content).strip()


@cache
def evaluator() -> Evaluator:
    """The evaluator of the settings, made on first use."""
    settings = EvaluatorSettings.from_env()
    return Evaluator(
        settings=settings,
        store=RunStore(settings.data_bucket, aws.client("s3", read_timeout=10)),
        # A test set meets the account's quotas of tokens per minute; it has the time to wait for its turn.
        runtime=aws.client("bedrock-runtime", read_timeout=READ_SECONDS, max_attempts=8),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(
    event: Mapping[str, Any], _context: Any, evaluator: Callable[[], Evaluator] = evaluator
) -> dict[str, int]:
    """Measure {"run", "batch"}; return ``{"records": how many}``.

    Args:
        evaluator: returns what measures; for tests.

    Raises:
        ClientError: AWS cannot answer now.
    """
    batch = msgspec.convert(event["batch"], Batch)
    return {"records": evaluator().measure(event["run"], batch)}
