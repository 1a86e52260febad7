"""``quarry knowledge ingest``: once more, without a change."""

import json

from tests.quarry.conftest import Run
from tests.quarry.knowledge.account import FakeKnowledge, denied

INGEST = ("knowledge", "ingest", "-e", "dev")
WISH = {"first": True, "knowledgeBaseId": "KB12345678", "dataSourceId": "DS12345678"}


def test_the_starter_is_asked_for_an_ingestion(run: Run, kb: FakeKnowledge) -> None:
    ran = run(*INGEST)

    assert (ran.code, ran.err, kb.sent) == (0, "", [WISH])
    assert ran.out == "An ingestion starts in a moment. `quarry knowledge status --wait` follows it.\n"


def test_its_end_is_waited_for_and_told(run: Run, kb: FakeKnowledge) -> None:
    kb.steps = [lambda: kb.now(job="JOB0000001"), lambda: kb.end_job("FAILED")]

    ran = run(*INGEST, "--wait", "--json")

    assert ran.code == 1
    assert json.loads(ran.out)["status"]["healthy"] is False
    assert kb.sent == [WISH]


def test_what_is_not_allowed_is_named(run: Run, kb: FakeKnowledge) -> None:
    kb.fails["SendMessage"] = denied("SendMessage")

    ran = run(*INGEST)

    assert ran.code == 1
    assert "sqs:SendMessage" in ran.err
