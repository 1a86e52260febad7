"""Running commands as a shell does, against AWS as moto behaves and an endpoint that is faked."""

import copy
import functools
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import typer.main

from configuration import yaml_text
from configuration.environment_file import load
from configuration.knowledge.section import Knowledge
from lambdas.allowances.ledger import Ledger
from lambdas.authorizer.keys import KeyStore
from quarry import cli
from quarry.deployed.deployment import Deployment
from quarry.knowledge import commands as knowledge
from tests import mocked_aws
from tests.quarry.fakes import BASE_URL, FakeAws, FakeEndpoint
from tests.quarry.knowledge.account import BUCKET, OUTPUTS, FakeKnowledge

INFERENCE = {
    "BaseUrl": BASE_URL,
    "KeysTable": "keys",
    "AllowancesTable": "allowances",
    "RestApiId": "api123",
    "StageName": "api",
}
_STATES = itertools.count(1)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs ``quarry`` with arguments, and with text on its standard input."""

    def __call__(self, *arguments: str, stdin: str = "") -> Ran: ...


@pytest.fixture(scope="session")
def _parsers_made_once() -> Iterator[None]:
    """Make what typer makes of the commands once, as a shell does for a command, and not for each that is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True, scope="session")
def _yaml_read_once() -> Iterator[None]:
    """Read a file of the project once, and not for each command; each gets what it may change."""
    with pytest.MonkeyPatch.context() as patch:
        whole = functools.cache(yaml_text.read_mapping)
        patch.setattr(yaml_text, "read_mapping", lambda text, *, shown: copy.deepcopy(whole(text, shown=shown)))
        yield


@pytest.fixture
def run(_parsers_made_once: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["quarry", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        return Ran(code=int(left.value.code or 0), out=printed.out, err=printed.err)

    return run_command


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of saved connections, which is not there yet; and none of the shell's own choices."""
    for name in ("QUARRY_ENVIRONMENT", "QUARRY_BASE_URL", "QUARRY_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    # Not in tmp_path: most tests need no folder at all, and pytest looks through all that there are for each new one.
    folder = tmp_path_factory.getbasetemp() / f"state{next(_STATES)}"
    monkeypatch.setenv("QUARRY_STATE", str(folder))
    return folder


@pytest.fixture
def empty_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """An account in which nothing is deployed."""
    with mocked_aws.mock_aws():
        dynamodb = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName=INFERENCE["KeysTable"],
            KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key_hash", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        mocked_aws.create_table(
            TableName=INFERENCE["AllowancesTable"],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        ledger = Ledger(table_name=INFERENCE["AllowancesTable"], client=dynamodb)
        account = FakeAws(keys=KeyStore(table_name=INFERENCE["KeysTable"], client=dynamodb), ledger=ledger)
        monkeypatch.setattr(Deployment, "client", lambda _, name: dynamodb if name == "dynamodb" else account)
        monkeypatch.setattr("quarry.deployed.deployment.sleep", account.sleep)
        yield account


@pytest.fixture
def aws(empty_aws: FakeAws) -> FakeAws:
    """An account in which dev is deployed, among others."""
    empty_aws.stacks = {
        "quarry-dev-inference": INFERENCE,
        "quarry-dev-guardrails": None,
        "quarry-dev-2-inference": {"BaseUrl": "not dev's"},
        "somebody-elses": {"BaseUrl": "not ours"},
    }
    return empty_aws


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> FakeEndpoint:
    fake = FakeEndpoint()
    client = httpx.Client
    monkeypatch.setattr(
        httpx, "Client", lambda **options: client(**{**options, "transport": httpx.MockTransport(fake.handle)})
    )
    return fake


@pytest.fixture
def kb(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeKnowledge:
    """A knowledge base in dev, with nothing in it yet; whoever waits makes its time pass."""
    fake = FakeKnowledge()
    s3 = mocked_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    aws.stacks["quarry-dev-knowledge"] = OUTPUTS
    clients = {"cloudformation": aws, "s3": s3}
    monkeypatch.setattr(Deployment, "client", lambda _, name: clients.get(name, fake))
    metadata = {"department": "string", "year": "number", "public": "boolean"}
    config = load("dev").model_copy(update={"knowledge": Knowledge.model_validate({"metadata": metadata})})
    monkeypatch.setattr(knowledge, "environment", lambda _name: config)
    monkeypatch.setattr("quarry.knowledge.waiting.sleep", fake.sleep)
    return fake


@pytest.fixture
def s3(kb: FakeKnowledge) -> Any:
    """The client that commands use for S3, with the bucket for documents."""
    return mocked_aws.client("s3")


@pytest.fixture
def refuse(s3: Any) -> Iterator[Callable[[str, Exception], None]]:
    """Make an operation of S3 fail."""
    handlers: list[tuple[str, Any]] = []

    def register(operation: str, error: Exception) -> None:
        def handler(**_: Any) -> None:
            raise error

        handlers.append((f"before-call.s3.{operation}", handler))
        s3.meta.events.register(*handlers[-1])

    yield register
    for name, handler in handlers:
        s3.meta.events.unregister(name, handler)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with three documents, one of them with a sidecar."""
    folder = tmp_path / "docs"
    (folder / "a b").mkdir(parents=True)
    (folder / "travel.md").write_text("Book early.", encoding="utf-8")
    (folder / "travel.md.metadata.json").write_text(
        '{"metadataAttributes": {"department": "Finance", "year": 2025}}', encoding="utf-8"
    )
    (folder / "a b" / "über uns.txt").write_text("We build.", encoding="utf-8")
    (folder / "leave.md").write_text("28 days.", encoding="utf-8")
    return folder


@pytest.fixture
def sync(run: Run, docs: Path) -> Callable[..., Ran]:
    """Sync the folder to dev."""
    return lambda *arguments, stdin="": run("knowledge", "sync", str(docs), "-e", "dev", *arguments, stdin=stdin)
