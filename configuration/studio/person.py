"""A person of a roster, and the id that their user profile, space and secret are named by.

The id is made of nothing but the person's own name and address: it never changes because somebody comes or goes.
"""

import re
import unicodedata
from typing import Annotated, Final

from pydantic import Field

from configuration import fingerprint
from configuration.section import Section

MAX_NAME: Final = 200
MAX_EMAIL: Final = 254
# What of a name goes into an id, which with its hashes stays below SageMaker's 63 characters.
MAX_SLUG: Final = 40
_HASH_DIGITS: Final = 6

# Letters that Unicode does not decompose into a plain one and a mark.
_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "ŋ": "n",
        "ħ": "h",
    }
)


class Person(Section):
    """A line of a roster."""

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]

    email: Annotated[str, Field(max_length=MAX_EMAIL)] | None = None


def id_of(person: Person) -> str:
    """Return a person's id: made of nothing but their name and e-mail address, so that it never changes.

    ``ana-lima`` without an address, ``ana-lima-3f9a1c`` with one, ``person-8d02e4`` for a name without a letter that
    can be written in ASCII.
    """
    slug = slug_of(person.name)
    return f"{slug}-{_hash(person.email.casefold())}" if person.email else slug


def slug_of(name: str) -> str:
    """Return a name in lower-case ASCII letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    ascii_only = "".join(mark for mark in plain if not unicodedata.combining(mark))
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    if not slug:
        return f"person-{_hash(name)}"
    if len(slug) > MAX_SLUG:
        # Two long names may differ at their ends only.
        return f"{slug[: MAX_SLUG - _HASH_DIGITS - 1].rstrip('-')}-{_hash(name)}"
    return slug


def _hash(text: str) -> str:
    return fingerprint.of_text(text)[:_HASH_DIGITS]
