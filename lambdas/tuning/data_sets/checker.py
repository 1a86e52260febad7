"""Records one by one: what is wrong with each, in words that help."""

from collections.abc import Sequence
from typing import Any, Final

from lambdas.catalogue.customization import TunableModel
from lambdas.tuning.data_sets import chat, converse, texts
from lambdas.tuning.data_sets.file_rules import of_length
from lambdas.tuning.data_sets.formats import formats
from lambdas.tuning.data_sets.record import Check, Record, Wanted
from lambdas.tuning.data_sets.reserved import searcher, words_in
from lambdas.tuning.tokens import Amount

_CHECKS: Final[dict[str, Check]] = {"converse": converse.check, "texts": texts.check, "chat": chat.check}


def wanted_of(base: TunableModel, method: str) -> Wanted:
    """Return what records have to be to tune a model by a method.

    Raises:
        NotTunableError: it is not tuned so.
    """
    facts = base.method(method)
    return Wanted(format=formats()[facts.format], base=base, facts=facts, method=method)


class Checker:
    """Checks records of one format for one base model."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._check = _CHECKS[wanted.format.shape]
        self.has_reserved = searcher(wanted.facts.reserved)

    def check(self, value: dict[str, Any], *, length: int = 0) -> tuple[Record, Amount]:
        """Return what a record holds, all findings of it among it, and how much it is.

        Args:
            length: of its line, in bytes.
        """
        record = Record()
        self._check(value, self._wanted, record)
        amount = Amount(records=1)
        for _, text in (*record.prompts, *record.answers):
            amount.add_text(text)
        amount.images = sum(medium.kind == "image" for medium in record.media)
        amount.videos = sum(medium.kind == "video" for medium in record.media)
        self._check_reserved(record.prompts, record, is_prompt=True)
        self._check_reserved(record.answers, record, is_prompt=False)
        record.findings.extend(of_length(amount, length, self._wanted))
        return record, amount

    def _check_reserved(self, said: Sequence[tuple[str, str]], record: Record, *, is_prompt: bool) -> None:
        for where, text in said:
            if not self.has_reserved(text):
                continue
            found = ", ".join(words_in(text, self._wanted.facts.reserved))
            if is_prompt:
                record.problem(
                    "reserved-word",
                    f"{where} has {found}, reserved in prompts for {self._wanted.base.name}",
                    "write another word with the same meaning, or leave out the colon or brackets",
                )
            else:
                record.warn(
                    "reserved-word",
                    f"{where} has {found}, reserved in prompts, and by AWS's own checker in answers too",
                    "write another word with the same meaning if you can",
                )
