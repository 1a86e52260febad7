"""A guardrail around one Converse call: what of the request it sees, what it does to the answer, and the trace."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.model import conversation, guardrail
from sandbox.model.errors import AwsError, Json, invalid

_SPECIAL = {"grounding_source", "query"}


class Guard:
    """The guardrail of a request's ``guardrailConfig``.

    Raises:
        AwsError: ValidationException, the guardrail or its version does not exist.
    """

    def __init__(self, config: Json) -> None:
        try:
            self.record = guardrail.find(config.get("guardrailIdentifier", ""), config.get("guardrailVersion", "DRAFT"))
        except AwsError as missing:
            # Converse's own way to say it, with the same words (seen in issues and reports of 2026).
            raise invalid(missing.message) from missing
        self._traced = config.get("trace") in ("enabled", "enabled_full")
        # AWS's default is sync: nothing is sent before it was evaluated.
        self.asynchronous = config.get("streamProcessingMode") == "async"
        self._trace: Json = {}
        self._sources: list[str] = []
        self._query = ""

    def check_input(self, request: Json) -> tuple[Json, str | None]:
        """Return the request as the model may see it, and the blocked message where the input is refused.

        Only ``guardContent`` blocks are evaluated if there are any, else all text of the user (Bedrock user guide,
        "Use a guardrail with the Converse API").
        """
        request = copy.deepcopy(request)
        holders = _guarded(request) or _spoken(request)
        judged = []
        for holder in holders:
            qualifiers = set(holder.get("qualifiers") or [])
            if "grounding_source" in qualifiers:
                self._sources.append(holder["text"])
            if "query" in qualifiers:
                self._query = holder["text"]
            if not qualifiers & _SPECIAL or "guard_content" in qualifiers:
                judged.append(holder)
        verdict = guardrail.evaluate(self.record, "INPUT", [holder["text"] for holder in judged])
        self._note("inputAssessment", verdict, verdict.assessment | {"invocationMetrics": verdict.metrics()})
        if verdict.blocked:
            return request, guardrail.blocked_message(self.record, "INPUT")
        for holder, text in zip(judged, verdict.texts, strict=True):
            holder["text"] = text
        return request, None

    def check_output(self, blocks: list[Json], *, mask: bool = True) -> tuple[list[Json], bool]:
        """Return the answer as the client may see it, and whether the guardrail blocked or masked it.

        ``mask`` False is how streams in asynchronous mode are judged: AWS does not mask there.
        """
        verdict = self.judge_output([block["text"] for block in blocks if "text" in block])
        if verdict.blocked:
            # Tool calls go too: a blocked answer hands out nothing the model wrote.
            return [{"text": self.blocked_output()}], True
        if not (verdict.masked and mask):
            return blocks, False
        masked = iter(verdict.texts)
        return [{"text": next(masked)} if "text" in block else block for block in blocks], True

    def judge_output(self, texts: list[str]) -> guardrail.Verdict:
        """Return what the guardrail finds in what the model wrote; the trace tells of it."""
        verdict = guardrail.evaluate(self.record, "OUTPUT", texts, self._sources, self._query)
        self._note("outputAssessments", verdict, [verdict.assessment | {"invocationMetrics": verdict.metrics()}])
        if verdict.intervened:
            self._trace["modelOutput"] = texts
        return verdict

    def blocked_output(self) -> str:
        """Return the message that stands for a blocked answer."""
        return guardrail.blocked_message(self.record, "OUTPUT")

    @property
    def judges_wholes(self) -> bool:
        """Return whether an answer is held against sources, which a part of it cannot be."""
        return bool(self._sources and self._query)

    def _note(self, name: str, verdict: guardrail.Verdict, assessment: Any) -> None:
        self._trace[name] = {self.record["GuardrailId"]: assessment}
        if verdict.intervened or "actionReason" not in self._trace:
            self._trace["actionReason"] = verdict.action_reason()

    def trace(self) -> Json | None:
        """Return ConverseTrace, or None where the request did not ask for it."""
        return {"guardrail": self._trace} if self._traced else None


def _guarded(request: Json) -> list[Json]:
    blocks = [*(request.get("system") or [])]
    for message in request.get("messages") or []:
        blocks += message["content"]
    return [block["guardContent"]["text"] for block in blocks if "text" in (block.get("guardContent") or {})]


def _spoken(request: Json) -> list[Json]:
    return [
        block
        for message in request.get("messages") or []
        if message["role"] == "user" and conversation.text_of(message["content"])
        for block in message["content"]
        if "text" in block
    ]
