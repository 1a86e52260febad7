"""How a family is asked to reason, and what it takes beside that: by the catalogue, for one candidate.

What a caller says is an effort in a word, or a budget of tokens; what a family has no word for becomes the nearest that
it has. Where reasoning cannot go together with something else that was asked for, it gives way, and is named in
``x-quarry-dropped-parameters``: it changes little, and the rest does not.

Sources: those of the catalogue's ``reasoning``; for Claude, Bedrock user guide, claude-messages-extended-thinking: at
least 1,024 tokens and fewer than ``max_tokens``, no temperature, top_p or top_k, no tool that is forced, and in a loop
of tools the answer has to begin with the thoughts that it began with.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from lambdas.chat.blocks import Block, unsigned
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation, Effort, Reasoning
from lambdas.common.errors import InvalidRequestError

# What of an answer may be thought, by effort: the shares that other gateways have agreed on (OpenRouter, "Reasoning
# tokens"). An effort without words for a budget, and a budget without words for an effort, meet here.
SHARES: Final[dict[Effort, float]] = {"low": 0.2, "medium": 0.5, "high": 0.8}
LEAST_BUDGET: Final = 1_024
MOST_BUDGET: Final = 32_000
# Families that take back what they have thought though they sign nothing, which Claude refuses (maximhq/bifrost 6942
# tells both). Of the others no source was found.
_TAKE_UNSIGNED: Final = frozenset(("reasoning_config",))
_SAMPLING: Final = (("temperature", "temperature"), ("topP", "top_p"))


def with_reasoning(arguments: Block, asked: Conversation, candidate: Candidate) -> list[str]:
    """Ask for reasoning in Converse's arguments, which are changed, as far as the candidate takes it.

    Returns:
        The conversation's fields that give way.

    Raises:
        InvalidRequestError: a budget that no model takes.
    """
    if not candidate.has("reasoning"):
        arguments["messages"] = without_thoughts(arguments["messages"])
    elif candidate.model.parameters.reasoning not in _TAKE_UNSIGNED:
        arguments["messages"] = without_thoughts(arguments["messages"], of=lambda block: unsigned(block) is not None)
    wanted = asked.reasoning
    if wanted is None or not wanted.is_asked_for:
        return []
    match candidate.model.parameters.reasoning:
        case "thinking_budget":
            return _budget(arguments, asked, wanted)
        case "thinking_adaptive":
            return _adaptive(arguments, wanted)
        case "reasoning_config":
            effort = _effort(wanted, arguments)
            # High goes without ``maxTokens`` only, and an answer of any length is one that nobody reserved for.
            taken = "medium" if effort == "high" else effort
            _add(arguments, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": taken}})
            return ["reasoning"] if taken != effort else []
        case "reasoning_effort":
            _add(arguments, {"reasoning_effort": _effort(wanted, arguments)})
            return []
        case _:
            return ["reasoning"]


def _is_thought(block: Block) -> bool:
    return "reasoningContent" in block


def without_thoughts(turns: Sequence[Block], *, of: Callable[[Block], bool] = _is_thought) -> list[Block]:
    """Return turns without thoughts, for who has none and would not know them: another model has stepped in.

    Args:
        of: which blocks are left out.
    """
    kept = []
    for turn in turns:
        content = [block for block in turn["content"] if not of(block)]
        kept.append(turn if len(content) == len(turn["content"]) else {**turn, "content": content})
    return [turn for turn in kept if turn["content"]]


def _budget(arguments: Block, asked: Conversation, wanted: Reasoning) -> list[str]:
    longest = arguments["inferenceConfig"]["maxTokens"]
    budget = wanted.budget
    if budget is not None and not LEAST_BUDGET <= budget < longest:
        raise InvalidRequestError(
            f"The model behind `{asked.alias}` thinks for at least {LEAST_BUDGET:,} tokens, and for fewer than the "
            f"answer may have in all, which are {longest:,}.",
            param=asked.named("reasoning"),
        )
    if budget is None:
        share = SHARES[wanted.effort or "medium"]
        budget = max(LEAST_BUDGET, min(int(longest * share), MOST_BUDGET))
    if budget >= longest or _forces_a_tool(arguments) or _goes_on_without_thoughts(arguments["messages"]):
        return ["reasoning"]
    given_up = _without_sampling(arguments)
    _add(arguments, {"thinking": {"type": "enabled", "budget_tokens": budget}})
    return given_up


def _adaptive(arguments: Block, wanted: Reasoning) -> list[str]:
    if _forces_a_tool(arguments):
        return ["reasoning"]
    given_up = _without_sampling(arguments)
    # Since Opus 4.7 thoughts are told only to who asks for them.
    _add(arguments, {"thinking": {"type": "adaptive", "display": "summarized" if wanted.told else "omitted"}})
    arguments["outputConfig"] = {**arguments.get("outputConfig", {}), "effort": _effort(wanted, arguments)}
    return given_up


def _effort(wanted: Reasoning, arguments: Block) -> Effort:
    if wanted.effort is not None or wanted.budget is None:
        return wanted.effort or "medium"
    share = wanted.budget / arguments["inferenceConfig"]["maxTokens"]
    return min(SHARES, key=lambda effort: abs(SHARES[effort] - share))


def _forces_a_tool(arguments: Block) -> bool:
    return bool(arguments.get("toolConfig", {}).get("toolChoice", {}).keys() & {"any", "tool"})


def _goes_on_without_thoughts(turns: Sequence[Block]) -> bool:
    """Whether a tool's result is answered, and the thoughts with which its call began did not come back."""
    if len(turns) < 2 or not any("toolResult" in block for block in turns[-1]["content"]):
        return False
    return "reasoningContent" not in turns[-2]["content"][0]


def _without_sampling(arguments: Block) -> list[str]:
    config: dict[str, Any] = arguments["inferenceConfig"]
    given_up = [field for name, field in _SAMPLING if config.pop(name, None) is not None]
    fields = arguments.get("additionalModelRequestFields", {})
    if "top_k" in fields:
        arguments["additionalModelRequestFields"] = {name: one for name, one in fields.items() if name != "top_k"}
        given_up.append("top_k")
    return given_up


def _add(arguments: Block, fields: Block) -> None:
    arguments["additionalModelRequestFields"] = {**arguments.get("additionalModelRequestFields", {}), **fields}
