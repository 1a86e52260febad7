"""What is kept is found again for the same project and arguments, and for no others."""

from pathlib import Path

import pytest

from configuration.environment_file import PROJECT as OURS
from stacks.components import function_code
from tests import kept

# A project in small: what the stacks import is imported in a function, by a package, and through a module between.
PROJECT = {
    "cdk.json": "{}",
    "playground/page.html": "<p>",
    "environments/dev.yaml": "name: dev",
    "configuration/config.py": "import lambdas.catalogue.facts as facts",
    "stacks/platform.py": "def stack():\n    from lambdas.api import settings\n",
    "lambdas/__init__.py": "",
    "lambdas/api/__init__.py": "",
    "lambdas/api/settings.py": "from lambdas.common.names import PREFIX",
    "lambdas/api/handler.py": "import json",
    "lambdas/common/names.py": "PREFIX = 'q'",
    "lambdas/catalogue/facts.py": "",
    "lambdas/catalogue/catalogue.json": "{}",
    "tests/kept.py": "",
    "tests/names.py": "",
    "tests/other.py": "",
    "tests/test_stack.py": "from tests.names import NAME",
    "docs/guide.md": "",
    "README.md": "",
    "sandbox/server.py": "",
    ".cache/kept.json": "{}",
    "stacks/__pycache__/platform.pyc": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def state(project: Path) -> str:
    return kept.state(kept.files(project / "tests" / "test_stack.py", project), project)


@pytest.mark.parametrize(
    "name",
    [
        "cdk.json",
        "playground/page.html",
        "playground/new.html",
        "environments/dev.yaml",
        "configuration/config.py",
        "stacks/platform.py",
        "stacks/new.py",
        "lambdas/__init__.py",
        "lambdas/api/__init__.py",
        "lambdas/api/settings.py",
        "lambdas/common/names.py",
        "lambdas/common/__init__.py",
        "lambdas/catalogue/facts.py",
        "lambdas/catalogue/catalogue.json",
        "tests/test_stack.py",
        "tests/names.py",
        "tests/kept.py",
        "of-tomorrow/anything",
    ],
)
def test_what_a_template_is_made_of_changes_its_hash(project: Path, name: str) -> None:
    before = state(project)

    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("import lambdas  # changed", encoding="utf-8")

    assert state(project) != before


@pytest.mark.parametrize(
    "name",
    [
        "lambdas/api/handler.py",
        "lambdas/api/new.py",
        "tests/other.py",
        "docs/guide.md",
        "README.md",
        "sandbox/server.py",
        ".cache/kept.json",
        "stacks/__pycache__/platform.pyc",
    ],
)
def test_what_no_synthesis_reads_does_not(project: Path, name: str) -> None:
    before = state(project)

    (project / name).write_text("changed", encoding="utf-8")

    assert state(project) == before


def test_a_file_that_is_gone_or_may_be_run_changes_it(project: Path) -> None:
    before = state(project)
    (project / "stacks" / "platform.py").chmod(0o755)
    run = state(project)
    (project / "playground" / "page.html").unlink()

    assert len({before, run, state(project)}) == 3


def test_another_package_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(project)
    monkeypatch.setattr(kept, "_packages", lambda: ["aws_cdk_lib-3.0.0.dist-info"])

    assert state(project) != before
    monkeypatch.undo()
    assert any(name.startswith("aws_cdk_lib-") for name in kept._packages())


made: list[object] = []


@kept.kept
def told(*names: str, checked: bool = False) -> kept.Made:
    made.append((names, checked))
    return {"names": list(names), "checked": checked, "code": function_code._fingerprint("arm64")}


@kept.kept
def reads_what_is_not_in_the_hash() -> kept.Made:
    return {"text": (OURS / "docs" / "cost.md").read_text(encoding="utf-8")}


def test_the_same_arguments_find_what_was_made_and_others_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    made.clear()

    answers = [told("a"), told("a"), told("a", checked=True), told("a", "b"), told("ab")]

    assert made == [(("a",), False), (("a",), True), (("a", "b"), False), (("ab",), False)]
    assert answers[0] == answers[1] == {"names": ["a"], "checked": False, "code": "of arm64"}
    assert len(list(tmp_path.glob("*/*.json"))) == 4
    assert not list(tmp_path.glob("*/*.part"))


def test_what_says_not_all_that_it_is_is_no_argument() -> None:
    with pytest.raises(AssertionError, match="says not all that it is"):
        told(object())  # type: ignore[arg-type]


def test_a_closure_is_not_kept() -> None:
    held = "a"

    @kept.kept
    def holds() -> kept.Made:
        return {"held": held}

    with pytest.raises(AssertionError, match="closure"):
        holds()


def test_a_file_that_is_read_and_not_in_the_hash_is_an_error_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)

    with pytest.raises(AssertionError, match=r"not in the hash of what is kept: \['docs/cost\.md'\]"):
        reads_what_is_not_in_the_hash()

    assert list(tmp_path.iterdir()) == []


def test_byte_code_is_read_for_its_module(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "names.py").touch()
    code = tmp_path / "__pycache__" / "names.cpython-311.pyc"
    code.touch()

    with kept.watched(frozenset({tmp_path / "names.py"}), tmp_path):
        code.read_bytes()
    with pytest.raises(AssertionError, match="names"), kept.watched(frozenset(), tmp_path):
        code.read_bytes()


def test_states_of_long_ago_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    for number in range(kept.STATES):
        (tmp_path / f"of-{number}").mkdir()

    told("tidied")

    assert len(list(tmp_path.iterdir())) == kept.STATES


def test_of_code_that_is_built_its_place_is_told_and_not_its_hash() -> None:
    """Else templates that are kept would have the hash of yesterday's code."""
    asked: list[str] = []
    built = kept._of_any_content(lambda _source, **named: asked.append(named["fingerprint"]))

    for source in (OURS / "lambdas", OURS / "lambdas", OURS / "lambdas" / "tuning"):
        built(source, fingerprint=f"of {len(asked)}", build=lambda: OURS)

    assert asked[0] == asked[1] != asked[2]
