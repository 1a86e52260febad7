"""Questions to the documents: filters as people type them, answers as they come, citations."""

import re
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from quarry.command_error import CommandError
from quarry.deployed.endpoint import Endpoint

_FILTER: Final = re.compile(r"(?P<field>[^=<>!\s]+)\s*(?P<comparison>>=|<=|!=|==?|>|<)\s*(?P<value>.*)", re.DOTALL)
_COMPARISONS: Final = {">=": "gte", "<=": "lte", "!=": "ne", ">": "gt", "<": "lt"}
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass
class Answer:
    """An answer from the documents, as far as it has come.

    Attributes:
        text: what it has said so far.
        whole: the knowledge.answer object, once it has come.
    """

    text: str = ""
    whole: dict[str, Any] = field(default_factory=dict)

    @property
    def citations(self) -> list[dict[str, Any]]:
        """What it rests on: number, document, location, passage, score, metadata."""
        return list(self.whole.get("citations", []))


def stream(endpoint: Endpoint, request: dict[str, Any], answer: Answer) -> Generator[str, None, None]:
    """Ask, and yield the answer in parts as it comes; ``answer`` is filled in with them.

    Raises:
        CommandError: the endpoint refused, broke off or ended without the whole answer.
    """
    with closing(endpoint.stream_answer(request)) as events:
        for event in events:
            if "answer" in event:
                answer.whole = event
                if not answer.text:
                    answer.text = event["answer"]
                    yield answer.text
            else:
                part = event.get("delta") or ""
                answer.text += part
                yield part
    if not answer.whole:
        raise CommandError(f"{endpoint.base_url} ended its answer without the citations. Ask again.")


def filters(given: list[str], *, fields: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the filter that ``department=Finance`` and ``year>=2024`` mean together, or None if none is given.

    Args:
        given: as typed; all of them have to hold.
        fields: fields of the environment's ``knowledge.metadata`` -> "string", "number" or "boolean".

    Raises:
        CommandError: one is no comparison, its field is not known, or its value is not of the field's type.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        match = _FILTER.fullmatch(text.strip())
        if not match:
            raise CommandError(f"{text!r} is no filter. Write FIELD=VALUE, or one of != > >= < <= for =.", exit_code=2)
        name, comparison = match["field"], _COMPARISONS.get(match["comparison"], "eq")
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none"
            raise CommandError(
                f"There is no field {name} to filter by; knowledge.metadata of the environment file has {known}.",
                exit_code=2,
            )
        comparisons = found.setdefault(name, {})
        if comparison in comparisons:
            raise CommandError(f"{name} has {match['comparison']} twice; one of them is enough.", exit_code=2)
        comparisons[comparison] = _value(match["value"], kind=fields[name], field_name=name)
    # What is only equal is written as the API's short form.
    return {name: one["eq"] if set(one) == {"eq"} else one for name, one in found.items()} or None


def _value(text: str, *, kind: str, field_name: str) -> Any:
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise CommandError(f"{field_name} is a number, and {text!r} is none.", exit_code=2)
        return float(text) if "." in text else int(text)
    if kind == "boolean":
        if text not in {"true", "false"}:
            raise CommandError(f"{field_name} is true or false, and not {text!r}.", exit_code=2)
        return text == "true"
    return text
