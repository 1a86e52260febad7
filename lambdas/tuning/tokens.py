"""How much text a data set holds, and how many tokens that may be.

Nobody outside AWS can count Nova's tokens. AWS plans with 6 characters per token (Bedrock user guide,
model-customization-prepare); English text has 4 to 5 with most tokenizers, code and numbers about 3. So the range is
characters / 6 to characters / 3. Other scripts have fewer characters per token: what is outside ASCII is reckoned by
its bytes in UTF-8, bytes / 6 to bytes / 1.5, which is 1/3 to 4/3 tokens for a Cyrillic letter, 1/2 to 2 for a Chinese
one.
"""

import math
from typing import Final

from msgspec import Struct

# Bedrock user guide, model-customization-prepare, Llama 3.2: by its size, an image is about so many tokens.
IMAGE_TOKENS: Final = (1601, 6404)
# Of characters outside ASCII, in UTF-8.
_OTHER_BYTES: Final = bytes(range(128, 256))


class Tokens(Struct, frozen=True):
    """From the fewest to the most."""

    low: int
    high: int


class Amount(Struct, kw_only=True):
    """How much a data set holds, by which its tokens are estimated.

    Attributes:
        ascii_characters: of all texts.
        other_characters: of all texts, those outside ASCII.
        other_bytes: what these take in UTF-8.
        images, videos: how many blocks of each.
    """

    records: int = 0
    ascii_characters: int = 0
    other_characters: int = 0
    other_bytes: int = 0
    images: int = 0
    videos: int = 0

    def add_text(self, text: str) -> None:
        """Count the characters of a text."""
        if text.isascii():
            self.ascii_characters += len(text)
            return
        content = text.encode("utf-8", "surrogatepass")
        plain = len(content.translate(None, _OTHER_BYTES))
        self.ascii_characters += plain
        self.other_characters += len(text) - plain
        self.other_bytes += len(content) - plain

    def take(self, other: "Amount") -> None:
        """Add what another holds."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def characters(self) -> int:
        """Of all texts together."""
        return self.ascii_characters + self.other_characters


def tokens_of(amount: Amount, *, images: bool = True) -> Tokens:
    """Return how many tokens a data set may have, with its images or of its texts alone.

    Only Llama's images are documented; Nova's count as these. A video's tokens cannot be told: it counts for nothing.
    """
    few, many = (amount.images * tokens if images else 0 for tokens in IMAGE_TOKENS)
    low = (amount.ascii_characters + amount.other_bytes) / 6 + few
    high = amount.ascii_characters / 3 + amount.other_bytes / 1.5 + many
    return Tokens(math.floor(low), math.ceil(high))
