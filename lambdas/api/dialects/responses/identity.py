"""Ids of responses and of what they consist of: an item's id names its response, by which it is found again.

resp_<32 hex digits>            a response: milliseconds in 12 digits, 20 random ones
msg_<the same>_3                the item of its output that stands at place 3; also fc_, ctc_, rs_, fs_
msg_<the same>_in2, fco_...     the item of its input at place 2
"""

import os
import re
from typing import Final

from msgspec import Struct

_RESPONSE: Final = re.compile(r"resp_[0-9a-f]{32}")
_ITEM: Final = re.compile(r"[a-z]{2,4}_([0-9a-f]{32})_(?:in)?\d{1,5}")


class ResponseId(Struct, frozen=True):
    """A response's id, and those of its items."""

    text: str

    @property
    def digits(self) -> str:
        """What all of them share."""
        return self.text.removeprefix("resp_")

    def item(self, kind: str, place: int) -> str:
        """Return the id of an item of the output; ``kind`` is as ``msg``."""
        return f"{kind}_{self.digits}_{place}"

    def input_item(self, kind: str, place: int) -> str:
        """Return the id of an item of the input."""
        return f"{kind}_{self.digits}_in{place}"


def new_response_id(now: float) -> ResponseId:
    """Return an id that sorts by the time of its making."""
    return ResponseId(f"resp_{int(now * 1000):012x}{os.urandom(10).hex()}")


def is_response_id(text: str) -> bool:
    """Whether a text looks like a response's id."""
    return _RESPONSE.fullmatch(text) is not None


def response_of(item_id: str) -> str | None:
    """Return the id of the response that an item belongs to; None of what is no item's of ours."""
    found = _ITEM.fullmatch(item_id)
    return None if found is None else f"resp_{found[1]}"
