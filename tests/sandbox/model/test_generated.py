"""A server's model and the guardrail: both sides are judged, and a stream is masked before it is sent."""

from collections.abc import Callable
from typing import Any

from tests.sandbox.model.upstream import WHO, Fake, texts, words

Ask = Callable[..., Any]


def test_the_guardrail_judges_both_sides(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]})
    fake.chunks = words("This is", " forbidden", " here.")
    assert ask("Say something forbidden", guardrailConfig=config).text == "Not that."
    assert not fake.seen
    reply = ask("Hello", guardrailConfig=config)
    assert (reply.text, reply.body["stopReason"]) == ("Not said.", "guardrail_intervened")
    assert reply.body["usage"]["outputTokens"] == 2


def test_a_stream_passes_what_was_judged(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]})
    fake.chunks = words("All", " is", " well", ".", " But", " this", " is", " for", "bid", "den", " here", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events

    assert "".join(texts(events)) == f"{WHO} All isNot said."
    assert events[-2] == ("messageStop", {"stopReason": "guardrail_intervened"})
    assert events[-1][1]["trace"]["guardrail"]["actionReason"] == "Guardrail blocked."
    assert events[-1][1]["usage"]["totalTokens"] > 0


def test_a_stream_is_masked_before_it_is_sent(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    pii = {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]}
    config = guardrail(sensitiveInformationPolicyConfig=pii)
    fake.chunks = words("Write", " to", " ann", "@", "example", ".", "com", " soon", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events

    assert "".join(texts(events)) == f"{WHO} Write to {{EMAIL}} soon."
    assert events[-2] == ("messageStop", {"stopReason": "guardrail_intervened"})
    assert events[-1][1]["usage"] == {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}


def test_in_asynchronous_mode_words_pass_first(ask: Ask, fake: Fake, guardrail: Callable[..., dict[str, Any]]) -> None:
    config = {**guardrail(wordPolicyConfig={"wordsConfig": [{"text": "forbidden"}]}), "streamProcessingMode": "async"}
    fake.chunks = words("This is", " forbidden", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events
    assert "".join(texts(events)) == f"{WHO} This is forbidden.Not said."
    fake.chunks = words("Fine", ".")
    events = ask("Hello", operation="converse-stream", guardrailConfig=config).events
    assert "".join(texts(events)) == f"{WHO} Fine."
    assert events[-2] == ("messageStop", {"stopReason": "end_turn"})


def test_an_answer_held_against_sources_is_judged_as_a_whole(
    post: Callable[..., Any], fake: Fake, guardrail: Callable[..., dict[str, Any]]
) -> None:
    config = guardrail(contextualGroundingPolicyConfig={"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]})
    content = [
        {"guardContent": {"text": {"text": "The tower is tall.", "qualifiers": ["grounding_source"]}}},
        {"guardContent": {"text": {"text": "How is the tower?", "qualifiers": ["query"]}}},
    ]
    body = {"messages": [{"role": "user", "content": content}], "guardrailConfig": config}
    fake.chunks = words("Bananas grow", " in jungles.", " Elephants", " trumpet.")
    assert texts(post("converse-stream", body).events) == ["Not said."]
    fake.chunks = words("The tower", " is", " tall.")
    assert "".join(texts(post("converse-stream", body).events)) == f"{WHO} The tower is tall."
