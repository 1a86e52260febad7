"""From an example to a record of the format that a base model takes."""

from typing import Any

from lambdas.catalogue.customization import DataFormat
from quarry.tuning.examples import Example, NoExampleError


def record_of(example: Example, form: DataFormat) -> dict[str, Any]:
    """Return a record of the format.

    Raises:
        NoExampleError: the format cannot hold the example.
    """
    if form == "prompt_completion":
        return _pair(example)
    if form == "pretraining":
        return {"input": "\n\n".join(text for _, text in example.turns)}
    if form == "reinforcement":
        return _reinforcement(example)
    if form == "conversation" and example.turns[-1][0] == "user":
        raise NoExampleError("it has no answer to learn")
    record: dict[str, Any] = {"schemaVersion": "bedrock-conversation-2024"}
    if example.system:
        record["system"] = [{"text": example.system}]
    record["messages"] = [{"role": role, "content": [{"text": text}]} for role, text in example.turns]
    return record


def _pair(example: Example) -> dict[str, Any]:
    if len(example.turns) != 2:
        raise NoExampleError(
            f"it has {len(example.turns)} messages, and prompt_completion holds one question and its answer"
        )
    asked, answered = example.turns[0][1], example.turns[1][1]
    return {"prompt": f"{example.system}\n\n{asked}" if example.system else asked, "completion": answered}


def _reinforcement(example: Example) -> dict[str, Any]:
    turns, reference = example.turns, example.reference
    if reference is None:
        if turns[-1][0] != "assistant":
            raise NoExampleError("it has nothing that an answer could be compared to")
        turns, reference = turns[:-1], turns[-1][1]
    told = [{"role": "system", "content": example.system}] if example.system else []
    messages = [*told, *({"role": role, "content": text} for role, text in turns)]
    return {**example.rest, "messages": messages, "reference_answer": reference}
