"""A knowledge base whose store, chunking and embedding are switched by editing YAML and deploying again."""

import copy
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from configuration.environment_file import PROJECT
from sandbox.state import Record, StateDirectory
from tests.sandbox.servers import running, session
from tests.waiting import PATIENCE

pytestmark = pytest.mark.deployments

STACK = "quarry-switching-knowledge"
APP = """\
from pathlib import Path

from aws_cdk import App

from configuration.environment_file import load
from stacks.knowledge.stack import KnowledgeStack

config = load("switching", project=Path(__file__).parent)
app = App()
KnowledgeStack(app, "Knowledge", config=config, account="000000000000", knowledge=config.knowledge)
app.synth()
"""
TEXT = "The night porter of the observatory keeps the spare key in the blue teapot."
HIERARCHICAL = {"strategy": "hierarchical", "parent_tokens": 600, "child_tokens": 150, "overlap_tokens": 30}
SEMANTIC = {"strategy": "semantic", "max_tokens": 200, "buffer_size": 0, "breakpoint_percentile": 90}


class Switching:
    """The knowledge stack of an environment of its own, on a sandbox of its own."""

    def __init__(self, folder: Path, state: StateDirectory, record: Record) -> None:
        self._folder = folder
        self._connection = record.connection
        self._document = yaml.safe_load((PROJECT / "environments" / "sandbox.yaml").read_text(encoding="utf-8"))
        path = f"{PROJECT / '.venv/bin'}:{PROJECT / 'node_modules/.bin'}:{os.environ['PATH']}"
        self._environ = {**record.connection.client_environment(os.environ, state=state.path), "PATH": path}
        (folder / "environments").mkdir()
        shutil.copytree(PROJECT / "guardrails", folder / "guardrails")
        (folder / "app.py").write_text(APP, encoding="utf-8")

    def deploy(self, **knowledge: Any) -> None:
        """Write the YAML with these knobs changed and deploy it with the CDK CLI."""
        document = copy.deepcopy(self._document) | {"name": "switching"}
        document["knowledge"] |= knowledge
        text = yaml.safe_dump(document)
        (self._folder / "environments" / "switching.yaml").write_text(text, encoding="utf-8")
        self.cdk("deploy", "--require-approval", "never")

    def cdk(self, verb: str, *arguments: str) -> None:
        app = ("--app", f"python {self._folder / 'app.py'}", "--output", str(self._folder / "cdk.out"))
        self.run("cdk", verb, *app, *arguments, "--no-notices")

    def run(self, *command: str, folder: Path = PROJECT) -> str:
        """Run a command in a folder, which has to succeed, and return what it printed."""
        done = subprocess.run(
            command, cwd=folder, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def client(self, service: str) -> Any:
        aws: Any = session(self._connection)
        return aws.client(service, endpoint_url=self._connection.aws_url)

    def outputs(self) -> dict[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def upload(self, name: str, text: str) -> None:
        outputs = self.outputs()
        key = outputs["DocumentsPrefix"] + name
        self.client("s3").put_object(Bucket=outputs["DataBucket"], Key=key, Body=text.encode())

    def found(self, text: str, wanted: str) -> list[str]:
        """Return the passages for ``text`` as soon as one of them holds ``wanted``, or what there is at the end."""
        runtime = self.client("bedrock-agent-runtime")
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = runtime.retrieve(knowledgeBaseId=self.outputs()["KnowledgeBaseId"], retrievalQuery={"text": text})
            passages = [one["content"]["text"] for one in reply["retrievalResults"]]
            if any(wanted in passage for passage in passages) or time.monotonic() > deadline:
                return passages
            time.sleep(0.3)


@pytest.fixture
def switching(tmp_path: Path) -> Iterator[Switching]:
    with running(tmp_path / "sandbox") as (state, record):
        made = Switching(tmp_path, state, record)
        # Where there is no app that would have to be synthesised for it.
        made.run("cdk", "bootstrap", "aws://000000000000/us-east-1", "--no-notices", folder=tmp_path)
        yield made


def test_store_chunking_and_embedding_are_switched_and_nothing_is_left(switching: Switching) -> None:
    switching.deploy()
    switching.upload("porter.md", TEXT)
    assert switching.found("Where is the porter's spare key?", TEXT) == [TEXT]
    first = switching.outputs()

    for knobs in (
        {"chunking": HIERARCHICAL, "dimensions": 512},
        {"vector_store": "s3_vectors", "chunking": SEMANTIC, "search": "semantic"},
    ):
        switching.deploy(**knobs)
        # Filled again without an upload, and once only: nothing of the old chunks is left.
        assert switching.found("Where is the porter's spare key?", TEXT) == [TEXT], knobs
        sources = switching.client("bedrock-agent").list_data_sources(
            knowledgeBaseId=switching.outputs()["KnowledgeBaseId"]
        )
        assert len(sources["dataSourceSummaries"]) == 1

    assert switching.outputs()["DataBucket"] == first["DataBucket"]
    switching.upload("porter.md", TEXT + " It is polished on Fridays.")  # an old version, and a job under way
    switching.cdk("destroy", "--force")

    assert "nothing left" in switching.run("python", "-m", "sandbox", "inventory", "--except", "CDKToolkit")
