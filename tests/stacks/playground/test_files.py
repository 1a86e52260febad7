"""The playground's files: ours and npm's under one version, which changes with any of them."""

import json
import shutil
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from stacks.playground import files
from stacks.playground.files import LIBRARIES, MissingLibraryError, gather


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a page and a module of its own, and libraries of a line each."""
    (tmp_path / "playground").mkdir()
    (tmp_path / "playground" / "index.html").write_text('<script src="playground/VERSION/app.js">', encoding="utf-8")
    (tmp_path / "playground" / "app.js").write_text("const VERSION = 1", encoding="utf-8")
    (tmp_path / "playground" / "notes.md").write_text("not served", encoding="utf-8")
    packages = {f"node_modules/{of[0]}": {"integrity": f"sha512-{of[0]}"} for of in LIBRARIES.values()}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}), encoding="utf-8")
    for package, *parts in LIBRARIES.values():
        for part in parts:
            path = tmp_path / "node_modules" / package / part
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{package} {part}\n", encoding="utf-8")
    return tmp_path


def test_the_page_names_the_version_under_which_the_rest_lies(project: Path) -> None:
    found = gather(project=project)

    assert found.page.read_text("utf-8") == f'<script src="playground/{found.version}/app.js">'
    assert set(found.others) == {"app.js", *LIBRARIES}
    assert found.others["app.js"].read_text("utf-8") == "const VERSION = 1"
    assert found.others["marked.js"].read_text("utf-8") == "marked lib/marked.esm.js\n"
    assert found.others["oat.css"].read_text("utf-8").startswith("@knadh/oat css/00-base.css\n")


def test_any_change_is_another_version(project: Path) -> None:
    before = gather(project=project).version
    (project / "playground" / "app.js").write_text("2", encoding="utf-8")
    changed = gather(project=project).version
    lock = json.loads((project / "package-lock.json").read_text("utf-8"))
    lock["packages"]["node_modules/marked"]["integrity"] = "sha512-another"
    (project / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")

    assert len({before, changed, gather(project=project).version}) == 3


def test_where_nothing_is_bundled_names_stand_for_libraries(project: Path) -> None:
    shutil.rmtree(project / "node_modules")

    found = gather(libraries=False, project=project)

    assert {name: found.others[name].read_text("utf-8") for name in LIBRARIES} == {name: name for name in LIBRARIES}
    assert found.version == files.version(project)


def test_a_library_that_is_not_installed_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(project / "node_modules" / "marked")
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(MissingLibraryError, match=r"needs marked from npm.*make install.*playground: false"):
        gather(project=project)

    assert list((project / ".cache" / "playground").iterdir()) == []


def test_libraries_may_lie_beside_the_cdk_cli(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "node_modules").rename(project / "elsewhere")
    monkeypatch.setattr(shutil, "which", lambda _: str(project / "elsewhere" / ".bin" / "cdk"))

    assert gather(project=project).others["marked.js"].stat().st_size > 0


def test_our_own_files_are_few_and_short() -> None:
    own = {
        path.name: len(path.read_text("utf-8").splitlines())
        for path in (PROJECT / "playground").iterdir()
        if path.suffix in files.TYPES
    }

    assert sum(own.values()) <= 2500
    assert max(own.values()) < 300


def test_nothing_of_ours_is_inline_or_elsewhere() -> None:
    for path in (PROJECT / "playground").iterdir():
        text = path.read_text("utf-8")
        assert "https://" not in text.replace("/^(https?|mailto):/i", ""), path.name
        assert " style=" not in text, path.name
        assert "eval(" not in text, path.name
    page = (PROJECT / "playground" / "index.html").read_text("utf-8")
    assert "<style" not in page
    assert page.count("<script") == page.count('<script type="module" src=')
