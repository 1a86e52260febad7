"""The layer with the prompts, as the function finds it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lambdas.prompts import definition
from tests.lambdas.prompts.examples import TOOLS, TRANSLATION


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    definition.load.cache_clear()
    yield
    definition.load.cache_clear()


def test_the_prompts_are_found_wherever_the_layer_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / definition.PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    (package / definition.FILE).write_bytes(msgspec.json.encode([TOOLS, TRANSLATION]))
    monkeypatch.syspath_prepend(tmp_path)

    assert definition.load() == {"weather": TOOLS, "translation": TRANSLATION}


def test_a_function_without_the_layer_says_so() -> None:
    with pytest.raises(definition.PromptsMissingError, match="layer"):
        definition.load()


def test_a_file_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        definition.decode(b'[{"colour": "red"}]')
