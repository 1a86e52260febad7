"""Passages, as Retrieve gives them."""

from typing import Any

import pytest

from lambdas.knowledge.passages import from_results
from tests.lambdas.knowledge.fakes import TRAVEL, result


def test_a_passage_tells_its_document_and_the_documents_own_fields() -> None:
    (passage,) = from_results([TRAVEL])

    assert passage.told() == {
        "document": "travel.md",
        "location": "s3://data-bucket/documents/travel.md",
        "passage": "Trains are booked in second class.",
        "score": 0.8,
        "metadata": {"department": "Finance", "year": 2025},
    }


@pytest.mark.parametrize(
    ("location", "document"),
    [
        ({"type": "S3", "s3Location": {"uri": "s3://b/documents/a/documents/b c.md"}}, "a/documents/b c.md"),
        ({"type": "S3", "s3Location": {"uri": "s3://b/elsewhere/x.md"}}, "elsewhere/x.md"),
        ({"type": "WEB", "webLocation": {"url": "https://example.com/x"}}, "https://example.com/x"),
        ({"type": "S3"}, "id-1"),
    ],
)
def test_a_document_is_named_by_what_is_known_of_its_place(location: dict[str, Any], document: str) -> None:
    found = {"content": {"text": "x"}, "location": location, "documentId": "id-1"}

    assert from_results([found])[0].document == document


def test_what_is_no_text_is_left_out_and_what_is_not_told_is_nothing() -> None:
    image = {"content": {"type": "IMAGE", "byteContent": "data:..."}, "score": 0.9}
    bare = {"content": {"text": "Just text."}}

    (passage,) = from_results([image, result("blank.md", " \n", 0.9), bare])

    assert (passage.text, passage.score, passage.metadata, passage.location) == ("Just text.", 0.0, {}, "")
