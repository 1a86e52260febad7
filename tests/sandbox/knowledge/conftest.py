"""A knowledge base in a MiniStack of this process: no server, no network; jobs that do not dawdle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ministack.services import bedrock_agent, cloudformation, iam, opensearchserverless, s3

from sandbox import knowledge, service_role
from sandbox.knowledge import ingestion, jobs, library
from sandbox.model import word_vectors
from sandbox.resources import register, service_api
from tests.sandbox.knowledge import bases
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import Template
from tests.waiting import eventually


@dataclass
class Base:
    """A deployed knowledge base with one data source."""

    names: dict[str, str]

    def put(self, name: str, text: str | bytes, /, **metadata: Any) -> None:
        """Upload a document, with a metadata file beside it where fields are given."""
        self.upload(name, text.encode() if isinstance(text, str) else text)
        if metadata:
            self.upload(f"{name}.metadata.json", json.dumps({"metadataAttributes": metadata}).encode())

    def upload(self, name: str, body: bytes, *, prefix: str = bases.PREFIX) -> None:
        """Upload an object."""
        service_api.call("s3", "PutObject", {"Bucket": bases.BUCKET, "Key": prefix + name, "Body": body})

    def remove(self, name: str) -> None:
        """Delete an object."""
        service_api.call("s3", "DeleteObject", {"Bucket": bases.BUCKET, "Key": bases.PREFIX + name})

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation of bedrock-agent for this data source."""
        return service_api.call("bedrock-agent", operation, {**self.names, **parameters})

    def start(self, **parameters: Any) -> str:
        """Start a job and return its id."""
        return str(self.call("StartIngestionJob", **parameters)["ingestionJob"]["ingestionJobId"])

    def wait(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended, and return it."""

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self.call("GetIngestionJob", ingestionJobId=job_id)["ingestionJob"]
            return None if job["status"] in library.RUNNING else job

        return eventually(ended, every=0.005)

    def sync(self) -> dict[str, Any]:
        """Run a job and return it."""
        return self.wait(self.start())

    def counts(self) -> dict[str, int]:
        """Run a job and return its counts that are not zero, with short names."""
        found: dict[str, int] = self.sync()["statistics"]
        return {name.removeprefix("numberOf"): count for name, count in found.items() if count}

    def documents(self) -> dict[str, tuple[str, str]]:
        """Return the documents: name -> (status, reason)."""
        details = self.call("ListKnowledgeBaseDocuments")["documentDetails"]
        return {
            each["identifier"]["s3"]["uri"].rpartition("/")[2]: (each["status"], each.get("statusReason", ""))
            for each in details
        }

    def retrieve(self, question: str, **search: Any) -> list[dict[str, Any]]:
        """Retrieve passages; ``search`` is the vectorSearchConfiguration."""
        configuration = {"retrievalConfiguration": {"vectorSearchConfiguration": search}} if search else {}
        reply = service_api.call(
            "bedrock-agent-runtime",
            "Retrieve",
            {
                "knowledgeBaseId": self.names["knowledgeBaseId"],
                "retrievalQuery": {"text": question},
                **configuration,
            },
        )
        found: list[dict[str, Any]] = reply["retrievalResults"]
        return found

    def found(self, question: str, **search: Any) -> list[str]:
        """Return the names of the documents that are found, best first."""
        return [each["location"]["s3Location"]["uri"].rpartition("/")[2] for each in self.retrieve(question, **search)]


@pytest.fixture(autouse=True)
def _empty_ministack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    register()
    knowledge.install()
    monkeypatch.setattr(jobs, "STARTING_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "IN_PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(ingestion, "SECONDS_PER_DOCUMENT", 0.0)
    yield
    for service in (bedrock_agent, cloudformation, iam, opensearchserverless, s3):
        service.reset()
    library.forget()


@pytest.fixture
def deploy() -> Callable[[Template], Base]:
    """Deploy a template of ``bases``."""

    def deploying(template: Template) -> Base:
        status = engine.deploy(template)
        assert status == "CREATE_COMPLETE", engine.reasons()
        source = engine.physical_id("Source").split("|")
        return Base({"knowledgeBaseId": source[0], "dataSourceId": source[1]})

    return deploying


@pytest.fixture
def base(deploy: Callable[[Template], Base]) -> Base:
    """A knowledge base on S3 Vectors."""
    return deploy(bases.on_vectors())


@pytest.fixture
def by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages are found by their words alone: what shares none with a question is not found."""
    monkeypatch.setenv(word_vectors.SWITCH, "off")


@pytest.fixture
def enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    """IAM counts for service roles (not for the tests' own calls, which nobody signs)."""
    monkeypatch.setattr(service_role, "is_enforced", lambda: True)
