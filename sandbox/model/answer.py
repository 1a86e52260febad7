"""What the stand-in model says. The same request always gets the same answer, and every answer says whose it is."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from sandbox.model import catalogue, conversation, json_schema, passages, rewriting, tokens, tools, words
from sandbox.model.errors import Json, invalid
from sandbox.model.tuned import Tuned, is_for_programs

# An order to summarise, not a mention of a summary: prompts of long conversations carry one.
_TALK = r"(?:conversation|dialogue|chat|message|exchange|discussion|turn|history|transcript)s?"
_SUMMARISE = re.compile(
    rf"\b(?:summari[sz]e|condense|recap)\b[^.\n]{{0,80}}\b{_TALK}\b"
    rf"|\b(?:write|produce|create|update|make|give|provide|return|extend|maintain)\b[^.\n]{{0,60}}\bsummary\b"
    rf"|\byou are a\b[^.\n]{{0,30}}\bsummari[sz]er\b",
    re.IGNORECASE,
)
_AS_JSON = re.compile(
    r"\b(?:respond|reply|answer|return|output|write|produce)\b[^.\n]{0,60}\bJSON\b|\bJSON object\b", re.IGNORECASE
)
_TURN = re.compile(r"^\s*(?:\[?\d+[.)\]]?\s*)?(?:\*\*)?(user|human|assistant|ai|bot|tool)(?:\*\*)?\s*:\s*", re.I | re.M)
# What reading a schema trips over when the schema itself is wrong: AWS refuses such a one too.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
_HEADING = "Summary of the conversation:"
_OWN_WORDS = ("This is the sandbox's stand-in model", _HEADING)  # said by the stand-in about itself: no fact to keep
_ECHO = 120  # characters of the question that are said back
_QUOTE = 320  # characters of a passage that are quoted
_SUMMARY_TOKENS = 400  # what a summary may have where the request sets no maxTokens


@dataclass(frozen=True)
class Answer:
    """Content blocks of the assistant's message and why it stopped: end_turn or tool_use."""

    blocks: list[Json]
    stop_reason: str = "end_turn"


def disclosure(model_id: str, who: str = "stand-in model") -> str:
    """Return the sentence that every answer in words begins with: who answers, and who does not.

    It has the model's name, not its id: the date in some ids looks like a telephone number to guardrails.
    """
    model = catalogue.models().get(model_id)
    return f"This is the sandbox's {who}, not {model.model_name if model else model_id}."


def is_in_words(request: Json) -> bool:
    """Return whether a request's answer is for people to read, and not for a program: JSON, or a question to search."""
    if (request.get("outputConfig") or {}).get("textFormat"):
        return False
    instructions = passages.without(conversation.system_text(request)) if conversation.system_text(request) else ""
    said = passages.without(conversation.last_said(request))
    return not (rewriting.is_asked_for(instructions) or _AS_JSON.search(instructions) or _AS_JSON.search(said))


def answer(request: Json, model_id: str, tuned: Tuned | None = None) -> Answer:
    """Return the answer to a valid Converse request for ``model_id``, and what it has learned if it was tuned.

    Raises:
        AwsError: ValidationException, the JSON schema that was asked for refers to something it does not have.
    """
    said = passages.without(conversation.last_said(request))
    results = conversation.tool_results(request)
    config = request.get("toolConfig")
    called = tools.chosen(config, said, answered=bool(results))
    try:
        if called:
            return _tool_calls(request, called, said, model_id)
        if form := (request.get("outputConfig") or {}).get("textFormat"):
            return Answer([{"text": _as_schema(form, said, model_id, most=_most(request))}])
    except _MALFORMED as error:
        raise invalid(f"The JSON schema in the request cannot be used: {error}") from error
    if results:
        quoted = " ".join(f"{name} returned: {words.shorten(text, _QUOTE)}." for name, text in results)
        return Answer([{"text": f"{disclosure(model_id)} {quoted}"}])
    instructions = passages.without(conversation.system_text(request)) if conversation.system_text(request) else ""
    if rewriting.is_asked_for(instructions):
        # A question and no answer: without the disclosure, which would be searched for too.
        return Answer([{"text": rewriting.standalone(said, conversation.last_said(request))}])
    if _SUMMARISE.search(instructions) or _SUMMARISE.search(said):
        return Answer([{"text": _summary(request, model_id)}])
    learned = tuned.answer(said) if tuned is not None and not _has_documents(request) else None
    if learned is not None:
        return Answer([{"text": learned if is_for_programs(learned) else f"{disclosure(model_id)} {learned}"}])
    text = _in_words(request, said, model_id)
    if _AS_JSON.search(instructions) or _AS_JSON.search(said):
        return Answer([{"text": json.dumps({"answer": text}, ensure_ascii=False)}])
    return Answer([{"text": text}])


def _tool_calls(request: Json, called: list[Json], said: str, model_id: str) -> Answer:
    pairs = [(spec["name"], value) for spec in called for value in tools.calls(spec, said, most=_most(request))]
    choice = (request.get("toolConfig") or {}).get("toolChoice") or {}
    seed = hashlib.sha256(json.dumps(request.get("messages"), sort_keys=True).encode()).hexdigest()
    made = tools.blocks(pairs, seed)
    if "tool" not in choice:
        # A forced tool is a way to ask for data: there words beside it would be noise.
        names = ", ".join(dict.fromkeys(name for name, _ in pairs))
        made.insert(0, {"text": f"{disclosure(model_id)} It calls {names}."})
    return Answer(made, "tool_use")


def _most(request: Json) -> int:
    """Return how many values of a schema may be made: one takes a token at least, but its commas may be counted."""
    return 2 * int((request.get("inferenceConfig") or {}).get("maxTokens", 10_000))


def _as_schema(form: Json, said: str, model_id: str, *, most: int) -> str:
    schema = json.loads(form["structure"]["jsonSchema"]["schema"])
    text = f"{disclosure(model_id)} You asked: {words.shorten(said, _ECHO)}"
    return json.dumps(json_schema.generate(schema, text=text, most=most), ensure_ascii=False)


def _in_words(request: Json, said: str, model_id: str) -> str:
    start = disclosure(model_id)
    found = passages.of(request)
    numbered = [passage for passage in found if passage.number is not None]
    memory = [passage for passage in found if passage.number is None]
    if chosen := passages.best(numbered, said):
        passage, sentence = chosen
        return f'{start} The passage that fits best says: "{words.shorten(sentence, _QUOTE)}" [{passage.number}]'
    if numbered:
        return f"{start} The documents do not answer this."
    if remembered := passages.best(memory + _earlier(request), said):
        return f'{start} Earlier in this conversation: "{words.shorten(remembered[1].removeprefix("- "), _QUOTE)}"'
    asked = f'You asked: "{words.shorten(said, _ECHO)}"' if said else "You sent no text."
    return f"{start} {asked}"


def _has_documents(request: Json) -> bool:
    """Whether an answer is to come from passages, whatever the model has learned."""
    return any(passage.number is not None for passage in passages.of(request))


def _earlier(request: Json) -> list[passages.Passage]:
    spoken = [text for role, text in conversation.turns(request) if role == "user"]
    return [passages.Passage(None, passages.without(text)) for text in spoken[:-1]]


def _summary(request: Json, model_id: str) -> str:
    """Keep the first sentence of each turn, newest last, within the tokens that the request allows.

    When not all fit, questions and short remarks go first: what states a fact (a name, a number) stays.
    """
    limit = (request.get("inferenceConfig") or {}).get("maxTokens", _SUMMARY_TOKENS)
    start = f"{disclosure(model_id)} {_HEADING}"
    lines = [f"- {role}: {words.shorten(first, 160)}" for role, first in _turns_to_summarise(request)]
    room = limit - tokens.count(start) - 4
    kept: set[int] = set()
    for place in sorted(range(len(lines)), key=lambda i: (-_weight(lines[i]), i)):
        cost = tokens.count(f"\n{lines[place]}")
        if cost <= room:
            kept.add(place)
            room -= cost
    return "\n".join([start, *(lines[place] for place in sorted(kept))])


def _weight(line: str) -> int:
    facts = re.findall(r"\d+|(?<=[a-z,] )[A-Z][\w-]+", line)
    from_summary = 4 if line.startswith("- summary:") else 0
    return (
        from_summary + (2 if line.startswith("- user:") else 0) + min(len(facts), 3) - (1 if line.endswith("?") else 0)
    )


def _turns_to_summarise(request: Json) -> list[tuple[str, str]]:
    """Return (role, first sentence) of each turn: those written out in the last message, else the messages' own."""
    found: list[tuple[str, str]] = []
    for passage in passages.of(request):
        if passage.number is None and not _TURN.search(passage.text):
            lines = [line.removeprefix("- ").removeprefix("summary: ") for line in words.sentences(passage.text)]
            found += [("summary", line) for line in lines if not line.startswith(_OWN_WORDS)]
    text = conversation.last_said(request)
    marks = list(_TURN.finditer(text))
    if marks:
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        spoken = [(mark[1].lower(), text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]
    else:
        spoken = list(conversation.turns(request))
        if spoken and _SUMMARISE.search(spoken[-1][1]) and len(spoken) > 1:
            spoken.pop()  # the request to summarise is no part of what is summarised
    for role, turn in spoken:
        plain = re.sub(r"</?\w+[^<>]*>", " ", turn)
        said = [part for part in words.sentences(plain) if not part.startswith(_OWN_WORDS)]
        if said:
            found.append((role, said[0]))
    return found
