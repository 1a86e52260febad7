"""A knowledge base whose store, chunking and embedding are switched by editing YAML and deploying again."""

import copy
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.environment_file import PROJECT
from tests.sandbox.platform.conftest import Platform

STACK = "quarry-switching-knowledge"
APP = """\
from pathlib import Path

from aws_cdk import App

from stacks.environment_file import load
from stacks.knowledge import KnowledgeStack

config = load("switching", project=Path(__file__).parent)
app = App()
KnowledgeStack(app, "Knowledge", config=config, account="000000000000", knowledge=config.knowledge)
app.synth()
"""
TEXT = "The night porter of the observatory keeps the spare key in the blue teapot."
HIERARCHICAL = {"strategy": "hierarchical", "parent_tokens": 600, "child_tokens": 150, "overlap_tokens": 30}
SEMANTIC = {"strategy": "semantic", "max_tokens": 200, "buffer_size": 0, "breakpoint_percentile": 90}


class Switching:
    """The knowledge stack of an environment of its own, in a folder of its own."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self._platform = platform
        self._folder = folder
        self._deployed = False
        self._document = yaml.safe_load((PROJECT / "environments" / "sandbox.yaml").read_text(encoding="utf-8"))
        (folder / "environments").mkdir()
        shutil.copytree(PROJECT / "guardrails", folder / "guardrails")
        (folder / "app.py").write_text(APP, encoding="utf-8")

    def deploy(self, **knowledge: Any) -> None:
        """Write the YAML with these knobs changed and deploy it with the CDK CLI."""
        document = copy.deepcopy(self._document) | {"name": "switching"}
        document["knowledge"] |= knowledge
        text = yaml.safe_dump(document)
        (self._folder / "environments" / "switching.yaml").write_text(text, encoding="utf-8")
        self._deployed = True
        done = self._cdk("deploy", "--require-approval", "never")
        assert done.returncode == 0, done.stdout

    def destroy(self) -> None:
        """Destroy what is deployed; more often does no harm."""
        if self._deployed:
            done = self._cdk("destroy", "--force")
            assert done.returncode == 0, done.stdout
            self._deployed = False

    def _cdk(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ("cdk", verb, "--app", f"python {self._folder / 'app.py'}", "--output", str(self._folder / "cdk.out"))
        return self._platform.run("python", "-m", "sandbox", "exec", "--", *command, *arguments, "--no-notices")

    def outputs(self) -> dict[str, str]:
        (stack,) = self._platform.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def upload(self, name: str, text: str) -> None:
        outputs = self.outputs()
        key = outputs["DocumentsPrefix"] + name
        self._platform.client("s3").put_object(Bucket=outputs["DataBucket"], Key=key, Body=text.encode())

    def found(self, text: str, wanted: str, *, seconds: float = 60) -> list[str]:
        """Return the passages for ``text`` as soon as one of them holds ``wanted``, or what there is at the end."""
        runtime = self._platform.client("bedrock-agent-runtime")
        deadline = time.monotonic() + seconds
        while True:
            reply = runtime.retrieve(knowledgeBaseId=self.outputs()["KnowledgeBaseId"], retrievalQuery={"text": text})
            passages = [one["content"]["text"] for one in reply["retrievalResults"]]
            if any(wanted in passage for passage in passages) or time.monotonic() > deadline:
                return passages
            time.sleep(0.3)


@pytest.fixture
def switching(platform: Platform, tmp_path: Path) -> Iterator[Switching]:
    made = Switching(platform, tmp_path)
    yield made
    made.destroy()


def test_store_chunking_and_embedding_are_switched_and_nothing_is_left(
    platform: Platform, switching: Switching
) -> None:
    agent = platform.client("bedrock-agent")
    switching.deploy()
    switching.upload("porter.md", TEXT)
    assert TEXT in switching.found("Where is the porter's spare key?", TEXT)
    first = switching.outputs()

    for knobs in (
        {"chunking": HIERARCHICAL, "dimensions": 512},
        {"vector_store": "s3_vectors", "chunking": SEMANTIC},
    ):
        switching.deploy(**knobs)
        # Filled again without an upload, and once only: nothing of the old chunks is left.
        passages = switching.found("Where is the porter's spare key?", TEXT)
        assert passages == [TEXT], knobs
        sources = agent.list_data_sources(knowledgeBaseId=switching.outputs()["KnowledgeBaseId"])
        assert len(sources["dataSourceSummaries"]) == 1

    assert switching.outputs()["DataBucket"] == first["DataBucket"]
    switching.upload("porter.md", TEXT + " It is polished on Fridays.")  # an old version and a job under way
    switching.destroy()

    names = [one["name"] for one in agent.list_knowledge_bases()["knowledgeBaseSummaries"]]
    collections = platform.client("opensearchserverless").list_collections()["collectionSummaries"]
    buckets = [one["Name"] for one in platform.client("s3").list_buckets()["Buckets"]]
    assert not [name for name in names if "switching" in name]
    assert not [one for one in collections if "switching" in one["name"]]
    assert first["DataBucket"] not in buckets
