"""What is said to the model, as Converse takes it, and the builder by which every dialect makes it.

Converse wants the system text apart and turns that alternate, beginning with the user's, in which each call is answered
by the turn after it. No other API has such rules: neighbouring messages of one role are joined, what is blank is left
out, and a conversation that begins with the assistant, or has only instructions, gets a short turn of the user's.

A dialect makes the blocks of what it reads (``lambdas.chat.blocks``, ``lambdas.chat.images.to_image``), in the order in
which they were said, and names each message by the place at which the caller has it. The builder does the rest:

    builder = SpokenBuilder(toolbox, words=WORDS, goes_on=session is not None)
    builder.instruct(text("Be brief."))
    builder.user(text("What is the weather in Bonn?"), param="messages[1]")
    builder.assistant([Call(id="call_1", name="weather", arguments="{}", param=...)], param="messages[2]")
    builder.result("call_1", text("Rain"), param="messages[3]")
    spoken = builder.spoken()
"""

from collections.abc import Container, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

from lambdas.chat.blocks import Block, marked
from lambdas.chat.documents import OwnNames, accompanied
from lambdas.chat.schemas import WRAPPED
from lambdas.chat.tools import Toolbox, bedrock_id, bedrock_name
from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode_text

BEGIN: Final = "Begin."  # what the user says where nobody has said anything for the user
NOTHING: Final = "(nothing)"  # what a tool said that gave nothing: Converse refuses empty text


class Answering(Struct, frozen=True):
    """A result that answers a call which was made before the first message: one of a session's past.

    Attributes:
        call: Bedrock's id of the call.
        given: the caller's.
        param: where the caller has the id.
    """

    call: str
    given: str
    param: str


class Spoken(Struct, frozen=True, kw_only=True):
    """What is said to the model: Converse's ``system`` and ``messages``.

    Attributes:
        last: how many blocks of the last turn are the last message's own; 0 where nobody has said anything but
            instructions.
        last_param: where the caller has the last message that is no instruction, blank or not.
        answering: results whose calls have to be open in a session's past: who has read it checks them.
        joined: where messages of the user's begin in a turn that another one began: turn -> blocks.
    """

    system: list[Block]
    turns: list[Block]
    last: int = 0
    last_param: str = ""
    answering: tuple[Answering, ...] = ()
    joined: Mapping[int, Sequence[int]] = {}

    @property
    def said(self) -> list[Block]:
        """The turns with each message of the user's by itself, as it was sent and is stored."""
        said: list[Block] = []
        for place, turn in enumerate(self.turns):
            borders = [0, *self.joined.get(place, ()), len(turn["content"])]
            said += [{**turn, "content": turn["content"][first:end]} for first, end in pairwise(borders)]
        return said

    def check_answers(self, open_calls: Container[str]) -> None:
        """Refuse results that answer no call.

        Args:
            open_calls: Bedrock's ids of the calls that were made before the first message and are not answered yet.

        Raises:
            InvalidRequestError: ``param`` is where the caller has the id.
        """
        for one in self.answering:
            if one.call not in open_calls:
                raise _answers_nothing(one.given, one.param)


class Words(Struct, frozen=True, kw_only=True):
    """A dialect's words for what can be wrong with a conversation.

    Attributes:
        messages: the member that has the messages.
        call_id: the member of a call that has its id.
        arguments: the one that has its input, as ``function.arguments``.
        result_of: the member of a result that has the id of the call which it answers.
        unanswered: what has to follow a call, in a sentence.
    """

    messages: str
    call_id: str
    arguments: str
    result_of: str
    unanswered: str


class Call(Struct, frozen=True, kw_only=True):
    """A call that the model made, as the caller has it.

    Attributes:
        id: nothing where the caller has none: then the order tells which result is whose.
        name: the tool's, as the caller calls it.
        arguments: the input, parsed or as JSON text; what is no object, as an answer that was cut leaves it, is taken
            for an empty one.
        is_text: whether ``arguments`` is a text that is the input itself, as another provider's custom tools have it.
        param: where the caller has the call.
    """

    id: str | None
    name: str
    arguments: Any
    param: str
    is_text: bool = False


class SpokenBuilder:
    """Makes ``Spoken`` of what was said, told in its order.

    Args:
        toolbox: the request's tools: by it calls are put as Bedrock has them.
        goes_on: whether calls may have been made before the first message: those of a session.
    """

    def __init__(self, toolbox: Toolbox, *, words: Words, goes_on: bool = False) -> None:
        self._toolbox = toolbox
        self._words = words
        self._goes_on = goes_on
        # Calls of the newest assistant's message that are not answered yet: (the caller's id, Bedrock's, path).
        self._open: list[tuple[str, str, str]] = []
        self._ids: set[str] = set()
        self._names = OwnNames()
        self._begun = False
        self._system: list[Block] = []
        self._turns: list[Block] = []
        self._last = 0
        self._last_param: str | None = None
        self._answering: list[Answering] = []
        self._joined: dict[int, list[int]] = {}

    def instruct(self, blocks: list[Block], *, kept: bool = False) -> None:
        """Add to the system text.

        Args:
            kept: whether Bedrock is to keep what is up to here; blocks may have marks of their own.
        """
        self._system += marked(blocks, kept)

    def user(self, blocks: list[Block], *, param: str, kept: bool = False) -> None:
        """Add what the user says: texts, images, documents.

        Args:
            param: where the caller has the message.
            kept: as in ``instruct``.

        Raises:
            InvalidRequestError: a call has no result.
        """
        self._all_answered()
        self._last_param = param
        # Most messages are one text.
        if len(blocks) > 1 or (blocks and "text" not in blocks[0]):
            blocks = self._names.given(accompanied(blocks))
        self._join("user", marked(blocks, kept) if kept else blocks)

    def assistant(self, said: Sequence[Block | Call], *, param: str, kept: bool = False) -> None:
        """Add what the model said: texts, thoughts and calls, in its order, all that lies between two of the user's.

        Args:
            param: as in ``user``.
            kept: as in ``instruct``.

        Raises:
            InvalidRequestError: a call of an earlier message has no result, or an input is nested too deep.
        """
        self._all_answered()
        self._begun = True
        self._last_param = param
        blocks = [self._call(one) if isinstance(one, Call) else one for one in said]
        self._join("assistant", marked(blocks, kept) if kept else blocks)

    def result(
        self, call_id: str | None, blocks: list[Block], *, param: str, failed: bool = False, kept: bool = False
    ) -> None:
        """Add what a tool gave.

        Args:
            call_id: of the call, as the caller has it; without one it is the oldest that is open.
            blocks: texts and images. Marks of what is to be kept have no place inside: one goes behind the result.
            param: as in ``user``.
            failed: whether the tool says that it failed.
            kept: as in ``instruct``.

        Raises:
            InvalidRequestError: it answers no call.
        """
        self._last_param = param
        content = self._names.given(block for block in blocks if "cachePoint" not in block)
        given: Block = {"toolUseId": self._answered(call_id or "", param), "content": content or [{"text": NOTHING}]}
        if failed:
            given["status"] = "error"
        self._join("user", marked([{"toolResult": given}], kept or len(content) < len(blocks)))

    def spoken(self) -> Spoken:
        """Return what was said.

        Raises:
            InvalidRequestError: a call has no result, or nothing was said at all.
        """
        self._all_answered()
        last = self._last
        if not self._turns:
            if not self._system:
                raise InvalidRequestError("There is no message with any text.", param=self._words.messages)
            self._join("user", [{"text": BEGIN}])
        return Spoken(
            system=self._system,
            turns=self._turns,
            last=last,
            last_param=self._last_param or self._words.messages,
            answering=tuple(self._answering),
            joined=self._joined,
        )

    def _join(self, role: str, blocks: list[Block]) -> None:
        if not blocks:
            return
        if not self._turns and role == "assistant":
            self._turns.append({"role": "user", "content": [{"text": BEGIN}]})
        if self._turns and self._turns[-1]["role"] == role:
            content = self._turns[-1]["content"]
            # Results stay together, with what follows them: a call is answered by the very next message.
            if role == "user" and "toolResult" not in content[-1] and "toolResult" not in blocks[0]:
                self._joined.setdefault(len(self._turns) - 1, []).append(len(content))
            content.extend(blocks)
        else:
            self._turns.append({"role": role, "content": [*blocks]})
        self._last = len(blocks)

    def _call(self, call: Call) -> Block:
        used = bedrock_id(call.id or call.param)
        # Some providers count anew in each answer.
        while used in self._ids:
            used = bedrock_id(f"{used} {call.param}")
        self._ids.add(used)
        self._open.append((call.id or "", used, call.param))
        name = bedrock_name(call.name)
        if call.is_text:
            given: Any = {WRAPPED: call.arguments}
        else:
            where = f"{call.param}.{self._words.arguments}"
            given = _arguments(call.arguments, wrapped=name in self._toolbox.wrapped, param=where)
        return {"toolUse": {"toolUseId": used, "name": name, "input": given}}

    def _answered(self, given: str, param: str) -> str:
        """Return Bedrock's id of the call that a result answers, which is not open any more."""
        for place, (call_id, used, _) in enumerate(self._open):
            # Who was given no ids sends none: then the order tells.
            if given in (call_id, used) or not given:
                del self._open[place]
                return used
        where = f"{param}.{self._words.result_of}"
        if self._begun or not self._goes_on:
            raise _answers_nothing(given, where)
        used = bedrock_id(given or param)
        self._answering.append(Answering(used, given, where))
        return used

    def _all_answered(self) -> None:
        """Refuse to go on while calls are open."""
        if self._open:
            call_id, _, path = self._open[0]
            raise InvalidRequestError(
                f"The call `{call_id}` has no result. {self._words.unanswered}", param=f"{path}.{self._words.call_id}"
            )


def _answers_nothing(given: str, param: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"The result of `{given}` answers no tool call of the assistant's before it that is open.", param=param
    )


def _arguments(given: Any, *, wrapped: bool, param: str) -> dict[str, Any]:
    """Return a call's input. What is no JSON object, as an answer that was cut leaves it, is taken for an empty one."""
    if isinstance(given, str):
        given = decode_text(given, param=param)
    if wrapped:
        return {} if given is None else {WRAPPED: given}
    return given if isinstance(given, dict) else {}
