"""The app that the CDK CLI runs."""

import pytest

import app
from tests.varying import Vary


def test_a_studio_that_cannot_be_deployed_is_told(
    vary: Vary, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "load", lambda _: vary(studio={"participants": 2}))

    assert app.main() == 2

    assert "Studio cannot be deployed yet" in capsys.readouterr().err
