"""What is no UTF-8 is told by its encoding, wherever the parts that are read begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry.knowledge.text_encoding import Utf8Text
from tests.examples import examples

TEXT = "Köln, a café and 日本 😀"


def told(data: bytes, *, size: int = 1024) -> str | None:
    """Return what is said of ``data``, read in parts of ``size`` bytes; None of UTF-8."""
    text = Utf8Text()
    try:
        for start in range(0, len(data), size):
            text.add(data[start : start + size])
        text.end()
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1024])
@pytest.mark.parametrize("data", [TEXT.encode(), TEXT.encode("utf-8-sig"), b"", b"plain"])
def test_utf_8_is_read_in_whatever_parts_it_comes(data: bytes, size: int) -> None:
    assert told(data, size=size) is None


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.integers(1, 7))
@examples(60)
def test_any_text_is_text(text: str, size: int) -> None:
    assert told(text.encode(), size=size) is None


@pytest.mark.parametrize(
    ("data", "encoding", "at"),
    [
        ("Köln".encode("latin-1"), "ISO-8859-1", 1),
        ("naïve".encode("latin-1"), "ISO-8859-1", 2),
        ("“Köln” – 5 €".encode("cp1252"), "WINDOWS-1252", 0),
        ("Köln".encode("utf-16"), "UTF-16", 0),
        (b"\xfe\xff" + "Köln".encode("utf-16-be"), "UTF-16", 0),
        ("Köln".encode("utf-16-le"), "UTF-16LE", 2),
        ("plain".encode("utf-16-le"), "UTF-16LE", 1),
        ("plain".encode("utf-16-be"), "UTF-16BE", 0),
        (b"x" * 3000 + b"\xe9", "ISO-8859-1", 3000),
        ("cut in the middle é".encode()[:-1], "ISO-8859-1", 18),
    ],
)
def test_another_encoding_is_named_with_what_to_do(data: bytes, encoding: str, at: int) -> None:
    assert told(data) == (
        f"is not UTF-8 (byte {at}); it seems to be {encoding}. Save it as UTF-8, as `iconv -f {encoding} -t UTF-8` does"
    )


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"abc\0def", b"\0" * 8])
def test_what_is_no_text_is_told_as_that(data: bytes) -> None:
    assert str(told(data)).startswith("is no text, whatever its name says")
