"""The playground's files, as they are served: our own from playground/, and the libraries from npm, nothing built.

All but the page itself lie below a version, a hash of everything, so that browsers may keep them for ever.
"""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from configuration.environment_file import PROJECT

PAGE: Final = "index.html"
# What the page has in the version's place.
PLACEHOLDER: Final = "VERSION"
# Name as served -> package and what of it. Pinned by package-lock.json. Of oat those parts that the page uses, which is
# half of it.
LIBRARIES: Final = {
    "oat.css": ("@knadh/oat", *(f"css/{name}.css" for name in ("00-base", "01-theme", "button", "form", "table"))),
    "preact.js": ("htm", "preact/standalone.module.js"),
    "marked.js": ("marked", "lib/marked.esm.js"),
    "purify.js": ("dompurify", "dist/purify.min.js"),
}
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


class MissingLibraryError(Exception):
    """A library is not installed; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is served.

    Attributes:
        version: hash of all of it, twelve hexadecimal digits.
        page: the page.
        others: name -> file of everything that the page loads.
    """

    version: str
    page: Path
    others: dict[str, Path]


def version(project: Path = PROJECT) -> str:
    """Return the hash of our own files and of what the lock file says of the libraries."""
    lock = json.loads((project / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    parts = [f"{path.name}\0{path.read_text(encoding='utf-8')}" for path in _own(project)]
    parts += [f"{name}\0{lock[f'node_modules/{of[0]}']['integrity']}\0{of}" for name, of in LIBRARIES.items()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def gather(*, libraries: bool = True, project: Path = PROJECT) -> Files:
    """Put the files together in .cache/playground, unless they are there from before.

    Args:
        libraries: whether they are put in; without, their names stand for them, as where nothing is bundled.

    Raises:
        MissingLibraryError: npm has not installed one of them.
    """
    hashed = version(project)
    folder = project / ".cache" / "playground" / (hashed if libraries else f"{hashed}-bare")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            made = Path(temporary) / "files"
            made.mkdir()
            _fill(made, hashed, libraries=libraries, project=project)
            try:
                made.rename(folder)
            except OSError:
                # Another process made the same meanwhile; anything else is an error.
                if not folder.is_dir():
                    raise
    names = sorted(path.name for path in folder.iterdir() if path.name != PAGE)
    return Files(version=hashed, page=folder / PAGE, others={name: folder / name for name in names})


def _fill(folder: Path, hashed: str, *, libraries: bool, project: Path) -> None:
    for path in _own(project):
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_text(
            text.replace(PLACEHOLDER, hashed) if path.name == PAGE else text, encoding="utf-8"
        )
    for name in LIBRARIES:
        (folder / name).write_bytes(library(name, project) if libraries else name.encode())


def library(name: str, project: Path = PROJECT) -> bytes:
    """Return a library as it is served.

    Raises:
        MissingLibraryError: npm has not installed it.
    """
    package, *parts = LIBRARIES[name]
    folder = _installed(package, project)
    return b"".join((folder / part).read_bytes() for part in parts)


def _own(project: Path) -> list[Path]:
    return sorted(path for path in (project / "playground").iterdir() if path.suffix in TYPES)


def _installed(package: str, project: Path) -> Path:
    """Return where npm has put a package: into the project, or beside the CDK CLI that runs this."""
    places = [project / "node_modules"]
    if cli := shutil.which("cdk"):
        places.append(Path(cli).absolute().parent.parent)
    for place in places:
        if (place / package).is_dir():
            return place / package
    raise MissingLibraryError(
        f"The playground needs {package} from npm, which is not in {places[0]}: run `make install`, or `npm ci`; or "
        "set `playground: false` in the environment file."
    )
