"""The guardrail that every call passes through, and what it is asked besides: of texts that Converse does not show it.

Converse has it judge what the user and the model say. It does not see tools: neither a call's input, nor a result, nor
a description (Bedrock user guide, "Use a guardrail with the Converse API"). ``lambdas.chat.judged_tools`` shows it
those.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Protocol

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from lambdas.chat.errors import THROTTLED_RETRY_SECONDS, error_code, guardrail_trouble
from lambdas.chat.text_parts import SEAM, parts, seams
from lambdas.common.errors import MOST_SAID, ApiError, RateLimitError, UpstreamError, UpstreamTimeoutError, cut
from lambdas.common.network_errors import TOO_LATE
from lambdas.common.observability import logger, metrics
from lambdas.common.text_units import CHARACTERS, text_units

# Source: ApplyGuardrail takes 25 text units.
MOST_CHARACTERS: Final = 25 * CHARACTERS
# Texts that were let through as they are, by their digests: 32 bytes each.
MOST_REMEMBERED: Final = 4_096
_COUNTED: Final = ("contentPolicyUnits", "topicPolicyUnits", "wordPolicyUnits", "sensitiveInformationPolicyUnits")

Source = Literal["INPUT", "OUTPUT"]


class GuardrailClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
        """Judge a text."""
        ...


class Judged(Struct, frozen=True, kw_only=True):
    """What the guardrail makes of texts.

    Attributes:
        texts: as they may go on: masked where it masks.
        stopped: the policy's message, where one of them is stopped; None where all may go on.
    """

    texts: Sequence[str]
    stopped: str | None = None


class Passed:
    """Texts that one version of a guardrail has let through as they are: they are not judged, nor paid for, again.

    An agent's loop sends the same descriptions and results with every step. Kept for as long as the function lives.
    """

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, judged: tuple[Source, str]) -> bool:
        return _digest(judged) in self._digests

    def add(self, source: Source, text: str) -> None:
        """Remember a text; the oldest is forgotten."""
        self._digests[_digest((source, text))] = None
        if len(self._digests) > MOST_REMEMBERED:
            self._digests.popitem(last=False)


class Guardrail:
    """One version of the guardrail, asked for one request.

    Attributes:
        passed: what it has let through.
        found: where it intervened in what Converse does not show it: Bedrock's assessments, each with its source.
    """

    def __init__(
        self, *, client: GuardrailClient, guardrail_id: str, version: str, passed: Passed | None = None
    ) -> None:
        self._client = client
        self._named = {"guardrailIdentifier": guardrail_id, "guardrailVersion": version}
        self.passed = passed if passed is not None else Passed()
        self.found: list[dict[str, Any]] = []

    def config(self, *, trace: bool) -> dict[str, str]:
        """Return Converse's ``guardrailConfig``."""
        return {**self._named, "trace": "enabled" if trace else "disabled"}

    def trace(self, converse: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what was found, as a request's caller is told it: Converse's trace, and in ``unseen`` the rest."""
        return {**(converse or {}), **({"unseen": list(self.found)} if self.found else {})}

    def stopped(self, prompt: str) -> str | None:
        """Return the policy's message if a prompt is stopped, None if it is let through, masked or not.

        Raises:
            PermissionDeniedError: the guardrail is gone, or denied.
            RateLimitError: Bedrock throttles.
            UpstreamError: it could not be asked.
        """
        reply = self._apply([prompt[:MOST_CHARACTERS]], "INPUT")
        return _message(reply) if _blocks(reply.get("assessments", [])) else None

    def judged(self, text: str, *, source: Source, whole: bool = False) -> dict[str, Any]:
        """Return ApplyGuardrail's reply to a text of at most ``MOST_CHARACTERS``.

        Args:
            whole: whether it tells of content filters that act on nothing too.

        Raises:
            ApiError: as ``stopped``.
        """
        return self._apply([text], source, whole=whole)

    def let_through(self, texts: Sequence[str], source: Source) -> Judged:
        """Judge texts that Converse does not show it, of any length.

        Raises:
            ApiError: as ``stopped``.
        """
        new = [text for text in dict.fromkeys(texts) if text.strip() and (source, text) not in self.passed]
        cuts = {text: parts(text, MOST_CHARACTERS) for text in new}
        between = {text: list(seams(cut)) for text, cut in cuts.items()}
        made, stopped = self._made([*_all(cuts), *_all(between)], source)
        # What is masked across a cut lies within a part where it is cut elsewhere.
        moved = {
            text: parts(text, MOST_CHARACTERS - 2 * SEAM)
            for text, around in between.items()
            if any(made.get(seam, seam) != seam for seam in around)
        }
        if moved and stopped is None:
            more, stopped = self._made(_all(moved), source)
            made, cuts = made | more, cuts | moved
        if stopped is not None:
            return Judged(texts=texts, stopped=stopped)
        told = []
        for text in texts:
            masked = "".join(made.get(part, part) for part in cuts.get(text, [text]))
            if masked == text and text.strip():
                self.passed.add(source, text)
            told.append(masked)
        return Judged(texts=told)

    def _made(self, texts: Sequence[str], source: Source) -> tuple[dict[str, str], str | None]:
        """Return what becomes of texts that are masked, by the texts, and the policy's message where one is stopped."""
        made: dict[str, str] = {}
        for together in _calls(texts):
            reply = self._apply(together, source)
            if reply.get("action") != "GUARDRAIL_INTERVENED":
                continue
            self.found += [{"source": source, **assessment} for assessment in reply.get("assessments", [])]
            if _blocks(reply.get("assessments", [])):
                return made, _message(reply)
            outputs = [output["text"] for output in reply["outputs"]]
            if len(outputs) != len(together):
                # Which output is whose is only sure of a text that is judged by itself.
                outputs = [self._masked(part, source) for part in together]
            made |= zip(together, outputs, strict=True)
        return made, None

    def _masked(self, text: str, source: Source) -> str:
        reply = self._apply([text], source)
        return "".join(output["text"] for output in reply["outputs"]) or text

    def _apply(self, texts: Sequence[str], source: Source, *, whole: bool = False) -> dict[str, Any]:
        content = [{"text": {"text": text}} for text in texts]
        scope = {"outputScope": "FULL"} if whole else {}
        try:
            reply = self._client.apply_guardrail(**self._named, source=source, content=content, **scope)
        except (ClientError, BotoCoreError) as error:
            raise _told(error) from error
        taken = max((reply.get("usage", {}).get(name, 0) for name in _COUNTED), default=0)
        metrics.add_metric(name="GuardrailTextUnits", unit=MetricUnit.Count, value=taken)
        return reply


def _digest(judged: tuple[Source, str]) -> bytes:
    source, text = judged
    return hashlib.sha256(f"{source} {text}".encode("utf-8", "surrogatepass")).digest()


def _all(parts_of: Mapping[str, Sequence[str]]) -> list[str]:
    return [part for several in parts_of.values() for part in several]


def _calls(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts, so many together as one call takes; none twice."""
    together: list[str] = []
    room = MOST_CHARACTERS
    for text in (text for text in dict.fromkeys(texts) if text.strip()):
        if together and len(text) > room:
            yield together
            together, room = [], MOST_CHARACTERS
        together.append(text)
        room -= text_units(len(text)) * CHARACTERS
    if together:
        yield together


def _message(reply: Mapping[str, Any]) -> str:
    return "\n".join(output["text"] for output in reply["outputs"])


def _blocks(value: Any) -> bool:
    """Whether any policy blocks; one that masks intervenes too, and lets the prompt through."""
    if isinstance(value, Mapping):
        return value.get("action") == "BLOCKED" or any(map(_blocks, value.values()))
    return isinstance(value, list) and any(map(_blocks, value))


def _told(error: ClientError | BotoCoreError) -> ApiError:
    code = error_code(error)
    logger.warning("guardrail failed", extra={"reason": code, "aws": cut(str(error), MOST_SAID)})
    if isinstance(error, ClientError) and (trouble := guardrail_trouble(error)):
        return trouble
    if code in {"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"}:
        return RateLimitError(
            "Amazon Bedrock is throttling the guardrail. Wait and try again.", retry_after=THROTTLED_RETRY_SECONDS
        )
    if isinstance(error, TOO_LATE):
        return UpstreamTimeoutError("The guardrail did not judge the question in time. Try again.")
    return UpstreamError(
        f"The guardrail could not judge the question ({code}). Try again; if that does not help, the platform's owner "
        "can see why in the function's log. Its role needs bedrock:ApplyGuardrail."
    )
