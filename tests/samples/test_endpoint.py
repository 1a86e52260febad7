"""The notebooks' way to the endpoint: with a variable missing nobody is asked, and the error says what to do."""

import importlib.util
from types import ModuleType

import pytest

from tests.notebooks import FOLDER

URL = "http://localhost:8787/v1"


@pytest.fixture(scope="module")
def endpoint() -> ModuleType:
    """The module, which is beside the notebooks and in no package."""
    spec = importlib.util.spec_from_file_location("endpoint", FOLDER / "endpoint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "OPENAI_BASE_URL is not set, so it is not known whom to ask. As `quarry connect` prints"),
        ({"OPENAI_API_KEY": "qk-1"}, "OPENAI_BASE_URL is not set"),
        ({"OPENAI_BASE_URL": "http://localhost:8787", "OPENAI_API_KEY": "qk-1"}, "does not end in /v1"),
        ({"OPENAI_BASE_URL": URL}, "OPENAI_API_KEY is not set. As `quarry connect` prints"),
        ({"OPENAI_BASE_URL": URL, "OPENAI_API_KEY": ""}, "OPENAI_API_KEY is not set"),
        ({"QUARRY_BASE_URL": URL, "QUARRY_KEY_SECRET": "quarry/workshop/participants/ann"}, "restart the kernel"),
    ],
)
def test_what_is_missing_is_told_before_anybody_is_asked(
    endpoint: ModuleType, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], words: str
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "QUARRY_BASE_URL", "QUARRY_KEY_SECRET", "QUARRY_ALIASES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(endpoint.EndpointError, match=words):
        endpoint.connect()


def test_notebooks_show_the_sentence_alone(endpoint: ModuleType) -> None:
    assert endpoint.EndpointError("Do this.")._render_traceback_() == ["EndpointError: Do this."]
