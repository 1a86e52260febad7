"""The samples can be uploaded, and the questions to them are what the other tests take them for."""

import json

import yaml

from configuration.environment_file import PROJECT
from quarry.knowledge import documents

FIELDS = {"department": "string", "year": "number", "public": "boolean"}
SAMPLES = PROJECT / "samples"


def test_the_samples_pass_without_a_warning() -> None:
    found = documents.read(SAMPLES / "documents", prefix="documents/", fields=FIELDS, vector_store="s3_vectors")

    assert found.warnings == []
    assert len(found.documents) == 15
    for document in found.documents:
        sidecar = json.loads(found.files[f"{document.name}.metadata.json"].path.read_text(encoding="utf-8"))
        assert set(sidecar["metadataAttributes"]) == set(FIELDS)
        assert 150 <= len(document.path.read_text(encoding="utf-8").split()) <= 600


def test_the_questions_name_documents_that_hold_the_answer() -> None:
    questions = yaml.safe_load((SAMPLES / "questions.yaml").read_text(encoding="utf-8"))
    asked = [
        *questions["answerable"],
        *questions["filtered"],
        *questions["injected"],
        *(turn for session in questions["sessions"] for turn in session),
    ]

    assert [len(questions[part]) for part in ("answerable", "unanswerable", "injected", "sessions")] == [20, 5, 2, 2]
    for question in asked:
        if question["document"] is not None:
            text = (SAMPLES / "documents" / question["document"]).read_text(encoding="utf-8")
            assert question["says"] in " ".join(text.split()), question
    for question in questions["injected"]:
        text = (SAMPLES / "documents" / question["document"]).read_text(encoding="utf-8")
        assert all(words in text for words in question["never"])
