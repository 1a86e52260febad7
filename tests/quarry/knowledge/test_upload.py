"""``quarry knowledge sync`` that is stopped or refused: nothing is half there, and it says what to do."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from configuration.environment_file import load
from quarry.knowledge import commands as knowledge
from quarry.knowledge import uploading
from tests.quarry.conftest import Ran
from tests.quarry.fakes import FakeAws
from tests.quarry.knowledge.account import BUCKET, denied, keys
from tests.waiting import PATIENCE

Refuse = Callable[[str, Exception], None]


@dataclass
class Held:
    """Uploads, one at a time, of which one is held back until those that have not begun are given up."""

    number: int
    begun: list[str] = field(default_factory=list)
    is_held: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)

    def begin(self, path: str) -> None:
        self.begun.append(path)
        if len(self.begun) == self.number:
            self.is_held.set()
            assert self.given_up.wait(PATIENCE)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Held]:
    """Hold the upload of this number back, counted from 1."""

    def holding(number: int) -> Held:
        held = Held(number)

        class Pool(ThreadPoolExecutor):
            def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
                if cancel_futures:  # Not the pool that compares before anything is uploaded.
                    super().shutdown(wait=False, cancel_futures=True)
                    held.given_up.set()
                super().shutdown(wait=wait)

        monkeypatch.setattr(uploading, "AT_ONCE", 1)
        monkeypatch.setattr(uploading, "ThreadPoolExecutor", Pool)
        return held

    return holding


def test_an_interrupted_upload_says_how_far_it_came_and_goes_on_from_there(
    sync: Callable[..., Ran], docs: Path, s3: Any, hold: Callable[[int], Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (docs / f"{number:02}.md").write_text(f"Page {number}.", encoding="utf-8")
    held = hold(3)
    upload = s3.upload_file

    def slow_upload(path: str, *arguments: Any, **options: Any) -> None:
        held.begin(path)
        upload(path, *arguments, **options)

    def interrupted(futures: Any) -> Iterator[Any]:
        for number, future in enumerate(as_completed(futures), 1):
            yield future
            if number == 2:
                assert held.is_held.wait(PATIENCE)
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(uploading, "as_completed", interrupted)
        patched.setattr(s3, "upload_file", slow_upload)
        ran = sync()

    assert (ran.code, ran.out, len(keys(s3))) == (1, "", 3)
    assert ran.err == "Stopped.\n3 of 24 files are uploaded, none is half there. Run it again: only the rest is sent.\n"
    again = sync("--json").json
    assert (len(again["uploaded"]), len(again["unchanged"])) == (21, 3)


def fail_for(s3: Any, name: str, error: Exception) -> Callable[..., None]:
    """Return an upload_file that fails for one file."""
    upload = s3.upload_file

    def upload_file(path: str, *arguments: Any, **options: Any) -> None:
        if Path(path).name == name:
            raise error
        upload(path, *arguments, **options)

    return upload_file


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FileNotFoundError(2, "No such file"), "leave.md could not be uploaded. It cannot be read any more (No such"),
        (EndpointConnectionError(endpoint_url="https://s3.test"), "leave.md could not be uploaded. AWS cannot be reac"),
        (
            denied("PutObject"),
            "leave.md could not be uploaded. Your credentials may not do this: they need s3:PutObject",
        ),
    ],
)
def test_an_upload_that_fails_is_exit_code_1_and_can_be_repeated(
    sync: Callable[..., Ran], s3: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(s3, "upload_file", fail_for(s3, "leave.md", error))
        ran = sync()

    there = len(keys(s3))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(says)
    assert f"{there} of 4 files are uploaded, none is half there." in ran.err
    assert "documents/leave.md" not in keys(s3)
    assert len(sync("--json").json["uploaded"]) == 4 - there


def test_after_a_failure_the_rest_is_not_tried(
    sync: Callable[..., Ran], docs: Path, s3: Any, hold: Callable[[int], Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(2)

    def refuse(path: str, *_: Any, **__: Any) -> None:
        held.begin(path)
        raise denied("PutObject")

    monkeypatch.setattr(s3, "upload_file", refuse)

    assert sync().code == 1
    # The second had begun by the time that the first one's failure was seen, or it never did.
    assert len(held.begun) in (1, 2)


def test_s3s_own_refusal_of_an_upload_names_the_action(sync: Callable[..., Ran], refuse: Refuse) -> None:
    refuse("PutObject", denied("PutObject"))

    ran = sync()

    assert ran.code == 1
    assert "they need s3:PutObject. (" in ran.err
    assert "0 of 4 files are uploaded" in ran.err


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (denied("ListObjectsV2"), "they need s3:ListBucket. ("),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "ListObjectsV2"), "AWS does not accept your credentials"),
        (ClientError({"Error": {"Code": "SlowDown"}}, "ListObjectsV2"), "AWS refused: An error occurred (SlowDown)"),
        (NoCredentialsError(), "There are no credentials for AWS"),
    ],
)
def test_what_aws_refuses_says_what_to_do(
    sync: Callable[..., Ran], refuse: Refuse, error: Exception, says: str
) -> None:
    refuse("ListObjectsV2", error)

    ran = sync()

    assert ran.code == 1
    assert says in ran.err


def test_a_bucket_that_is_gone_is_explained(sync: Callable[..., Ran], s3: Any) -> None:
    s3.delete_bucket(Bucket=BUCKET)

    ran = sync()

    assert ran.code == 1
    assert "is gone, so it was deleted by hand. `make destroy` and `make deploy`" in ran.err


def test_without_a_knowledge_stack_the_way_to_one_is_shown(
    sync: Callable[..., Ran], s3: Any, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws.stacks["quarry-dev-knowledge"]

    assert "The knowledge base of dev is not deployed. Deploy it with `make deploy ENVIRONMENT=dev`." in sync().err

    config = load("dev").model_copy(update={"knowledge": None})
    monkeypatch.setattr(knowledge, "environment", lambda _name: config)
    ran = sync()
    assert ran.code == 1
    assert ran.err.startswith("dev has no knowledge base. Add a `knowledge` section to environments/dev.yaml")


def test_a_stack_that_is_not_complete_is_said(sync: Callable[..., Ran], s3: Any, aws: FakeAws) -> None:
    outputs = aws.stacks["quarry-dev-knowledge"]
    assert outputs is not None
    aws.stacks["quarry-dev-knowledge"] = {name: value for name, value in outputs.items() if name != "DataBucket"}

    assert "The stack quarry-dev-knowledge is not deployed completely: it has no output DataBucket." in sync().err
