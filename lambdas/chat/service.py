"""Answering a conversation: alias -> candidates -> Converse with the guardrail -> what is told, whole or streamed."""

import random
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError
from msgspec.structs import replace

from lambdas.catalogue.parameters import fit
from lambdas.chat.aliases import Aliases
from lambdas.chat.answers import NOTHING_USED, StreamedCompletion, told
from lambdas.chat.blocks import Block, is_unseen
from lambdas.chat.caching import with_cache_points
from lambdas.chat.candidates import Candidate
from lambdas.chat.client import ConverseClient
from lambdas.chat.conversation import Conversation, JsonOf
from lambdas.chat.converse import answer_is_wrapped, answer_spec, not_taken, to_converse, wants_answer_tool
from lambdas.chat.errors import RETRYABLE, broken_off, error_code, is_daily_quota
from lambdas.chat.guardrail import Guardrail, Passed
from lambdas.chat.reasoning import with_reasoning
from lambdas.chat.settings import ChatSettings
from lambdas.chat.spoken import Spoken
from lambdas.chat.stream import ToldStream
from lambdas.chat.telling import Telling, stop_text, thought_tokens
from lambdas.chat.told import Answered, Completion
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import InvalidRequestError
from lambdas.common.observability import logger

Opened = TypeVar("Opened")

BACKOFF_SECONDS: Final = 0.25
# Nothing is tried anew after this: whoever was throttled for so long is told, and can wait better than we.
RETRY_WINDOW_SECONDS: Final = 4.0


class ChatService:
    """Answers conversations.

    Attributes:
        guardrail: what every call passes through.

    Args:
        client: makes the calls; without retries of its own, which would not know when to ask another candidate.
        deadline: when every answer has to be over.
        passed: what the guardrail has let through before.
        sleep: waits that many seconds; for tests.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        settings: ChatSettings,
        aliases: Aliases,
        client: ConverseClient,
        deadline: Deadline = NEVER,
        passed: Passed | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._aliases = aliases
        self._client = client
        self._deadline = deadline
        self.guardrail = Guardrail(
            client=client, guardrail_id=settings.guardrail_id, version=settings.guardrail_version, passed=passed
        )
        self._sleep = sleep
        self._clock = clock
        # What was made of the newest request for each candidate: it is reserved for first, and asked then.
        self._made: dict[Candidate, tuple[Conversation, Spoken, Block, list[str]]] = {}

    def until(self, deadline: Deadline) -> "ChatService":
        """Return this service with answers that are over by then: whole, or streamed to their last event."""
        return ChatService(
            settings=self._settings,
            aliases=self._aliases,
            client=self._client.until(deadline),
            deadline=deadline,
            passed=self.guardrail.passed,
            sleep=self._sleep,
            clock=self._clock,
        )

    def candidates(self, alias: str) -> list[Candidate]:
        """Return who may answer for an alias, best first.

        Raises:
            ApiError: as ``Aliases.chatting``.
        """
        return self._aliases.chatting(alias)

    def bounded(self, asked: Conversation) -> Conversation:
        """Return what is asked with how long its answer may be, where it does not say."""
        if asked.max_tokens is not None:
            return asked
        settings = self._settings
        return replace(asked, max_tokens=settings.default_max_tokens_of.get(asked.alias, settings.default_max_tokens))

    def arguments(self, asked: Conversation, spoken: Spoken, candidate: Candidate) -> tuple[Block, list[str]]:
        """Return Converse's arguments for a candidate, and the parameters that it does not take and is not given.

        All but ``modelId`` and ``guardrailConfig``. They are made once for a conversation; do not change them.

        Raises:
            InvalidRequestError: it wants what the candidate's family cannot do.
        """
        known = self._made.get(candidate)
        if known is not None and known[0] is asked and known[1] is spoken:
            return known[2], known[3]
        wanted = asked.reasoning is not None and asked.reasoning.is_asked_for
        if wanted and self._settings.strict and candidate.model.parameters.reasoning is None:
            raise InvalidRequestError(
                f"The model behind `{asked.alias}` does not reason; leave `{asked.named('reasoning')}` out.",
                param=asked.named("reasoning"),
                code="unsupported_parameter",
            )
        made = to_converse(asked, candidate, spoken)
        given_up = [*with_reasoning(made, asked, candidate), *not_taken(asked, candidate)]
        made = with_cache_points(made, candidate, self._settings.prompt_caching)
        made["inferenceConfig"], unfit = fit(candidate.model.parameters, made["inferenceConfig"])
        dropped = [asked.named(field) for field in (*given_up, *unfit)]
        self._made[candidate] = (asked, spoken, made, dropped)
        return made, dropped

    def telling(self, asked: Conversation, candidate: Candidate) -> Telling:
        """Return how an answer of a candidate is told."""
        by_answer_tool = wants_answer_tool(asked, candidate)
        return Telling(
            model=candidate.base_model_id if self._settings.reply_model == "answered" else asked.alias,
            tools=asked.toolbox,
            parallel_tool_calls=asked.parallel_tool_calls,
            by_answer_tool=by_answer_tool,
            answer_is_wrapped=by_answer_tool and answer_is_wrapped(asked),
            thoughts=asked.reasoning is not None and asked.reasoning.told,
        )

    def completion(self, asked: Conversation, answered: Answered, reply: Block) -> Completion:
        """Return the whole answer that Converse's reply is."""
        telling = self.telling(asked, answered.candidate)
        message = reply.get("output", {}).get("message", {"role": "assistant", "content": []})
        usage = reply.get("usage", {})
        trace = reply.get("trace", {}).get("guardrail")
        found = {"guardrail": self.guardrail.trace(trace)} if asked.guardrail_trace else {}
        return Completion(
            answered=answered,
            model=telling.model,
            blocks=telling.told(message["content"]),
            stop_reason=reply["stopReason"],
            usage=usage,
            reasoning_tokens=thought_tokens(message["content"], usage),
            quarry=found,
            message=message,
            stop_text=stop_text(reply),
        )

    def complete(self, asked: Conversation, spoken: Spoken) -> Completion:
        """Answer, whole, by the first candidate that can.

        Raises:
            ApiError: unknown alias, or whatever ``to_api_error`` makes of the last failed call.
        """
        spoken, stopped = self._unseen_judged(asked, spoken)
        if stopped is not None:
            return self.said(stopped, asked, self._unasked(asked), stop_reason="guardrail_intervened")
        reply, answered = self._first_that_can(asked, spoken, self._client.converse)
        if "stopReason" not in reply:
            # botocore takes JSON that is damaged for an answer without members.
            raise broken_off(asked.alias)
        return self.completion(asked, answered, self._calls_judged(reply))

    def stream(self, asked: Conversation, spoken: Spoken) -> StreamedCompletion:
        """Begin to answer by the first candidate that can; its first event has arrived.

        Raises:
            ApiError: as ``complete``; nothing was sent to the caller yet.
        """

        def opened(**arguments: Any) -> tuple[Any, dict[str, Any]]:
            events = self._client.converse_stream(**arguments)["stream"]
            first = next(iter(events), None)
            if first is None:
                raise ResponseStreamingError(error="it ended before its first event")
            return events, first

        spoken, stopped = self._unseen_judged(asked, spoken)
        if stopped is not None:
            answered = self._unasked(asked)
            telling = self.telling(asked, answered.candidate)
            policys = StreamedCompletion.of_text(
                stopped, answered=answered, stop_reason="guardrail_intervened", telling=telling
            )
            policys.state.trace = self.guardrail.trace
            return policys
        (events, first), answered = self._first_that_can(asked, spoken, opened)
        telling = self.telling(asked, answered.candidate)
        if "toolConfig" in self.arguments(asked, spoken, answered.candidate)[0]:
            from lambdas.chat.judged_tools import JudgedEvents

            events = JudgedEvents(events, self.guardrail)
        state = ToldStream(telling, trace=self.guardrail.trace)
        return StreamedCompletion(answered=answered, events=events, first=first, state=state, deadline=self._deadline)

    def said(self, text: str, asked: Conversation, answered: Answered, *, stop_reason: str) -> Completion:
        """Return a whole answer that no model gave: nothing was used."""
        message = {"role": "assistant", "content": [{"text": text}]}
        return self.completion(
            asked, answered, {"output": {"message": message}, "stopReason": stop_reason, "usage": NOTHING_USED}
        )

    def _unasked(self, asked: Conversation) -> Answered:
        """Return who would have answered."""
        return Answered(alias=asked.alias, candidate=self.candidates(asked.alias)[0], fallbacks=0)

    def _unseen_judged(self, asked: Conversation, spoken: Spoken) -> tuple[Spoken, str | None]:
        """Return what is said as the guardrail lets it through, and its message where it stops it.

        Of what Converse does not show it. Whatever else is wrong is told before that costs anything.
        """
        candidates = self.candidates(asked.alias)
        tools = list(asked.toolbox.specs)
        if isinstance(asked.answer, JsonOf):
            # A family that enforces a schema itself is told it as well, and Converse shows nobody that either.
            tools.append(answer_spec(asked))
        if not tools and not any(is_unseen(block) for turn in spoken.turns for block in turn["content"]):
            return spoken, None
        for candidate in candidates:
            self.arguments(asked, spoken, candidate)
        from lambdas.chat import judged_tools

        if tools and self._settings.judge_tool_descriptions:
            stopped = judged_tools.judged_descriptions(self.guardrail, tools)
            if stopped is not None:
                return spoken, stopped
        return judged_tools.judged_rounds(self.guardrail, spoken)

    def _calls_judged(self, reply: Block) -> Block:
        """Return Converse's reply with its calls as the guardrail lets them through."""
        message = reply.get("output", {}).get("message", {"content": []})
        if not any("toolUse" in block for block in message["content"]):
            return reply
        from lambdas.chat.judged_tools import INTERVENED, judged_calls

        content, intervened = judged_calls(self.guardrail, message["content"])
        if not intervened:
            return reply
        return {**reply, "output": {"message": {**message, "content": content}}, "stopReason": INTERVENED}

    def _first_that_can(
        self, asked: Conversation, spoken: Spoken, call: Callable[..., Opened]
    ) -> tuple[Opened, Answered]:
        candidates = self.candidates(asked.alias)
        window = self._clock() + RETRY_WINDOW_SECONDS
        for position, candidate in enumerate(candidates):
            arguments, dropped = self.arguments(asked, spoken, candidate)
            guard = self.guardrail.config(trace=asked.guardrail_trace)
            try:
                reply = self._insist(
                    call, window=window, modelId=candidate.callable_id, guardrailConfig=guard, **arguments
                )
            except (ClientError, BotoCoreError) as error:
                last = position == len(candidates) - 1 or self._clock() > window
                if last or not candidate.may_fall_back(error):
                    raise told(error, alias=asked.alias, model_id=candidate.callable_id) from error
                logger.warning(
                    "fallback",
                    extra={
                        "alias": asked.alias,
                        "from_model": candidate.base_model_id,
                        "to_model": candidates[position + 1].base_model_id,
                        "reason": error_code(error),
                        **({"run": candidate.run} if candidate.run else {}),
                    },
                )
            else:
                return reply, Answered(alias=asked.alias, candidate=candidate, fallbacks=position, dropped=dropped)
        raise AssertionError("the last candidate answers or raises")

    def _insist(self, call: Callable[..., Opened], *, window: float, **arguments: Any) -> Opened:
        """Call one candidate, again while it throttles or fails and the time lasts."""
        for attempt in range(1, self._settings.max_attempts + 1):
            try:
                return call(**arguments)
            except (ClientError, BotoCoreError) as error:
                last = attempt == self._settings.max_attempts or self._clock() > window
                if last or error_code(error) not in RETRYABLE or is_daily_quota(error):
                    raise
            self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - jitter
        raise AssertionError("max_attempts is at least 1")
