"""Images that callers send as data URLs."""

import base64

import pytest

from lambdas.chat.images import MAX_BYTES, to_image
from lambdas.common.errors import InvalidRequestError


def url(size: int, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(b'x' * size).decode()}"


@pytest.mark.parametrize(
    ("kind", "told"), [("png", "png"), ("jpeg", "jpeg"), ("jpg", "jpeg"), ("gif", "gif"), ("webp", "webp")]
)
def test_each_format_has_bedrocks_name(kind: str, told: str) -> None:
    assert to_image(url(3, kind), param="url") == {"image": {"format": told, "source": {"bytes": b"xxx"}}}


@pytest.mark.parametrize("size", [1, MAX_BYTES])
def test_from_one_byte_to_the_most_is_accepted(size: int) -> None:
    assert len(to_image(url(size), param="url")["image"]["source"]["bytes"]) == size


@pytest.mark.parametrize("size", [0, MAX_BYTES + 1])
def test_nothing_and_more_than_the_most_is_not(size: int) -> None:
    with pytest.raises(InvalidRequestError, match="bytes; 1 to 3,750,000 are accepted"):
        to_image(url(size), param="url")


@pytest.mark.parametrize("remote", ["http://example.com/a.png", "https://example.com/a.png"])
def test_an_address_is_not_fetched(remote: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        to_image(remote, param="url")

    assert refused.value.code == "remote_image"
