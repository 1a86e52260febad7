"""``quarry knowledge sync``: only what changed is sent, and only if all of it may be; deleting is asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configuration.environment_file import PROJECT
from quarry.knowledge import uploading
from tests.quarry.conftest import Ran, Run
from tests.quarry.knowledge.account import BUCKET, NAMES, below, keys


def test_documents_and_sidecars_are_uploaded(sync: Callable[..., Ran], s3: Any) -> None:
    ran = sync()

    assert ran.code == 0
    assert keys(s3) == below(*NAMES)
    assert ran.out == (
        f"Uploaded 3 documents and 1 sidecar to s3://{BUCKET}/documents/; 0 files unchanged, 0 deleted.\n"
        "Ingestion starts by itself. `quarry knowledge status --wait` follows it.\n"
    )
    found = s3.get_object(Bucket=BUCKET, Key="documents/travel.md")
    assert (found["Body"].read(), found["ContentType"]) == (b"Book early.", "text/markdown")


def test_the_samples_are_uploaded(run: Run, s3: Any) -> None:
    ran = run("knowledge", "sync", str(PROJECT / "samples" / "documents"), "-e", "dev", "--json")

    assert ran.code == 0
    assert len(ran.json["uploaded"]) == 30
    assert "documents/archive/travel-2022.md.metadata.json" in keys(s3)


def test_only_what_changed_is_sent_again(sync: Callable[..., Ran], docs: Path, s3: Any) -> None:
    sync()
    (docs / "travel.md").write_text("Book later.", encoding="utf-8")
    (docs / "new.md").write_text("New.", encoding="utf-8")
    (docs / "leave.md").touch()

    ran = sync("--json")

    assert ran.json["uploaded"] == ["new.md", "travel.md"]
    assert ran.json["unchanged"] == ["a b/über uns.txt", "leave.md", "travel.md.metadata.json"]
    assert sync("--json").json["uploaded"] == []


def test_sidecars_go_first(sync: Callable[..., Ran], s3: Any) -> None:
    assert sync("--json").json["uploaded"][0] == "travel.md.metadata.json"


def test_what_the_etag_does_not_tell_the_stored_digest_does(
    sync: Callable[..., Ran], s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync()
    listed = uploading.Bucket.objects

    # A bucket that encrypts with KMS has other ETags.
    monkeypatch.setattr(
        uploading.Bucket,
        "objects",
        lambda bucket: {name: (size, f"{etag[:-3]}-kms") for name, (size, etag) in listed(bucket).items()},
    )

    assert sync("--json").json["uploaded"] == []
    s3.put_object(Bucket=BUCKET, Key="documents/leave.md", Body=b"29 days.")
    assert sync("--json").json["uploaded"] == ["leave.md"]


def test_nothing_is_sent_when_there_is_a_problem(sync: Callable[..., Ran], docs: Path, s3: Any) -> None:
    (docs / "photo.png").write_bytes(b"x")
    (docs / "travel.md.metadata.json").write_text("{", encoding="utf-8")

    ran = sync()

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Nothing was sent: {docs} has 2 problems.\n  photo.png: Bedrock does not read .png")
    assert "travel.md.metadata.json: not valid JSON" in ran.err
    assert keys(s3) == []


def test_warnings_do_not_stop_it(sync: Callable[..., Ran], docs: Path, s3: Any) -> None:
    (docs / "leave.md.metadata.json").write_text('{"metadataAttributes": {"author": "Ann"}}', encoding="utf-8")

    ran = sync("--json")

    assert ran.code == 0
    assert ran.err.startswith("Nobody can filter by author")
    assert ran.json["warnings"] == [ran.err.strip()]


def test_a_dry_run_sends_nothing(sync: Callable[..., Ran], docs: Path, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="documents/leave.md", Body=b"old")
    s3.put_object(Bucket=BUCKET, Key="documents/gone.md", Body=b"old")

    ran = sync("--dry-run", "--delete")

    lines = [line.split(maxsplit=2) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert ["upload", "new", "travel.md"] in lines
    assert ["upload", "changed", "leave.md"] in lines
    assert ["delete", "not", "in DIR  gone.md"] in lines
    assert "Would have uploaded 3 documents and 1 sidecar" in ran.out
    assert "Ingestion starts" not in ran.out
    assert keys(s3) == below("gone.md", "leave.md")


def test_what_is_not_in_the_folder_stays_unless_asked_for(sync: Callable[..., Ran], s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="documents/gone.md", Body=b"old")

    ran = sync()

    assert "1 file in the knowledge base but not in DIR; --delete deletes what is not in DIR." in ran.out
    assert "documents/gone.md" in keys(s3)
    assert sync("--json").json["not_in_folder"] == ["gone.md"]


@pytest.mark.parametrize("answer", ["y\n", "--yes"])
def test_deleting_is_asked_for(sync: Callable[..., Ran], s3: Any, answer: str) -> None:
    for key in ("documents/gone.md", "documents/old/", "ingestions/record.json", "documents-of-others/x.md"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")

    ran = sync("--delete", "--yes") if answer == "--yes" else sync("--delete", stdin=answer)

    assert ran.code == 0
    assert "1 deleted" in ran.out
    assert ("gone.md\nDelete 1 file from the knowledge base?" in ran.err) == (answer != "--yes")
    # Records, others' objects and what consoles show folders by are none of its business.
    assert keys(s3) == sorted([*below(*NAMES), "documents-of-others/x.md", "documents/old/", "ingestions/record.json"])


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_sent_or_deleted(sync: Callable[..., Ran], s3: Any, answer: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="documents/gone.md", Body=b"old")

    ran = sync("--delete", stdin=answer)

    assert (ran.code, keys(s3)) == (1, below("gone.md"))
    assert "Nothing was sent or deleted" in ran.err


def test_more_than_s3_takes_in_one_call_are_deleted(
    sync: Callable[..., Ran], s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "_DELETE_AT_ONCE", 10)
    for number in range(25):
        s3.put_object(Bucket=BUCKET, Key=f"documents/gone-{number}.md", Body=b"old")

    ran = sync("--delete", stdin="y\n")

    assert "and 5 more\nDelete 25 files" in ran.err
    assert keys(s3) == below(*NAMES)


def test_what_s3_does_not_delete_is_named(sync: Callable[..., Ran], s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put_object(Bucket=BUCKET, Key="documents/gone.md", Body=b"old")
    error = {"Key": "documents/gone.md", "Code": "AccessDenied", "Message": "Access Denied"}
    monkeypatch.setattr(s3, "delete_objects", lambda **_: {"Errors": [error]})

    ran = sync("--delete", "--yes")

    assert ran.code == 1
    assert "1 of 1 could not be deleted; s3:DeleteObject is the permission" in ran.err
    assert "gone.md: AccessDenied" in ran.err


@pytest.mark.parametrize(
    "arguments", [("--yes",), ("--dry-run", "--wait"), ("--timeout-minutes", "-1"), ("--nonsense",)]
)
def test_wrong_usage_is_exit_code_2(sync: Callable[..., Ran], s3: Any, arguments: tuple[str, ...]) -> None:
    assert sync(*arguments).code == 2
    assert keys(s3) == []


def test_a_folder_that_is_not_there_is_exit_code_2(run: Run, s3: Any) -> None:
    ran = run("knowledge", "sync", "/nowhere", "-e", "dev")

    assert ran.code == 2
    assert "/nowhere is no folder" in ran.err


@pytest.fixture
def outside(tmp_path: Path, docs: Path) -> Path:
    """A file elsewhere, and links to it and to a link to it in the folder."""
    file = tmp_path / "elsewhere" / "private.md"
    file.parent.mkdir()
    file.write_text("Not for the knowledge base.", encoding="utf-8")
    (docs / "linked.md").symlink_to(file)
    (docs / "twice.md").symlink_to(docs / "linked.md")
    return file


@pytest.mark.usefixtures("outside")
def test_links_that_lead_out_are_passed_over_and_named(sync: Callable[..., Ran], s3: Any) -> None:
    ran = sync()

    assert ran.code == 0
    assert keys(s3) == below(*NAMES)
    assert "links that lead out of the folder: linked.md, twice.md. --follow-links takes them" in ran.err


@pytest.mark.usefixtures("outside")
def test_links_that_lead_out_are_followed_when_asked_for(sync: Callable[..., Ran], s3: Any) -> None:
    assert sync("--follow-links").code == 0
    assert keys(s3) == below(*NAMES, "linked.md", "twice.md")


@pytest.mark.parametrize("options", [(), ("--follow-links",)])
@pytest.mark.parametrize("hidden", [".git/config", "sub/.notes/plan.md", ".env"])
def test_links_to_hidden_files_are_left_out_as_these_are(
    sync: Callable[..., Ran], docs: Path, s3: Any, hidden: str, options: tuple[str, ...]
) -> None:
    (docs / hidden).parent.mkdir(parents=True, exist_ok=True)
    (docs / hidden).write_text("Between us.", encoding="utf-8")
    (docs / "linked.md").symlink_to(docs / hidden)

    ran = sync(*options)

    assert ran.code == 0
    assert keys(s3) == below(*NAMES)
    assert "linked.md" in ran.err


def test_a_folder_may_itself_be_a_link(run: Run, docs: Path, tmp_path: Path, s3: Any) -> None:
    (tmp_path / "link").symlink_to(docs)
    (docs / "within.md").symlink_to(docs / "travel.md")

    assert run("knowledge", "sync", str(tmp_path / "link"), "-e", "dev").code == 0
    assert keys(s3) == below(*NAMES, "within.md")


KEY_FILE = '{"base_url": "http://localhost", "api_key": "qk-' + "x" * 43 + '"}'


@pytest.mark.parametrize(("answer", "sent"), [("y\n", True), ("n\n", False), ("", False), ("--accept-secrets", True)])
def test_what_looks_like_a_secret_is_asked_about(
    sync: Callable[..., Ran], docs: Path, s3: Any, answer: str, sent: bool
) -> None:
    (docs / "notes.txt").write_text("x" * (1024 * 1024 - 20) + KEY_FILE, encoding="utf-8")

    ran = sync(answer) if answer.startswith("--") else sync(stdin=answer)

    assert (ran.code == 0) == sent
    assert ("notes.txt: looks like a key of Quarry" in ran.err) == (answer != "--accept-secrets")
    assert keys(s3) == (below(*NAMES, "notes.txt") if sent else [])


@pytest.mark.usefixtures("s3")
def test_a_dry_run_names_secrets_and_asks_nothing(sync: Callable[..., Ran], docs: Path) -> None:
    (docs / "prod.env.txt").write_text("A=1", encoding="utf-8")

    ran = sync("--dry-run")

    assert ran.code == 0
    assert "prod.env.txt: looks like a secret, by its name" in ran.err
