"""How many tokens a text is taken to have. Nobody counts: no tokeniser is the same for all models.

There are two estimates. What is reserved, has to fit, or is charged because nobody told the count, is estimated too
high rather than too low: a third of the UTF-8 bytes, which is a third of the characters of English and one token per
character of Japanese. Texts that a model embedded without telling the count are charged what they probably were: a
token for four characters.
"""

from typing import Final

BYTES_PER_TOKEN: Final = 3
CHARACTERS_PER_TOKEN: Final = 4


def text_tokens(text: str) -> int:
    """Return the most tokens that a text is taken to have."""
    return byte_tokens(len(_bytes(text)))


def byte_tokens(size: int) -> int:
    """Return the most tokens that so many bytes of UTF-8 are taken to have."""
    return -(-size // BYTES_PER_TOKEN)


def likely_tokens(characters: int) -> int:
    """Return how many tokens so many characters probably were."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def cut_text(text: str, tokens: int) -> str:
    """Return the beginning of ``text`` that has at most ``tokens`` tokens, whole lines where there are several."""
    if text_tokens(text) <= tokens:
        return text
    head = _bytes(text)[: tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
    return head.rsplit("\n", 1)[0]


def _bytes(text: str) -> bytes:
    # JSON carries halves of surrogate pairs; UTF-8 does not.
    return text.encode("utf-8", "surrogatepass")
