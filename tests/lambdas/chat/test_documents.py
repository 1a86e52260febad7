"""Documents of requests."""

import base64

import pytest

from lambdas.chat.documents import MAX_BYTES, OwnNames, accompanied, document, to_document
from lambdas.common.errors import InvalidRequestError
from tests.lambdas import service_model

PDF = base64.b64encode(b"%PDF-1.4 ...").decode()
TEXT = base64.b64encode(b"a,b\n1,2\n").decode()


@pytest.mark.parametrize(
    ("data", "name", "media_type", "kind", "told"),
    [
        (PDF, "Travel (2026).pdf", None, "pdf", "Travel (2026)"),
        # The first bytes know better than the name.
        (PDF, "travel.txt", "text/plain", "pdf", "travel"),
        (f"data:text/csv;base64,{TEXT}", None, None, "csv", "document"),
        (f"data:text/csv;charset=utf-8;base64,{TEXT}", "x.txt", None, "csv", "x"),
        (TEXT, "notes.md", None, "md", "notes"),
        (TEXT, None, "text/x-python", "txt", "document"),
        (TEXT, "a/b:c__d.txt", None, "txt", "a b c d"),
        (TEXT, "é" * 300 + ".txt", None, "txt", "document"),
        (TEXT, "n" * 300 + ".txt", None, "txt", "n" * 100),
        (TEXT, "csv", None, "csv", "csv"),
    ],
)
def test_a_document_becomes_converses_block(
    data: str, name: str | None, media_type: str | None, kind: str, told: str
) -> None:
    block = to_document(data, name=name, media_type=media_type, param="input")

    assert block["document"]["format"] == kind
    assert block["document"]["name"] == told
    request = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "Read."}, block]}]}
    service_model.check("bedrock-runtime", "Converse", request)


@pytest.mark.parametrize(
    ("data", "name", "media_type", "says"),
    [
        ("%%%", "a.pdf", None, "base64"),
        ("", "a.txt", None, "0 bytes"),
        (base64.b64encode(b"x" * (MAX_BYTES + 1)).decode(), "a.txt", None, "4,500,001 bytes"),
        (TEXT, "a.pdf", None, "kind"),
        (TEXT, "a.pdf", "application/pdf", "kind"),
        (TEXT, "a.exe", None, "kind"),
        (TEXT, None, "application/zip", "kind"),
    ],
)
def test_what_no_model_reads_is_refused(data: str, name: str | None, media_type: str | None, says: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        to_document(data, name=name, media_type=media_type, param="input[0].content[1].file_data")

    assert says in raised.value.message
    assert raised.value.param == "input[0].content[1].file_data"


def test_documents_of_one_conversation_have_names_of_their_own() -> None:
    names = OwnNames()
    text = {"text": "Read."}
    same = [document(b"x", "txt", name="notes") for _ in range(3)]

    first, said = names.given([same[0], text])
    second, third = names.given(same[1:])

    assert said is text
    told = [one["document"]["name"] for one in (first, second, third)]
    assert told == ["notes", "notes (2)", "notes (3)"]
    assert same[1]["document"]["name"] == "notes"
    request = {"modelId": "m", "messages": [{"role": "user", "content": [text, first, second, third]}]}
    service_model.check("bedrock-runtime", "Converse", request)


def test_documents_that_nobody_says_anything_about_have_words_beside_them() -> None:
    read = document(b"x", "txt")
    text = {"text": "Read."}

    assert accompanied([read]) == [{"text": "Here is what was sent:"}, read]
    assert accompanied([read, text]) == [read, text]
    assert accompanied([]) == []
