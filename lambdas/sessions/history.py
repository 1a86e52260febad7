"""How much of a conversation is sent again: recent turns word by word, older ones as a summary, within a budget.

Nothing here calls anything. Tokens are estimated, and a wrong estimate errs towards sending less.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from lambdas.common.tokens import text_tokens
from lambdas.sessions.contents import sendable, tool_results
from lambdas.sessions.session import Message, StoredTurn

# What a chat template adds for the marks of one message.
TOKENS_PER_MESSAGE: Final = 4
# The part of the budget that a summary may take. When history passes the budget, recent turns are cut to half of it:
# the last quarter is room to grow, so that a summary is not due with every turn.
SUMMARY_SHARE: Final = 0.25
RECENT_SHARE: Final = 0.5

Count = Callable[[Message], int]


@dataclass(frozen=True)
class Plan:
    """What to do with a history.

    Attributes:
        context_messages: what is sent of it word by word, as Converse accepts it.
        to_summarise: older turns, which the summary has to take in; none while everything fits.
    """

    context_messages: list[Message]
    to_summarise: list[StoredTurn]


def count_message(message: Message) -> int:
    """Return how many tokens a stored message has, estimated; blocks that are no text count as their JSON."""
    texts = (
        block["text"] if "text" in block else json.dumps(block, ensure_ascii=False) for block in message["content"]
    )
    return TOKENS_PER_MESSAGE + sum(text_tokens(text) for text in texts)


def summary_tokens(budget_tokens: int) -> int:
    """Return how many tokens of a budget a summary may have."""
    return int(budget_tokens * SUMMARY_SHARE)


def plan(
    summary: str | None,
    turns: Sequence[StoredTurn],
    *,
    budget_tokens: int,
    tools: bool = True,
    count: Count = count_message,
) -> Plan:
    """Decide what of a history is sent.

    What is sent, together with the summary as it is or, if a new one is due, with the most that one may take, stays
    within the budget. A tool call and its results are either both sent or neither. Blocked turns are not sent.

    Args:
        summary: of all turns before ``turns``, as it is sent.
        turns: in order.
        tools: as in ``sendable``.
    """
    exchanges = _exchanges([turn for turn in turns if not turn.blocked])
    sizes = [sum(count(message) for turn in exchange for message in turn.messages) for exchange in exchanges]
    taken = text_tokens(summary) if summary else 0
    kept = len(exchanges)
    if taken + sum(sizes) > budget_tokens:
        kept = _that_fit(sizes, budget_tokens * RECENT_SHARE)
        if not kept:
            # One long exchange, as a pasted document: better whole than gone, if there is room for it.
            kept = _that_fit(sizes[-1:], budget_tokens - summary_tokens(budget_tokens))
    border = len(exchanges) - kept
    messages = [message for exchange in exchanges[border:] for turn in exchange for message in turn.messages]
    return Plan(
        context_messages=sendable(messages, tools=tools),
        to_summarise=[turn for exchange in exchanges[:border] for turn in exchange],
    )


def open_exchange(turns: Sequence[StoredTurn], new: Sequence[Message]) -> tuple[list[StoredTurn], list[StoredTurn]]:
    """Return (past, open): open are the turns since the question whose tool results ``new`` brings, if it brings any.

    They are no history yet: the model is in the middle of answering, and needs its tool calls as they were.
    """
    exchanges = _exchanges([turn for turn in turns if not turn.blocked])
    if not exchanges or not new or not tool_results(new[0]):
        return list(turns), []
    return [turn for exchange in exchanges[:-1] for turn in exchange], exchanges[-1]


def _that_fit(sizes: Sequence[int], room: float) -> int:
    """Return how many of the last ones fit together."""
    return sum(total <= room for total in accumulate(reversed(sizes)))


def _exchanges(turns: Sequence[StoredTurn]) -> list[list[StoredTurn]]:
    """Return the turns in groups that must not be parted: one that brings tool results belongs to the one before."""
    groups: list[list[StoredTurn]] = []
    for turn in turns:
        if groups and turn.messages and tool_results(turn.messages[0]):
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return groups
