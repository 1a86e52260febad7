"""Chromium for tests: the one of this machine, or Debian's packages unpacked into a folder, which changes nothing else.

``python -m tests.chromium FOLDER`` sees to it that there is one, and fails where none can be had.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{root}/usr/share/fonts</dir>
  <cachedir>{root}/font-cache</cachedir>
</fontconfig>
"""


class NoChromiumError(Exception):
    """There is none, and none can be had; the message says why."""


@dataclass(frozen=True)
class Chromium:
    """A program, and the environment variables that it needs."""

    program: Path
    environ: dict[str, str]


def find(folder: Path) -> Chromium:
    """Return this machine's Chromium, or what :func:`install` put into the folder.

    Raises:
        NoChromiumError: there is none.
    """
    for name in _NAMES:
        if found := shutil.which(name):
            return Chromium(Path(found), {})
    root = folder / "root"
    program = root / "usr" / "lib" / "chromium" / "chromium"
    if not program.is_file():
        raise NoChromiumError(f"no Chromium on the path or in {folder}; `make test-studio` installs it")
    libraries = sorted({str(path.parent) for path in root.rglob("*.so*")})
    return Chromium(
        program, {"LD_LIBRARY_PATH": ":".join(libraries), "FONTCONFIG_FILE": str(folder.absolute() / "fonts.conf")}
    )


def install(folder: Path) -> None:
    """Unpack Debian's Chromium, and what of its dependencies this machine lacks, into the folder.

    Raises:
        NoChromiumError: this is no Debian, or its packages cannot be had.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NoChromiumError("Chromium is not on the path, and can be had here from Debian's packages only")
    places = {"Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache"}
    for place in (folder / "lists" / "partial", folder / "cache" / "archives" / "partial", folder / "debs"):
        place.mkdir(parents=True, exist_ok=True)
    options = [f"--option={name}={path.absolute()}" for name, path in places.items()]
    apt = ["apt-get", "--quiet=2", "--option=APT::Sandbox::User=root", *options]
    _run([*apt, "update"], folder)
    listed = _run([*apt, "--simulate", "--no-install-recommends", "install", "chromium"], folder)
    names = re.findall(r"^Inst (\S+)", listed, re.MULTILINE)
    if "chromium" not in names:
        raise NoChromiumError(f"apt-get would not install Chromium:\n{listed}")
    _run([*apt, "download", *names], folder / "debs")
    root = folder.absolute() / "root"
    for package in sorted((folder / "debs").glob("*.deb")):
        _run(["dpkg", "--extract", str(package.absolute()), str(root)], folder)
    (folder / "fonts.conf").write_text(_FONTS.format(root=root), encoding="utf-8")
    for path in (*places.values(), folder / "debs"):
        shutil.rmtree(path)


def _run(command: list[str], folder: Path) -> str:
    environ = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise NoChromiumError(f"Chromium cannot be had: {' '.join(command[:6])} ...:\n{done.stdout}")
    return done.stdout


def main(folder: Path) -> int:
    """See to it that there is a Chromium that starts. Returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        try:
            found = find(folder)
        except NoChromiumError:
            install(folder)
            found = find(folder)
        version = subprocess.run(
            [str(found.program), "--version"], env={**os.environ, **found.environ}, capture_output=True, text=True
        )
        if version.returncode != 0:
            raise NoChromiumError(f"{found.program} does not start: {version.stderr}")
    except NoChromiumError as error:
        print(f"tests.chromium: {error}", file=sys.stderr)
        return 1
    print(version.stdout.strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
