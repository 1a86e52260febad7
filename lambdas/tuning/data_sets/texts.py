"""Records whose texts stand under keys of their own: prompt and completion, or text for continued pre-training."""

from typing import Any

from lambdas.tuning.data_sets.record import Record, Wanted, check_keys, check_text


def check(record: dict[str, Any], wanted: Wanted, into: Record) -> None:
    """Note everything that is wrong with a record."""
    if not check_keys(record, wanted, into):
        return
    learnt = wanted.format.required[-1]
    for key in wanted.format.required:
        text = check_text(record[key], key, into)
        if text is not None:
            (into.answers if key == learnt else into.prompts).append((key, text))
