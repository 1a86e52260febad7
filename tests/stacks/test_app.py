"""The app that the CDK CLI runs."""

from pathlib import Path

import pytest

import app
from tests.templates import new_app
from tests.varying import Vary


def test_an_environment_that_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main() == 2

    assert "no environment given" in capsys.readouterr().err


def test_a_studio_is_made_for_an_environment_that_has_the_section(
    vary: Vary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(app, "App", lambda: new_app(str(tmp_path)))
    monkeypatch.setattr(app, "load", lambda _: vary(studio={"participants": 1}, knowledge=None))

    assert app.main() == 0

    assert (tmp_path / "Studio.template.json").exists()


def test_prompts_are_not_published_where_the_region_has_no_prompt_management(
    vary: Vary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models = {
        "aliases": {
            "fast": ["anthropic.claude-haiku-4-5-20251001-v1:0"],
            "smart": ["anthropic.claude-haiku-4-5-20251001-v1:0"],
        }
    }
    monkeypatch.setattr(app, "App", lambda: new_app(str(tmp_path)))
    monkeypatch.setattr(app, "load", lambda _: vary(region="us-west-1", models=models, knowledge=None))

    assert app.main() == 0

    made = {path.name.removesuffix(".template.json") for path in tmp_path.glob("*.template.json")}
    assert "Inference" in made
    assert "Prompts" not in made
