"""Images that callers send as data URLs."""

import base64

import pytest

from lambdas.chat.images import MAX_BYTES, to_image
from lambdas.common.errors import InvalidRequestError

FIRST = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff\xe0",
    "gif": b"GIF89a",
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
}


def encoded(data: bytes, label: str = "image/png") -> str:
    return f"data:{label};base64,{base64.b64encode(data).decode()}"


def url(size: int) -> str:
    return encoded(FIRST["png"][:size].ljust(size, b"x"))


@pytest.mark.parametrize("kind", FIRST)
@pytest.mark.parametrize(
    "label",
    [
        "image/png",
        "image/jpeg",
        "image/jpg",
        "IMAGE/PNG",
        "image/heic",
        "application/octet-stream",
        "",
        "image/png;a=b",
    ],
)
def test_the_first_bytes_tell_the_format_and_not_the_label(kind: str, label: str) -> None:
    data = FIRST[kind] + b" and so on"

    assert to_image(encoded(data, label), param="url") == {"image": {"format": kind, "source": {"bytes": data}}}


@pytest.mark.parametrize("data", [b"xxx", b"\x00\x00\x00\x18ftypheic", b"BM6", b"<svg>", b"%PDF-1.7", b"RIFF1234WAVE"])
def test_what_no_model_reads_is_refused_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="none of PNG, JPEG, GIF and WebP") as refused:
        to_image(encoded(data), param="url")

    assert refused.value.param == "url"


def test_base64_may_be_wrapped_unpadded_and_in_the_urls_alphabet() -> None:
    data = FIRST["png"] + bytes(range(256)) + b"\xff\xfe"
    plain = base64.b64encode(data).decode()
    written = [
        "\r\n".join(plain[place : place + 76] for place in range(0, len(plain), 76)),
        plain.rstrip("="),
        base64.urlsafe_b64encode(data).decode(),
    ]

    for text in written:
        image = to_image(f"data:image/png;base64,{text}", param="url")
        assert image["image"]["source"]["bytes"] == data


@pytest.mark.parametrize("size", [8, MAX_BYTES])
def test_up_to_the_most_bytes_are_accepted(size: int) -> None:
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
