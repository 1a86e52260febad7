"""A whole answer as the caller is told it."""

from lambdas.chat.candidates import Candidate
from lambdas.chat.told import Answered, Called, Completion, Text, Thought
from tests.lambdas.fakes import HAIKU_ID


def test_an_answer_knows_its_text_and_its_calls() -> None:
    call = Called("c1", "dig", {})
    told = Completion(
        answered=Answered(alias="smart", candidate=Candidate.of(HAIKU_ID), fallbacks=0),
        model="smart",
        blocks=[Thought("Hm.", "sig"), Text("I "), call, Text("dig.")],
        stop_reason="tool_use",
        usage={},
        message={"role": "assistant", "content": []},
    )

    assert (told.text, told.calls) == ("I dig.", [call])
