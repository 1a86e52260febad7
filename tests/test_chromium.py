"""Which Chromium the tests take, and that one that cannot be had is told with its reason."""

from pathlib import Path

import pytest

from tests import chromium
from tests.chromium import NoChromiumError, find, main

APT = """#!/bin/sh
case "$*" in
  *simulate*) echo "Inst libone (1 Debian [amd64])"; echo "Inst chromium (1 Debian [amd64])";;
  *download*) touch chromium_1.deb libone_1.deb;;
  *update*) [ -z "$AWAY" ] || { echo "Could not resolve the name"; exit 100; };;
esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/lib/chromium" "$3/usr/lib/place"
printf '#!/bin/sh\\necho "Chromium 1 $LD_LIBRARY_PATH"\\n' > "$3/usr/lib/chromium/chromium"
chmod +x "$3/usr/lib/chromium/chromium"
touch "$3/usr/lib/place/libone.so.1"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path with what a small system has, and no Chromium."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "mkdir", "chmod", "touch", "printf"):
        (folder / name).symlink_to(Path("/bin") / name if (Path("/bin") / name).exists() else Path("/usr/bin") / name)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(path: Path, name: str, text: str) -> None:
    (path / name).write_text(text, encoding="utf-8")
    (path / name).chmod(0o755)


def test_the_machines_own_is_taken(path: Path, tmp_path: Path) -> None:
    program(path, "chromium", "#!/bin/sh\necho Chromium 9\n")

    assert main(tmp_path / "browser") == 0
    assert find(tmp_path / "browser").program == path / "chromium"


def test_debians_is_unpacked_with_the_libraries_that_are_missing(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(path, "apt-get", APT)
    program(path, "dpkg", DPKG)
    folder = tmp_path / "browser"

    assert main(folder) == 0

    assert capsys.readouterr().out.startswith(f"Chromium 1 {folder / 'root' / 'usr' / 'lib' / 'place'}")
    assert sorted(entry.name for entry in folder.iterdir()) == ["fonts.conf", "root"]


def test_what_cannot_be_had_is_told_with_its_reason(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(tmp_path / "browser") == 1
    assert "from Debian's packages only" in capsys.readouterr().err
    program(path, "apt-get", APT)
    program(path, "dpkg", "#!/bin/sh\n")
    monkeypatch.setenv("AWAY", "yes")
    assert main(tmp_path / "browser") == 1
    assert "Could not resolve the name" in capsys.readouterr().err
    with pytest.raises(NoChromiumError, match="make test-studio"):
        chromium.find(tmp_path / "browser")
