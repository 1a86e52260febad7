"""The lifecycle script in a home folder: what it puts there, what it leaves alone, and all that can go wrong."""

import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stacks.studio.lifecycle.space import NOWHERE, Space, git, serving, silent
from tests.stacks.studio.test_lifecycle_script import VALUES

NAMES = ("QUARRY_BASE_URL", "OPENAI_BASE_URL", "QUARRY_ALIASES", "QUARRY_KEY_SECRET", "QUARRY_PREFIX", "AWS_REGION")


@pytest.fixture
def space() -> Iterator[Space]:
    """An empty home folder, which its user can reach: pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="space-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    # What fails soonest.
    made = Space(folder, {**VALUES, "git_repository": "https://127.0.0.1:9/class.git"})
    made.named({"SpaceName": "ana-lima", "UserProfileName": "ana-lima", "AppType": "JupyterLab"})
    yield made
    shutil.rmtree(folder)


@pytest.fixture
def bucket(space: Space) -> Iterator[Path]:
    """A bucket that has notebooks.zip, and answers where the space looks for S3."""
    served = space.folder / "s3"
    (served / "assets").mkdir(parents=True)
    archive(served, {"notebooks/01.ipynb": b"one", "notebooks/02.ipynb": b"two", "documents/a.md": b"document"})
    with serving(served) as url:
        space.environ["AWS_ENDPOINT_URL"] = url
        space.values["git_repository"] = None
        yield served


def archive(served: Path, files: dict[str, bytes]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.mkdir("notebooks")
        for name, data in files.items():
            made.writestr(name, data)
    (served / "assets" / "notebooks.zip").write_bytes(content.getvalue())


def everything(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def jupyter(space: Space) -> Path:
    (space.home / ".jupyter").mkdir()
    return space.home / ".jupyter" / "jupyter_server_config.json"


def test_kernels_and_terminals_have_the_variables_and_the_home_has_the_notebooks(space: Space, bucket: Path) -> None:
    log = space.start()

    expected = {
        "QUARRY_BASE_URL": VALUES["base_url"],
        "OPENAI_BASE_URL": VALUES["base_url"],
        "QUARRY_ALIASES": "fast,smart",
        "QUARRY_KEY_SECRET": "quarry/workshop/participants/ana-lima",
        "QUARRY_PREFIX": "s3://studio-notebooks/participants/ana-lima/",
        "AWS_REGION": "us-east-1",
    }
    assert space.kernel_sees(*NAMES) == expected
    for options in (("-l",), ("-i",)):
        assert {name: space.terminal_sees(name, *options) for name in NAMES} == expected
    assert (space.home / "notebooks" / "01.ipynb").read_bytes() == b"one"
    assert (space.home / "documents" / "a.md").read_bytes() == b"document"
    assert "notebooks: 3 written, 0 the same, 0 kept" in log
    assert "FAILED" not in log


def test_a_second_start_changes_nothing(space: Space, bucket: Path) -> None:
    space.start()
    before = everything(space.home)

    log = space.start()

    assert everything(space.home) == before
    assert "notebooks: 0 written, 3 the same" in log


def test_what_a_participant_changed_stays_and_what_nobody_changed_is_renewed(space: Space, bucket: Path) -> None:
    space.start()
    (space.home / "notebooks" / "01.ipynb").write_bytes(b"mine")
    (space.home / "notebooks" / "own.ipynb").write_bytes(b"own")
    (space.home / "documents" / "a.md").unlink()
    archive(bucket, {"notebooks/01.ipynb": b"ONE", "notebooks/02.ipynb": b"TWO", "documents/a.md": b"document"})

    log = space.start()

    kept = {name: (space.home / "notebooks" / name).read_bytes() for name in ("01.ipynb", "02.ipynb", "own.ipynb")}
    assert kept == {"01.ipynb": b"mine", "02.ipynb": b"TWO", "own.ipynb": b"own"}
    assert (space.home / "documents" / "a.md").read_bytes() == b"document"
    assert "1 kept as changed here (notebooks/01.ipynb)" in log


def test_a_file_that_was_there_before_is_the_participants(space: Space, bucket: Path) -> None:
    (space.home / "notebooks").mkdir()
    (space.home / "notebooks" / "01.ipynb").write_bytes(b"mine")

    assert "1 kept as changed here" in space.start()
    assert (space.home / "notebooks" / "01.ipynb").read_bytes() == b"mine"


def test_an_archive_writes_nowhere_else(space: Space, bucket: Path) -> None:
    archive(bucket, {"../out.txt": b"x", "/tmp/out-of-space.txt": b"x", "notebooks/../../up.txt": b"x", "in.txt": b"x"})

    log = space.start()

    assert log.count("leads out of the home folder") == 3
    assert (space.home / "in.txt").exists()
    assert not list(space.folder.glob("*.txt"))
    assert not Path("/tmp/out-of-space.txt").exists()


@pytest.mark.parametrize(
    ("repository", "reason"),
    [
        (None, f'EndpointConnectionError: Could not connect to the endpoint URL: "{NOWHERE}'),
        ("https://127.0.0.1:9/class.git", "RuntimeError: git could not clone https://127.0.0.1:9/class.git: exit code"),
    ],
)
def test_with_the_network_away_all_else_is_there(space: Space, repository: str | None, reason: str) -> None:
    space.values["git_repository"] = repository

    log = space.start()

    assert f"notebooks: FAILED: {reason}" in log
    assert "FAILED" not in log.partition("notebooks:")[0]
    assert space.kernel_sees("QUARRY_BASE_URL") == {"QUARRY_BASE_URL": VALUES["base_url"]}
    told = space.run("python3", str(space.home / ".ipython" / "profile_default" / "startup" / "00-quarry.py")).stdout
    assert "OPENAI_API_KEY is not set: quarry/workshop/participants/ana-lima: Could not connect" in told


@pytest.mark.parametrize("repository", [None, "http://example.com/class.git"])
def test_what_never_answers_is_given_up(space: Space, repository: str | None) -> None:
    with silent() as url:
        space.environ["AWS_ENDPOINT_URL"] = url
        space.values["git_repository"] = repository and f"{url}/class.git"
        log = space.start(patience=2)

    assert "notebooks: FAILED: Timeout" in log
    assert not (space.home / "class").exists()
    assert list((space.home / ".quarry").glob("tmp*")) == []


@pytest.fixture
def repository(space: Space) -> Iterator[Path]:
    """A repository that is asked for by https, and answers by http: this machine has no certificate."""
    work, bare = space.folder / "work", space.folder / "served" / "class.git"
    work.mkdir()
    git(work, "init", "--quiet")
    (work / "lesson.ipynb").write_text("lesson")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "lesson")
    bare.parent.mkdir()
    git(space.folder, "clone", "--quiet", "--bare", str(work), str(bare))
    git(bare, "update-server-info")
    space.values["git_repository"] = "https://git.example.com/class.git"
    with serving(bare.parent) as url:
        (space.home / ".gitconfig").write_text(f'[url "{url}/"]\n\tinsteadOf = https://git.example.com/\n')
        yield work


def test_a_repository_is_cloned_once_and_what_is_done_in_it_stays(space: Space, repository: Path) -> None:
    assert "notebooks: cloned https://git.example.com/class.git" in space.start()
    lesson = space.home / "class" / "lesson.ipynb"
    assert lesson.read_text() == "lesson"
    lesson.write_text("mine")

    log = space.start()

    assert f"{space.home / 'class'} is there and stays as it is" in log
    assert lesson.read_text() == "mine"


def test_a_repository_that_was_there_before_stays(space: Space, repository: Path) -> None:
    shutil.copytree(repository, space.home / "class")
    before = everything(space.home / "class")

    assert "is there and stays as it is" in space.start()
    assert everything(space.home / "class") == before


@pytest.mark.parametrize(
    "url", ["https://git.example.com/none.git", "ext::sh -c touch% out", "--upload-pack=touch out", "file:///etc", ""]
)
def test_what_cannot_be_cloned_leaves_nothing(space: Space, repository: Path, url: str) -> None:
    space.values["git_repository"] = url or "https://127.0.0.1:9/class"

    log = space.start()

    assert "notebooks: FAILED: RuntimeError: git could not clone" in log
    assert not {".quarry", ".gitconfig"} - {path.name for path in space.home.iterdir()}
    assert not list(space.home.rglob("out"))
    assert [path.name for path in (space.home / ".quarry").iterdir()] == ["environment.sh"]


AWKWARD = "a'b\"c`touch out`$(touch out)${HOME}\\n\n'''\"\"\"\nQUARRY_PROGRAM_ENDS\ntouch out\n{x}%s;|&é💧"


def test_no_value_is_run_and_each_arrives_as_it_is(space: Space) -> None:
    space.values |= {"base_url": AWKWARD, "aliases": [AWKWARD], "secret_prefix": AWKWARD, "bucket": AWKWARD}
    space.values |= {"notebooks": AWKWARD, "region": AWKWARD}

    log = space.start()

    seen = space.kernel_sees(*NAMES)
    assert seen["QUARRY_BASE_URL"] == seen["QUARRY_ALIASES"] == seen["AWS_REGION"] == AWKWARD
    assert seen["QUARRY_KEY_SECRET"] == f"{AWKWARD}ana-lima"
    assert seen == {name: space.terminal_sees(name, "-l") for name in NAMES}
    assert "notebooks: FAILED" in log
    assert not list(space.folder.rglob("out"))


def test_what_is_set_already_counts_more(space: Space) -> None:
    space.environ["QUARRY_BASE_URL"] = "http://localhost:8787/v1"

    space.start()

    names = ("QUARRY_BASE_URL", "OPENAI_BASE_URL")
    assert space.kernel_sees(*names) == dict.fromkeys(names, "http://localhost:8787/v1")


@pytest.mark.parametrize(
    "metadata",
    [{}, [], None, {"SpaceName": "../ana"}, {"SpaceName": "ana\n"}, {"SpaceName": "é"}, {"SpaceName": "a" * 64}]
    + [{"SpaceName": name} for name in ("", "-ana", "ana-", "a b", "$(touch out)", 7, None)],
)
def test_an_odd_name_of_the_space_gives_no_key_and_says_so(space: Space, metadata: object) -> None:
    space.named(metadata)

    log = space.start()

    assert "so there is no key and no folder of one's own" in log
    assert set(space.kernel_sees(*NAMES)) == set(NAMES) - {"QUARRY_KEY_SECRET", "QUARRY_PREFIX"}


def test_without_metadata_the_rest_is_there(space: Space) -> None:
    (space.folder / "metadata.json").unlink()

    assert "tells no name (FileNotFoundError" in space.start()
    assert space.kernel_sees("QUARRY_ALIASES") == {"QUARRY_ALIASES": "fast,smart"}


def test_jupyter_ends_what_is_idle_and_keeps_its_users_other_settings(space: Space) -> None:
    path = jupyter(space)
    others = {"ServerApp": {"root_dir": "/x"}, "MappingKernelManager": {"cull_idle_timeout": 0, "x": [1]}}
    path.write_text(json.dumps(others))
    path.chmod(0o600)

    assert "culling: after 60 idle minutes\n" in space.start()

    assert json.loads(path.read_text()) == {
        "ServerApp": {"root_dir": "/x"},
        "MappingKernelManager": {
            "cull_idle_timeout": 3600,
            "cull_connected": True,
            "cull_busy": False,
            "cull_interval": 300,
            "x": [1],
        },
        "TerminalManager": {"cull_inactive_timeout": 3600, "cull_interval": 300},
    }
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"", "Expecting value"),
        (b"\xff", "can't decode"),
        *(
            (each, "does not hold objects")
            for each in (b"[]", b'{"MappingKernelManager": 1}', b'{"TerminalManager": 0}')
        ),
    ],
)
def test_settings_of_jupyter_that_cannot_be_used_are_kept_aside_and_told(
    space: Space, broken: bytes, reason: str
) -> None:
    path = jupyter(space)
    path.write_bytes(broken)

    log = space.start()

    (aside,) = path.parent.glob("*.broken-*")
    assert aside.read_bytes() == broken
    assert "could not be used (" in log
    assert reason in log
    assert f"is kept as {aside.name}" in log
    assert json.loads(path.read_text())["MappingKernelManager"]["cull_connected"] is True


def test_a_shells_own_files_stay_and_are_added_to_once(space: Space) -> None:
    (space.home / ".bash_profile").write_bytes(b"export OWN=\xff\xfe # no line end")

    space.start()
    space.start()

    profile = (space.home / ".bash_profile").read_bytes()
    assert profile.startswith(b"export OWN=\xff\xfe # no line end\n")
    assert profile.count(b"environment.sh ]") == 1
    assert space.terminal_sees("QUARRY_ALIASES", "-l") == "fast,smart"
    # bash would read the first that there is, and so no longer the participant's.
    assert not (space.home / ".profile").exists()


SIZE = 256 * 1024


def full_disk(space: Space) -> Iterator[dict[str, int]]:
    """Have the home on a disk of its own, full to the last byte; where that may not be, let no file be written."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", space.home], capture_output=True
    ).returncode
    if mounted != 0:
        yield {"file_bytes": 0}
        return
    try:
        yield {}
    finally:
        subprocess.run(["umount", "--lazy", space.home], check=True)


@pytest.fixture
def disk(space: Space, bucket: Path) -> Iterator[dict[str, int]]:
    yield from full_disk(space)


@pytest.mark.parametrize("cloning", [False, True])
def test_a_full_disk_stops_nothing_and_breaks_no_file(
    space: Space, bucket: Path, disk: dict[str, int], cloning: bool
) -> None:
    own = {".bashrc": b"# own\n", ".profile": b"# own\n", ".jupyter/jupyter_server_config.json": b'{"own": 1}'}
    jupyter(space)
    for name, content in own.items():
        (space.home / name).write_bytes(content)
    if cloning:
        space.values["git_repository"] = "https://127.0.0.1:9/class.git"
    fill = space.home / "fill"
    if not disk:
        with pytest.raises(OSError, match="No space left"):
            fill.write_bytes(bytes(SIZE))

    log = space.start(**disk)

    reason = "File too large" if disk else "No space left on device"
    assert [line.count("FAILED") for line in log.splitlines() if "FAILED" in line] == [1, 1, 1]
    assert log.count(reason) >= 2
    fill.unlink(missing_ok=True)
    assert everything(space.home) == own

    space.values["git_repository"] = None
    assert "FAILED" not in space.start()
    assert json.loads((space.home / ".jupyter" / "jupyter_server_config.json").read_text())["own"] == 1
    assert (space.home / "notebooks" / "01.ipynb").read_bytes() == b"one"


def test_modules_in_the_home_folder_are_not_imported(space: Space, bucket: Path) -> None:
    (space.home / "json.py").write_text("raise SystemExit('mine')")

    assert "notebooks: 3 written" in space.start()
