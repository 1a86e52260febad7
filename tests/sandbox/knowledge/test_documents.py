"""Documents: which are read, which fail and why, and what the API tells of each."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sandbox.knowledge import formats
from sandbox.resources.service_api import ApiError
from tests.sandbox.knowledge import bases
from tests.sandbox.knowledge.conftest import Base
from tests.sandbox.resources.examples import Template
from tests.waiting import eventually

URI = "s3://library/documents/"


@pytest.mark.usefixtures("by_words")
def test_readable_formats_are_read(base: Base) -> None:
    page = (
        "<html><head><title>unseen</title><style>.zither{}</style></head><body><h1>Oboes</h1>"
        "<script>zither()</script><p>An oboe has a <b>double</b> reed &amp; keys.</p></body></html>"
    )
    base.put("a.txt", "Cellos stand on a spike.")
    base.put("b.md", "# Horns\n\nHorns are brass.")
    base.put("c.html", page)
    base.put("d.csv", 'name,price\n"Piccolo, small",120\n')

    assert base.counts() == {"DocumentsScanned": 4, "NewDocumentsIndexed": 4}
    assert base.retrieve("double reed")[0]["content"] == {
        "type": "TEXT",
        "text": "Oboes\nAn oboe has a double reed & keys.",
    }
    assert base.retrieve("piccolo")[0]["content"]["text"] == "name, price\nPiccolo, small, 120"
    assert base.found("zither unseen") == []
    assert base.documents()["b.md"] == ("INDEXED", "")


@pytest.mark.parametrize(
    ("name", "body", "status", "words"),
    [
        ("a.zip", b"PK", "IGNORED", "File format .zip is not supported"),
        ("README", b"text", "IGNORED", "File format without extension is not supported"),
        ("empty.md", b" \n", "FAILED", "The file is empty"),
        ("empty.html", b"<p></p>", "FAILED", "The file holds no text"),
        ("latin.txt", "ä".encode("latin-1"), "FAILED", "not UTF-8 text"),
        ("binary.txt", b"a\0b", "FAILED", "binary data, not text"),
        ("broken.csv", b'a,"b', "FAILED", "not CSV"),
        ("broken.pdf", b"nothing", "FAILED", "could not be parsed: no PDF header"),
        ("fine.pdf", b"%PDF-1.7 ...", "FAILED", "This local AWS cannot parse .pdf files (Amazon Bedrock can)"),
        ("fine.docx", b"PK", "FAILED", "This local AWS cannot parse .docx files"),
    ],
)
def test_a_document_that_cannot_be_read_fails_alone(
    base: Base, name: str, body: bytes, status: str, words: str
) -> None:
    base.put("good.md", "fine")
    base.upload(name, body)

    job = base.sync()

    assert job["status"] == "COMPLETE"
    assert job["statistics"]["numberOfDocumentsFailed"] == 1
    found, reason = base.documents()[name]
    assert found == status
    assert words in reason


def test_a_large_document_is_ignored() -> None:
    formats.check("a.md", formats.MAX_BYTES)
    with pytest.raises(formats.UnreadableDocumentError, match=r"52428801 bytes; the limit is 52428800 \(50 MB\)"):
        formats.check("a.md", formats.MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "it is not JSON"),
        (b"[]", 'must be {"metadataAttributes": {...}}'),
        (b'{"year": 2024}', 'must be {"metadataAttributes": {...}}'),
        (b'{"metadataAttributes": {"year": null}}', "the value of 'year' must be a string"),
        (b'{"metadataAttributes": {"tags": [1]}}', "the list 'tags' may hold strings only"),
        (b'{"metadataAttributes": {"a": {"value": {"type": "NUMBER"}}}}', "'a' is a NUMBER and needs numberValue"),
        (b'{"metadataAttributes": {"a": {"value": 1}}}', "the value of 'a' has no type of"),
        (b'{"metadataAttributes": {}, "documentStructureConfiguration": {}}', "not supported by this local AWS"),
        (b'{"metadataAttributes": {"a": "' + b"x" * 10_240 + b'"}}', "the limit is 10240 (10 KB)"),
    ],
)
def test_a_broken_metadata_file_fails_its_document(base: Base, body: bytes, words: str) -> None:
    base.put("a.md", "text")
    base.upload("a.md.metadata.json", body)

    assert base.counts() == {"DocumentsScanned": 1, "MetadataDocumentsScanned": 1, "DocumentsFailed": 1}
    status, reason = base.documents()["a.md"]
    assert status == "FAILED"
    assert words in reason


def test_typed_metadata_is_its_value(base: Base) -> None:
    typed = {
        "text": {"value": {"type": "STRING", "stringValue": "x"}, "includeForEmbedding": True},
        "number": {"value": {"type": "NUMBER", "numberValue": 2.5}},
        "flag": {"value": {"type": "BOOLEAN", "booleanValue": False}},
        "tags": {"value": {"type": "STRING_LIST", "stringListValue": ["a", "b"]}},
    }
    base.put("a.md", "text", **typed)
    base.sync()

    metadata = base.retrieve("text")[0]["metadata"]
    assert {name: metadata[name] for name in typed} == {"text": "x", "number": 2.5, "flag": False, "tags": ["a", "b"]}


def test_a_failed_document_is_tried_again_and_keeps_what_was_indexed(base: Base) -> None:
    base.put("a.md", "Spinets are small.", year=2024)
    base.sync()
    base.upload("a.md.metadata.json", b"{")
    assert base.counts()["DocumentsFailed"] == 1
    assert base.documents()["a.md"][0] == "METADATA_UPDATE_FAILED"
    assert base.retrieve("spinet")[0]["metadata"]["year"] == 2024

    base.upload("a.md", b"\xff")
    base.upload("a.md.metadata.json", b'{"metadataAttributes": {"year": 2025}}')
    assert base.counts()["DocumentsFailed"] == 1
    assert base.documents()["a.md"][0] == "FAILED"
    assert base.found("spinet") == ["a.md"]

    base.upload("a.md", b"Spinets are quiet.")
    assert base.counts()["ModifiedDocumentsIndexed"] == 1
    assert base.retrieve("spinet")[0]["content"]["text"] == "Spinets are quiet."


def test_s3_vectors_limit_metadata(base: Base) -> None:
    base.put("long.md", "text", note="x" * 1024)
    base.put("many.md", "text", **{f"field{number}": True for number in range(36)})
    base.put("fine.md", "text", **{f"field{number}": True for number in range(35)})

    base.sync()

    assert "Filterable metadata must have at most 2048 bytes" in base.documents()["long.md"][1]
    assert "at most 35 metadata fields of its own, this document has 36" in base.documents()["many.md"][1]
    assert base.documents()["fine.md"][0] == "INDEXED"


def test_opensearch_does_not_limit_metadata(deploy: Callable[[Template], Base]) -> None:
    base = deploy(bases.on_search())
    base.put("long.md", "text", note="x" * 2048)

    assert base.counts()["NewDocumentsIndexed"] == 1


def test_documents_are_listed_in_pages_and_found_by_uri(base: Base) -> None:
    for name in ("a.md", "b.zip", "c.md"):
        base.put(name, "text")
    base.sync()

    first = base.call("ListKnowledgeBaseDocuments", maxResults=2)
    second = base.call("ListKnowledgeBaseDocuments", maxResults=2, nextToken=first["nextToken"])
    uris = [each["identifier"]["s3"]["uri"] for each in first["documentDetails"] + second["documentDetails"]]
    assert uris == [f"{URI}a.md", f"{URI}b.zip", f"{URI}c.md"]
    assert "nextToken" not in second

    asked = [{"dataSourceType": "S3", "s3": {"uri": f"{URI}{name}"}} for name in ("b.zip", "absent.md")]
    details = base.call("GetKnowledgeBaseDocuments", documentIdentifiers=asked)["documentDetails"]
    assert [each["status"] for each in details] == ["IGNORED", "NOT_FOUND"]
    with pytest.raises(ApiError, match="pagination token is invalid"):
        base.call("ListKnowledgeBaseDocuments", nextToken="x")


def test_documents_are_ingested_and_deleted_one_by_one(base: Base) -> None:
    base.put("a.md", "Marimbas are struck.", year=2024)
    base.put("b.md", "Xylophones are struck too.")
    wanted = [{"content": {"dataSourceType": "S3", "s3": {"s3Location": {"uri": f"{URI}a.md"}}}}]

    started = base.call("IngestKnowledgeBaseDocuments", documents=wanted)["documentDetails"]
    assert [each["status"] for each in started] == ["STARTING"]
    eventually(lambda: base.documents() == {"a.md": ("INDEXED", "")})
    assert base.retrieve("marimba")[0]["metadata"]["year"] == 2024

    named = [{"dataSourceType": "S3", "s3": {"uri": f"{URI}a.md"}}]
    deleted = base.call("DeleteKnowledgeBaseDocuments", documentIdentifiers=named)["documentDetails"]
    assert [each["status"] for each in deleted] == ["DELETING"]
    eventually(lambda: base.documents() == {})
    assert base.found("marimba") == []


def test_only_s3_documents_are_ingested(base: Base) -> None:
    inline = {"customDocumentIdentifier": {"id": "x"}, "sourceType": "IN_LINE"}
    content = {"dataSourceType": "CUSTOM", "custom": inline}

    with pytest.raises(ApiError, match="ingests S3 documents only"):
        base.call("IngestKnowledgeBaseDocuments", documents=[{"content": content}])
    named = [{"dataSourceType": "CUSTOM", "custom": {"id": "x"}}]
    with pytest.raises(ApiError, match=r"name documents by s3\.uri"):
        base.call("GetKnowledgeBaseDocuments", documentIdentifiers=named)


def test_metadata_files_without_a_document_are_counted_only(base: Base) -> None:
    base.upload("gone.md.metadata.json", json.dumps({"metadataAttributes": {"a": 1}}).encode())

    assert base.counts() == {"MetadataDocumentsScanned": 1}
