"""What a checker has read in a record, whatever its shape."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from lambdas.catalogue.customization import MethodFacts, TunableModel
from lambdas.tuning.data_sets.formats import Format
from lambdas.tuning.data_sets.report import Finding


class Medium(Struct, frozen=True):
    """An image or video of a record: its kind, and the bucket where it lies."""

    kind: str
    bucket: str
    where: str


class Record(Struct, kw_only=True):
    """A record as read: what is wrong with it, and what it holds.

    Attributes:
        prompts: texts of user and system.
        answers: texts that the model is to learn.
        media: images, videos and documents.
    """

    findings: list[Finding] = field(default_factory=list)
    prompts: list[tuple[str, str]] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    media: list[Medium] = field(default_factory=list)

    def problem(self, rule: str, message: str, fix: str) -> None:
        """Note what would make the job fail."""
        self.findings.append(Finding(rule, message, fix))

    def warn(self, rule: str, message: str, fix: str) -> None:
        """Note what AWS takes nevertheless."""
        self.findings.append(Finding(rule, message, fix, warning=True))


class Wanted(Struct, frozen=True, kw_only=True):
    """What records have to be: a format, and what a base model says of it for one method."""

    format: Format
    base: TunableModel
    facts: MethodFacts
    method: str


Check = Callable[[dict[str, Any], Wanted, Record], None]

_CONVERT = "`quarry tune convert` makes the format of a base model of CSV, OpenAI's chat and prompt/completion"


def check_keys(record: dict[str, Any], wanted: Wanted, into: Record, *, besides: tuple[str, ...] = ()) -> bool:
    """Note missing and unknown keys; return whether all that are required are there."""
    form = wanted.format
    missing = [key for key in form.required if key not in record]
    if missing:
        other = _other_format(record, form)
        if other:
            into.problem(
                "other-format",
                f"the record is {other}, and {wanted.base.name} takes the format {form.name} for {wanted.method}",
                _CONVERT,
            )
            return False
        for key in missing:
            into.problem("missing-key", f"the record has no {key}", f"expected: {form.example}")
    if not form.other_keys:
        for key in record:
            if key not in (*form.required, *form.optional, *besides):
                into.warn(
                    "unknown-key",
                    f"the record has a key {key[:40]!r}, which the format {form.name} does not know",
                    "remove it: Bedrock ignores it at best",
                )
    return not missing


def check_text(value: Any, where: str, into: Record) -> str | None:
    """Return a text that is one and not blank; note it otherwise."""
    if not isinstance(value, str):
        into.problem("type", f"{where} is {kind_of(value)}, not a text", "write it as a text in double quotes")
        return None
    if not value.strip():
        into.problem("empty-text", f"{where} is {'blank' if value else 'empty'}", "fill it, or remove the record")
        return None
    if "\0" in value:
        into.problem("nul", f"{where} has a NUL character (\\u0000)", "remove it; a text has none")
        return None
    return value


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    for kind, words in ((dict, "an object"), (list, "an array"), (str, "a text")):
        if isinstance(value, kind):
            return words
    return "a number"


def _other_format(record: dict[str, Any], form: Format) -> str | None:
    """Say what else the record looks like."""
    if {"prompt", "completion"} <= record.keys() and form.name != "prompt_completion":
        return "a pair of prompt and completion"
    if "reference_answer" in record and form.name != "reinforcement":
        return "one of reinforcement (messages and reference_answer)"
    if "messages" in record and "messages" not in form.required:
        return "a conversation"
    if "messages" not in record and {"instruction", "output"} <= record.keys():
        return "one of Alpaca's format (instruction, input, output)"
    if "conversations" in record:
        return "one of ShareGPT's format (conversations)"
    if record.keys() in ({"text"}, {"input"}) and form.name != "pretraining":
        return "text for continued pre-training"
    return None
