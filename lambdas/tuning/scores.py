"""How near an answer is to the reference, 0 to 1: exact match, token F1, ROUGE-L.

Exact match and token F1 compare as SQuAD's own evaluation does, without case, punctuation and articles. ROUGE-L is the
F-measure over the longest common subsequence of words, as the package rouge-score has it without stemming.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION: Final = re.compile(r"[^\w\s]|_")
_WORDS: Final = re.compile(r"[^\W_]+")


def normalised(text: str) -> str:
    """Return a text without case, punctuation, English articles and extra white space."""
    return " ".join(_ARTICLES.sub(" ", _PUNCTUATION.sub("", text.lower())).split())


def exact_match(answer: str, reference: str) -> float:
    """Return 1 if both are the same once normalised."""
    return float(normalised(answer) == normalised(reference))


def token_f1(answer: str, reference: str) -> float:
    """Return the F-measure over the words that both have, in whatever order."""
    said, wanted = normalised(answer).split(), normalised(reference).split()
    if not said or not wanted:
        return float(said == wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    return _f_measure(common, said, wanted)


def rouge_l(answer: str, reference: str) -> float:
    """Return the F-measure over the longest sequence of words that both have in this order."""
    # Imported here: its layer is that of the function that measures.
    from rapidfuzz.distance import LCSseq

    said, wanted = _WORDS.findall(answer.lower()), _WORDS.findall(reference.lower())
    if not said or not wanted:
        return 0.0
    return _f_measure(LCSseq.similarity(said, wanted), said, wanted)


TEXT_METRICS: Final[Mapping[str, Callable[[str, str], float]]] = {
    "exact_match": exact_match,
    "token_f1": token_f1,
    "rouge_l": rouge_l,
}


def of(answer: str, reference: str) -> dict[str, float]:
    """Return what every metric says of an answer."""
    return {name: metric(answer, reference) for name, metric in TEXT_METRICS.items()}


def _f_measure(common: int, said: Sequence[str], wanted: Sequence[str]) -> float:
    if common == 0:
        return 0.0
    precision, recall = common / len(said), common / len(wanted)
    return 2 * precision * recall / (precision + recall)
