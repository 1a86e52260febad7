"""What a tuned model has learned: it answers as the training example does whose question is nearest.

So it is better than its base for questions like those it was trained on, and only as right as their answers are. Where
all answers are labels, each of many examples, it answers with the label whose examples are nearest in the mean, as
Rocchio's classifier does: one example alone tells what a text is about, not what its label stands for.
"""

from __future__ import annotations

import functools
import json
import math
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.model import conversation, word_vectors, words
from sandbox.model.errors import Json

_LABEL_WORDS = 4  # an answer so short, and no sentence, is read by a program
_EXAMPLES_PER_LABEL = 5  # as many of each, and it is a label
_SHOWN = 5  # examples that a real model is shown


@dataclass(frozen=True)
class Example:
    """What is asked, and how it is to be answered."""

    asked: str
    answer: str


class Tuned:
    """A model made of ``examples``."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = [example for example in examples if example.answer]
        self._same = {_plain(example.asked): example for example in reversed(self._examples)}
        counts = Counter(example.answer for example in self._examples)
        are_labels = (
            len(counts) > 1 and all(map(is_for_programs, counts)) and min(counts.values()) >= _EXAMPLES_PER_LABEL
        )
        self._labels = sorted(counts) if are_labels else []
        self._lock = threading.Lock()

    def answer(self, asked: str) -> str | None:
        """Return what the nearest example answers, or the nearest label; None where nothing was learned."""
        if self._labels and _plain(asked) not in self._same and word_vectors.available():
            with self._lock:
                return self._by_labels(asked)
        found = self.nearest(asked, 1)
        return found[0].answer if found else None

    def nearest(self, asked: str, most: int) -> list[Example]:
        """Return the examples that are nearest to a question, the nearest first; the earlier of two that are alike."""
        if same := self._same.get(_plain(asked)):
            return [same]
        with self._lock:  # what is compared with is made once
            scores = self._by_vectors(asked) if word_vectors.available() else self._by_words(asked)
        best = sorted(range(len(scores)), key=lambda place: -scores[place])[:most]
        return [self._examples[place] for place in best]

    def prompted(self, request: Json) -> Json:
        """Return a request that shows a real model the nearest examples, to answer as they do."""
        found = self.nearest(conversation.last_said(request), _SHOWN)
        if not found:
            return request
        shown = "\n\n".join(f"{example.asked}\n{example.answer}" for example in found)
        text = f"Answer as these examples do, with nothing besides the answer.\n\n{shown}"
        return {**request, "system": [*request.get("system", []), {"text": text}]}

    def _by_vectors(self, asked: str) -> list[float]:
        scores: list[float] = (self._vectors @ _unit(word_vectors.embed(asked))).tolist()
        return scores

    def _by_labels(self, asked: str) -> str:
        scores: list[float] = (self._means @ (_unit(word_vectors.embed(asked)) - self._vectors.mean(0))).tolist()
        return self._labels[scores.index(max(scores))]

    def _by_words(self, asked: str) -> list[float]:
        wanted = set(words.search_terms(asked))
        rare = {word: math.log(1 + len(self._examples) / self._counts[word]) for word in wanted & set(self._counts)}
        return [sum(rare.get(word, 0.0) for word in found) / (1 + len(found - wanted)) for found in self._words]

    @functools.cached_property
    def _vectors(self) -> Any:
        import numpy  # where there are vectors, there it is

        found = [_unit(word_vectors.embed(example.asked)) for example in self._examples]
        return numpy.array(found).reshape(-1, word_vectors.DIMENSIONS)

    @functools.cached_property
    def _means(self) -> Any:
        """The mean of each label's examples, as far as it is another than that of all, at length 1."""
        import numpy

        of = numpy.array([self._labels.index(example.answer) for example in self._examples])
        middle = self._vectors.mean(0)
        return numpy.array([_unit(self._vectors[of == place].mean(0) - middle) for place in range(len(self._labels))])

    @functools.cached_property
    def _words(self) -> list[set[str]]:
        return [set(words.search_terms(example.asked)) for example in self._examples]

    @functools.cached_property
    def _counts(self) -> Counter[str]:
        return Counter(word for found in self._words for word in found)


def is_for_programs(answer: str) -> bool:
    """Return whether an answer is read by a program and not by people: a label, or JSON."""
    if len(answer.split()) <= _LABEL_WORDS and not answer.rstrip().endswith((".", "!", "?", "。")):
        return True
    try:
        return isinstance(json.loads(answer), dict | list)
    except ValueError:
        return False


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(number * number for number in vector)) or 1.0
    return [number / length for number in vector]
