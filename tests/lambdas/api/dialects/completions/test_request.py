"""What a completion may ask, and what is made of the rest."""

import json
from typing import Any

import pytest

from lambdas.api.dialects.completions.request import read, to_conversation
from lambdas.common.errors import InvalidRequestError


def body(**members: Any) -> bytes:
    return json.dumps({"model": "fast", "prompt": "Tell me.", **members}).encode()


@pytest.mark.parametrize("prompt", ["Tell me.", ["Tell me."]])
def test_a_prompt_is_what_the_user_says(prompt: Any) -> None:
    found = to_conversation(read(body(prompt=prompt, max_tokens=9, stop="END", user="ann", temperature=0.5)).body)

    assert found.spoken.turns == [{"role": "user", "content": [{"text": "Tell me."}]}]
    assert (found.max_tokens, found.stop, found.temperature) == (9, ("END",), 0.5)
    assert found.labels == {"user": "ann"}


@pytest.mark.parametrize(
    ("members", "dropped"),
    [
        ({"n": 1, "best_of": 1, "echo": False, "logprobs": None, "suffix": "", "max_tokens": -1}, ()),
        ({"seed": 5, "presence_penalty": 1}, ("seed", "presence_penalty")),
        ({"stop": ["\n", "END"]}, ("stop",)),
        ({"user": "é{}"}, ("user",)),
        ({"other": 1}, ("other",)),
    ],
)
def test_what_changes_little_is_dropped_and_named(members: dict[str, Any], dropped: tuple[str, ...]) -> None:
    assert read(body(**members)).dropped == dropped


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"prompt": " "}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1, 2]]}, "prompt"),
        ({"echo": True}, "echo"),
        ({"logprobs": 5}, "logprobs"),
        ({"best_of": 2}, "best_of"),
        ({"n": 2}, "n"),
        ({"suffix": "end"}, "suffix"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(body(**members))

    assert refused.value.param == param
