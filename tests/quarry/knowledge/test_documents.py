"""What of a folder may be uploaded: everything that Bedrock would not take is named, at once."""

import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarry.command_error import CommandError
from quarry.knowledge import documents
from quarry.knowledge.documents import Folder
from quarry.knowledge.formats import FORMATS, MAX_BYTES

FIELDS = {"department": "string", "year": "number", "public": "boolean"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of the folder; a dict becomes JSON."""

    def write_file(name: str, content: Any = "Some text.") -> Path:
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Folder]:
    def read_folder(**options: Any) -> Folder:
        return documents.read(tmp_path / "docs", prefix="documents/", **{"fields": FIELDS, **options})

    return read_folder


Write = Callable[..., Path]
Read = Callable[..., Folder]


def problems(read: Read, **options: Any) -> list[str]:
    """Return the problems that a folder has, without what stands around them."""
    with pytest.raises(CommandError) as failed:
        read(**options)
    assert failed.value.exit_code == 2
    first, *lines = str(failed.value).splitlines()
    assert first.startswith("Nothing was sent: ")
    return [line.strip() for line in lines]


def attributes(**values: Any) -> dict[str, Any]:
    return {"metadataAttributes": values}


def test_documents_and_their_sidecars_are_found_in_subfolders(write: Write, read: Read) -> None:
    write("b.md")
    write("a/über uns.PDF")
    write("a/über uns.PDF.metadata.json", attributes(department="Sales", year=2025, public=True))

    found = read()

    assert list(found.files) == ["a/über uns.PDF", "a/über uns.PDF.metadata.json", "b.md"]
    assert [file.name for file in found.documents] == ["a/über uns.PDF", "b.md"]
    assert [file.content_type for file in found.files.values()] == [
        "application/pdf",
        "application/json",
        "text/markdown",
    ]
    assert found.warnings == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_that_bedrock_reads_is_taken(write: Write, read: Read, suffix: str) -> None:
    write(f"x{suffix}")

    assert list(read().files) == [f"x{suffix}"]


def test_names_are_written_as_unicode_composes_them(write: Write, read: Read) -> None:
    decomposed = unicodedata.normalize("NFD", "übersicht.md")
    write(decomposed)
    write(f"{decomposed}.metadata.json", attributes(year=2025))

    assert list(read().files) == ["übersicht.md", "übersicht.md.metadata.json"]


def test_two_names_that_are_the_same_are_refused(write: Write, read: Read) -> None:
    write(unicodedata.normalize("NFD", "übersicht.md"))
    write("übersicht.md")

    (problem,) = problems(read)

    assert "has the same name as" in problem


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.png", "x", "x.png: Bedrock does not read .png; it reads .txt, .md"),
        ("Makefile", "x", "Makefile: Bedrock does not read files without extension"),
        ("x.md", "", "x.md: is empty"),
        ("x\x1b[31m.md", "x", r"x\x1b[31m.md: its name has control characters"),
        ("a\nb.md", "x", r"a\nb.md: its name has control characters"),
        ("x.md.metadata.json", attributes(year=1), "x.md.metadata.json: there is no x.md beside it"),
        (
            "a.md.metadata.json.metadata.json",
            attributes(year=1),
            "a.md.metadata.json.metadata.json: there is no a.md.metadata.json beside it",
        ),
    ],
)
def test_what_bedrock_would_not_take_is_named(write: Write, read: Read, name: str, content: Any, problem: str) -> None:
    write("good.md")
    write(name, content)

    (told,) = problems(read)

    assert told.startswith(problem)


def test_a_document_of_51_mb_is_too_large_and_one_of_50_is_not(write: Write, read: Read) -> None:
    large = write("large.pdf")
    os.truncate(large, MAX_BYTES)
    assert read().files["large.pdf"].size == MAX_BYTES

    os.truncate(large, 51 * 1024**2)
    assert problems(read) == ["large.pdf: 51.0 MB; Bedrock takes 50 MB at most"]


def test_a_name_that_s3_could_not_hold_is_refused_with_room_for_its_sidecar(write: Write, read: Read) -> None:
    folder = "/".join(["d" * 200] * 4)
    room = 1024 - len(f"documents/{folder}/.md.metadata.json")
    write(f"{folder}/{'x' * room}.md")
    assert len(read().files) == 1

    write(f"{folder}/é{'x' * (room - 1)}.md")
    (problem,) = problems(read)
    assert problem.endswith("its key with .metadata.json has 1,025 bytes; S3 takes 1,024 at most")


def test_a_name_that_is_no_unicode_is_refused(write: Write, read: Read, tmp_path: Path) -> None:
    write("good.md")
    Path(os.fsdecode(os.fsencode(tmp_path / "docs") + b"/caf\xe9.md")).write_text("x", encoding="utf-8")

    assert problems(read) == [r"caf\xe9.md: its name is not valid Unicode; rename it"]


def test_links_are_not_followed_in_circles(write: Write, read: Read, tmp_path: Path) -> None:
    write("sub/a.md")
    (tmp_path / "docs" / "sub" / "round").symlink_to(tmp_path / "docs")
    (tmp_path / "docs" / "linked.md").symlink_to(tmp_path / "docs" / "sub" / "a.md")

    found = read()

    assert list(found.files) == ["linked.md", "sub/a.md"]
    assert found.warnings == ["Left out, hidden files, what programs leave behind, and links to folders: sub/round/."]


def test_files_that_cannot_be_read_are_named(write: Write, read: Read, tmp_path: Path) -> None:
    write("good.md")
    docs = tmp_path / "docs"
    (docs / "dangling.md").symlink_to("nowhere.md")
    (docs / "one.md").symlink_to("two.md")
    (docs / "two.md").symlink_to("one.md")
    os.mkfifo(docs / "pipe.md")

    assert problems(read) == [
        "dangling.md: cannot be read (No such file or directory)",
        "one.md: cannot be read (Too many levels of symbolic links)",
        "pipe.md: is no regular file",
        "two.md: cannot be read (Too many levels of symbolic links)",
    ]


def test_a_file_without_permission_is_named(write: Write, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, whom no permission stops.
    secret = write("secret.md")
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == secret:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)

    assert problems(read) == ["secret.md: cannot be read (Permission denied)"]


def test_a_folder_without_permission_is_named(write: Write, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    write("good.md")
    secret = write("secret/x.md").parent
    scanned = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path) == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return scanned(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert problems(read) == ["secret: cannot be read (Permission denied)"]


def test_what_is_hidden_is_left_out_and_said(write: Write, read: Read) -> None:
    for name in ("a.md", ".DS_Store", ".git/config", "~$a.docx", "sub/.hidden.md", ".metadata.json", ".x", ".y"):
        write(name)

    found = read()

    assert list(found.files) == ["a.md"]
    assert found.warnings == [
        "Left out, hidden files, what programs leave behind, and links to folders: .DS_Store, .git/, .metadata.json, "
        ".x, .y and 2 more."
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Thumbs.db",
        "sub/THUMBS.DB",
        "desktop.ini",
        "Desktop.ini",
        "ehthumbs.db",
        "Icon\r",
        "__MACOSX/._a.md",
        "$RECYCLE.BIN/a.md",
        "a.md~",
        "a.md.swp",
        "plan.docx.tmp",
        "a.pdf.crdownload",
        "a.md.bak",
        "plan.docx - Shortcut.lnk",
    ],
)
def test_what_programs_leave_behind_is_passed_over_with_a_word(write: Write, read: Read, name: str) -> None:
    write("a.md")
    write(name)

    found = read()

    assert list(found.files) == ["a.md"]
    (warning,) = found.warnings
    assert warning.startswith("Left out, hidden files, what programs leave behind")


@pytest.mark.parametrize("name", ["thumbs.db.md", "about-desktop.ini.txt", "tmp.md", "a.tmp.md", "__MACOSX.md"])
def test_a_document_that_only_sounds_like_it_is_taken(write: Write, read: Read, name: str) -> None:
    write(name)

    assert list(read().files) == [name]
    assert read().warnings == []


@pytest.mark.parametrize("name", ["x.txt", "x.md", "x.html", "x.csv", "X.TXT"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_text_in_another_encoding_is_told(write: Write, read: Read, tmp_path: Path, name: str, encoding: str) -> None:
    write("good.md")
    (tmp_path / "docs" / name).write_bytes("Köln".encode(encoding))

    (told,) = problems(read)

    assert told.startswith(f"{name}: is not UTF-8")


def test_what_is_no_text_by_its_name_is_not_read_as_one(write: Write, read: Read, tmp_path: Path) -> None:
    write("good.md")
    (tmp_path / "docs" / "x.pdf").write_bytes(b"%PDF-1.7\n\xe2\xe3\0")

    assert set(read().files) == {"good.md", "x.pdf"}


def test_a_folder_without_documents_is_refused(tmp_path: Path, read: Read) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / ".hidden.md").write_text("x", encoding="utf-8")

    with pytest.raises(CommandError, match=r"holds no documents\. Bedrock reads \.txt, \.md") as failed:
        read()

    assert failed.value.exit_code == 2


def test_what_is_no_folder_is_refused(tmp_path: Path, read: Read) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        read()
    (tmp_path / "docs").write_text("x", encoding="utf-8")
    with pytest.raises(CommandError, match="is no folder"):
        read()


def test_all_problems_are_told_at_once(write: Write, read: Read) -> None:
    write("a.png")
    write("b.md", "")
    write("c.md")
    write("c.md.metadata.json", "{")
    write("d.md.metadata.json", attributes(year="2025"))

    told = problems(read)

    assert [line.partition(":")[0] for line in told] == [
        "a.png",
        "b.md",
        "c.md.metadata.json",
        "d.md.metadata.json",
        "d.md.metadata.json",
    ]


def test_a_type_that_the_environment_file_denies_is_a_problem(write: Write, read: Read) -> None:
    write("a.md")
    write("a.md.metadata.json", attributes(year="2025", public=1, department=["Finance", "IT"]))

    assert problems(read) == [
        "a.md.metadata.json: public is a number; knowledge.metadata of the environment file says boolean",
        "a.md.metadata.json: year is a string; knowledge.metadata of the environment file says number",
    ]


def test_a_field_that_the_environment_file_does_not_have_is_a_warning(write: Write, read: Read) -> None:
    for name in ("a.md", "b.md"):
        write(name)
        write(f"{name}.metadata.json", attributes(author="Ann", year=2025))

    assert read().warnings == [
        "Nobody can filter by author: knowledge.metadata of the environment file does not have it. It is in "
        "a.md.metadata.json, b.md.metadata.json."
    ]


def test_a_field_with_two_types_is_a_problem(write: Write, read: Read) -> None:
    for name, value in (("a.md", 1), ("b.md", "one"), ("c.md", ["one"])):
        write(name)
        write(f"{name}.metadata.json", attributes(rank=value))

    assert problems(read) == [
        "rank is a number in a.md.metadata.json and a string in b.md.metadata.json and 1 more; an index has one type "
        "for it"
    ]


@pytest.mark.parametrize("values", [{"text": "x" * 1100}, {f"k{number}": True for number in range(36)}])
def test_s3_vectors_holds_less_metadata(write: Write, read: Read, values: dict[str, Any]) -> None:
    write("a.md")
    write("a.md.metadata.json", attributes(**values))

    assert len(read(vector_store="opensearch_serverless").files) == 2
    (problem,) = problems(read, vector_store="s3_vectors")
    assert "S3 Vectors holds 35 in 1,024 bytes per vector" in problem
