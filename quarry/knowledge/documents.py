"""Documents of a folder: which may be uploaded, under which keys, and everything that speaks against it, at once."""

import hashlib
import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from configuration.knowledge import s3_vectors
from lambdas.common.figures import counted
from quarry.command_error import CommandError
from quarry.knowledge import secret_signs, sidecars
from quarry.knowledge.formats import FORMATS, MAX_BYTES, TEXTS
from quarry.knowledge.leftovers import is_leftover
from quarry.knowledge.sidecars import SidecarError
from quarry.knowledge.text_encoding import Utf8Text

MAX_KEY_BYTES: Final = 1024


@dataclass(frozen=True, kw_only=True)
class File:
    """A document or a sidecar that may be uploaded.

    Attributes:
        name: path below the folder, with "/", in Unicode's composed form: a Mac would else upload "é" as another name.
        path: where it is.
        size: bytes.
        md5: hexadecimal digest, to compare with S3's ETag.
        sha256: hexadecimal digest, stored with the object.
        secret: what it looks like it holds and should not, or None.
    """

    name: str
    path: Path
    size: int
    md5: str
    sha256: str
    secret: str | None = None

    @property
    def is_sidecar(self) -> bool:
        """Whether it holds the metadata of another file."""
        return self.name.endswith(sidecars.SUFFIX)

    @property
    def content_type(self) -> str:
        """The content type that its extension stands for."""
        return "application/json" if self.is_sidecar else FORMATS[Path(self.name).suffix.lower()]


@dataclass
class Folder:
    """What a folder holds. ``files`` by name; ``warnings``: a sentence each about what is not as it may be meant."""

    files: dict[str, File] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def documents(self) -> list[File]:
        """The files that are no sidecars."""
        return [file for file in self.files.values() if not file.is_sidecar]


def read(
    folder: Path,
    *,
    prefix: str,
    fields: Mapping[str, str],
    vector_store: str | None = None,
    follow_links: bool = False,
) -> Folder:
    """Return what a folder holds, checked against what Bedrock takes.

    Args:
        prefix: what keys begin with in the bucket.
        fields: fields of the environment's ``knowledge.metadata`` -> "string", "number" or "boolean".
        vector_store: the environment's; "s3_vectors" holds less metadata.
        follow_links: take files that links lead to outside of the folder too.

    Raises:
        CommandError: with a line per problem and exit code 2; nothing of the folder should be uploaded.
    """
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder. Name the folder that holds the documents.", exit_code=2)
    reading = _Reading(folder, prefix=prefix, fields=fields, vector_store=vector_store, follow_links=follow_links)
    reading.read()
    if reading.problems:
        count = len(reading.problems)
        lines = "\n".join(f"  {problem}" for problem in sorted(reading.problems))
        raise CommandError(f"Nothing was sent: {folder} has {counted(count, 'problem')}.\n{lines}", exit_code=2)
    found = reading.folder
    if not found.documents:
        raise CommandError(f"{folder} holds no documents. Bedrock reads {', '.join(FORMATS)}.", exit_code=2)
    return found


class _Reading:
    def __init__(
        self, root: Path, *, prefix: str, fields: Mapping[str, str], vector_store: str | None, follow_links: bool
    ) -> None:
        self.root = root
        self.follow_links = follow_links
        self.prefix = prefix
        self.fields = fields
        self.vector_store = vector_store
        self.folder = Folder()
        self.problems: list[str] = []
        self._seen: dict[str, str] = {}
        self._left_out: list[str] = []
        self._outside: list[str] = []
        # Attribute that the environment file does not have -> type -> sidecars.
        self._undeclared: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def read(self) -> None:
        for path in self._paths():
            self._take(path)
        for name in sorted(name for name in self._seen if name.endswith(sidecars.SUFFIX)):
            document = name.removesuffix(sidecars.SUFFIX)
            if document not in self._seen:
                self.problems.append(f"{name}: there is no {Path(document).name} beside it that it could describe")
        if self._left_out:
            self.folder.warnings.append(
                f"Left out, hidden files, what programs leave behind, and links to folders: {_some(self._left_out)}."
            )
        if self._outside:
            self.folder.warnings.append(
                f"Left out, links that lead out of the folder: {_some(self._outside)}. --follow-links takes them."
            )
        for name, types in sorted(self._undeclared.items()):
            if len(types) > 1:
                mixed = " and ".join(f"a {kind} in {_some(names, 1)}" for kind, names in sorted(types.items()))
                self.problems.append(f"{name} is {mixed}; an index has one type for it")
            described = [sidecar for some in types.values() for sidecar in some]
            self.folder.warnings.append(
                f"Nobody can filter by {name}: knowledge.metadata of the environment file does not have it. It is in "
                f"{_some(described)}."
            )
        self.folder.files = dict(sorted(self.folder.files.items()))

    def _paths(self) -> Iterator[Path]:
        """Yield the files. Links to folders are not followed, so that none can lead round in a circle."""

        def unreadable(error: OSError) -> None:
            self.problems.append(f"{self._shown(Path(error.filename))}: cannot be read ({error.strerror})")

        for where, folders, files in os.walk(self.root, onerror=unreadable):
            here = Path(where)
            for name in list(folders):
                if is_leftover(name) or (here / name).is_symlink():
                    folders.remove(name)
                    self._left_out.append(f"{self._shown(here / name)}/")
            for name in files:
                if is_leftover(name) or self._leads_to_hidden(here / name):
                    self._left_out.append(self._shown(here / name))
                elif not self.follow_links and self._leads_out(here / name):
                    self._outside.append(self._shown(here / name))
                else:
                    yield here / name

    def _leads_out(self, path: Path) -> bool:
        """Tell whether a file is a link to one outside of the folder. What leads nowhere is refused when it is read."""
        return (target := _target(path)) is not None and not target.is_relative_to(self.root.resolve())

    def _leads_to_hidden(self, path: Path) -> bool:
        """Tell whether a file is a link to what is left out of the folder for its name, or its folder's."""
        target, root = _target(path), self.root.resolve()
        if target is None or not target.is_relative_to(root):
            return False
        return any(is_leftover(part) for part in target.relative_to(root).parts)

    def _take(self, path: Path) -> None:
        """Read a file, and note everything that is wrong with it. With one problem nothing is uploaded."""
        shown = self._shown(path)
        name = unicodedata.normalize("NFC", path.relative_to(self.root).as_posix())
        wrong = self._wrong_name(name)
        if name in self._seen:
            wrong = f"has the same name as {self._seen[name]} once accents are written alike; rename one"
        self._seen.setdefault(name, shown)
        if wrong:
            self.problems.append(f"{shown}: {wrong}")
            return
        try:
            file, content = _file(name, path)
        except (OSError, ValueError) as error:
            reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
            self.problems.append(f"{shown}: {reason}")
            return
        if file.is_sidecar:
            self._check_sidecar(name, content)
        self.folder.files[name] = file

    def _wrong_name(self, name: str) -> str | None:
        try:
            length = len(f"{self.prefix}{name.removesuffix(sidecars.SUFFIX)}{sidecars.SUFFIX}".encode())
        except UnicodeEncodeError:
            return "its name is not valid Unicode; rename it"
        if length > MAX_KEY_BYTES:
            return f"its key with {sidecars.SUFFIX} has {length:,} bytes; S3 takes {MAX_KEY_BYTES:,} at most"
        if any(unicodedata.category(character) == "Cc" for character in name):
            return "its name has control characters, which Bedrock and S3's listings do not carry; rename it"
        suffix = Path(name).suffix
        if name.endswith(sidecars.SUFFIX) or suffix.lower() in FORMATS:
            return None
        return f"Bedrock does not read {suffix or 'files without extension'}; it reads {', '.join(FORMATS)}"

    def _check_sidecar(self, name: str, content: bytes) -> None:
        document = name.removesuffix(sidecars.SUFFIX)
        try:
            sidecar = sidecars.parse(content, csv=document.lower().endswith(".csv"))
        except SidecarError as error:
            self.problems.append(f"{name}: {error}")
            return
        self.problems += [f"{name}: {mismatch}" for mismatch in sidecar.mismatches(self.fields)]
        for attribute, kind in sidecar.types.items():
            if attribute not in self.fields:
                self._undeclared[attribute]["string" if kind == "list" else kind].append(name)
        if self.vector_store == "s3_vectors" and (
            sidecar.size > s3_vectors.MAX_FIELD_BYTES or len(sidecar.types) > s3_vectors.MAX_FIELDS
        ):
            self.problems.append(
                f"{name}: {len(sidecar.types)} attributes in {sidecar.size:,} bytes; S3 Vectors holds "
                f"{s3_vectors.MAX_FIELDS} in {s3_vectors.MAX_FIELD_BYTES:,} bytes per vector"
            )

    def _shown(self, path: Path) -> str:
        """Return a path as it can be printed: one line, without what a terminal would obey or refuse."""
        name = os.fsencode(path.relative_to(self.root)).decode("utf-8", "backslashreplace")
        return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def _target(path: Path) -> Path | None:
    """Return what a link leads to in the end; None of what is none, or leads nowhere."""
    try:
        return path.resolve(strict=True) if path.is_symlink() else None
    except (OSError, RuntimeError):
        return None


def _file(name: str, path: Path) -> tuple[File, bytes]:
    """Return a file and, of a sidecar, its content.

    Raises:
        OSError: it cannot be read.
        ValueError: it is nothing that Bedrock would take, with the reason.
    """
    status = path.stat()
    sidecar = name.endswith(sidecars.SUFFIX)
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("is no regular file")
    if status.st_size == 0:
        raise ValueError("is empty")
    if not sidecar and status.st_size > MAX_BYTES:
        raise ValueError(f"{status.st_size / 1024**2:,.1f} MB; Bedrock takes {MAX_BYTES // 1024**2} MB at most")
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    content = before = b""
    # A link's name says nothing of what it leads to.
    secret = secret_signs.in_name(path.name) or secret_signs.in_name(path.resolve().name)
    text = Utf8Text() if path.suffix.lower() in TEXTS else None
    with path.open("rb") as stream:
        while part := stream.read(1024 * 1024):
            if text:
                text.add(part)
            md5.update(part)
            sha256.update(part)
            secret = secret or secret_signs.in_content(before + part)
            before = part[-secret_signs.LONGEST :]
            if sidecar and len(content) <= sidecars.MAX_BYTES:
                content += part
    if text:
        text.end()
    file = File(
        name=name, path=path, size=status.st_size, md5=md5.hexdigest(), sha256=sha256.hexdigest(), secret=secret
    )
    return file, content


def _some(names: list[str], most: int = 5) -> str:
    """Return the first names, and how many more there are."""
    first = ", ".join(sorted(names)[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"
