"""What is asked of a model, in no API's words."""

from msgspec.structs import replace

from lambdas.chat.conversation import Conversation, JsonOf
from lambdas.chat.spoken import Spoken

CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_fields_go_by_the_callers_names_and_else_by_their_own() -> None:
    asked = Conversation(alias="smart", spoken=Spoken(system=[], turns=[]), names={"top_k": "quarry.top_k"})

    assert (asked.named("top_k"), asked.named("top_p")) == ("quarry.top_k", "top_p")


def test_a_schema_is_put_as_bedrock_enforces_it_once() -> None:
    form = JsonOf(name="A", schema=CLOSED)
    asked = Conversation(alias="smart", spoken=Spoken(system=[], turns=[]), answer=form)

    assert form.enforced == {**CLOSED, "additionalProperties": False}
    assert replace(asked, max_tokens=1).answer.enforced is form.enforced  # type: ignore[union-attr]
    assert JsonOf(name="A", schema={"type": "object"}).enforced is None
