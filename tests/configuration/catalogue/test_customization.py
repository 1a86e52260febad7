"""From customization.yaml to customization.json: what is refused, and in which words."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from configuration.catalogue import compile as compiler
from lambdas.catalogue import compiled, customization
from lambdas.catalogue.customization import Customization

TEXT = (compiler.FOLDER / "customization.yaml").read_text(encoding="utf-8")
MICRO = "amazon.nova-micro-v1:0:128k"
DOCUMENT = msgspec.json.encode(compiler.read(TEXT, shown="customization.yaml"))
GONE = object()


def problem(path: str, value: Any) -> str:
    """What is said of the file after a change: a path of keys with / between, a new value or GONE."""
    document = msgspec.json.decode(DOCUMENT)
    *steps, last = path.split("/")
    place: Any = document
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    with pytest.raises(compiler.CatalogueError) as refused:
        compiler.parse_customization(yaml.dump(document, Dumper=yaml.CSafeDumper), catalogue=compiled.load())
    return "\n".join(refused.value.problems)


def test_the_generated_file_is_current() -> None:
    assert customization.PATH.read_bytes() == compiler.compiled_customization(), "run `make catalogue`"


def test_what_is_loaded_is_what_was_compiled() -> None:
    assert customization.load() == compiler.parse_customization(TEXT, catalogue=compiled.load())


def test_the_command_writes_both_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiler, "PATH", tmp_path / "catalogue.json")
    monkeypatch.setattr(customization, "PATH", tmp_path / "customization.json")

    assert compiler.main() == 0
    written = (tmp_path / "customization.json").read_bytes()
    assert msgspec.json.decode(written, type=Customization) == customization.load()


MODEL = "models/0"
TUNING = f"{MODEL}/methods/fine_tuning"
EPOCHS = f"{TUNING}/hyperparameters/epochCount"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (f"{MODEL}/colour", "red", f"customization.yaml: models[{MICRO}]: Object contains unknown field `colour`"),
        (f"{TUNING}/source", GONE, "Object missing required field `source`"),
        (f"{TUNING}/format", "poem", "Invalid enum value 'poem'"),
        (f"{TUNING}/limits/records", [8], "length 2"),
        (f"{MODEL}/regions", [], "length >= 1"),
        ("sources/price-list", GONE, f"{MICRO}: source [price-list] is not explained under sources"),
        (f"{MODEL}/id", "amazon.nova-micro:1", "expected an id that begins with amazon.nova-micro-v1:0:"),
        ("models/1/id", MICRO, f"{MICRO}: there 2 times; keep one"),
        (f"{MODEL}/model", "amazon.nova-micro-v2:0", "customization_id of amazon.nova-micro-v1:0"),
        (f"{MODEL}/hosting", {}, "neither on_demand nor provisioned"),
        (f"{MODEL}/hosting/provisioned/unpriced", GONE, "give a price, or the reason why there is none"),
        (f"{MODEL}/hosting/provisioned/ids", ["amazon.nova-lite-v1:0:24k"], "is not amazon.nova-micro-v1:0's"),
        (f"{TUNING}/training", GONE, "either training has a price or unpriced says why not"),
        (f"{TUNING}/unpriced", "why?", "either training has a price or unpriced says why not"),
        (f"{TUNING}/limits/records", [9, 8], "limits.records: 9 is more than 8"),
        (f"{TUNING}/limits/advised_why", GONE, "advised_records and advised_why come together"),
        (f"{TUNING}/media", {"images": 1}, "media: images without image_formats"),
        (f"{EPOCHS}/words", ["one"], "words are for kind word, and only for it"),
        (f"{EPOCHS}/minimum", 6, "the range 6 to 5 is empty"),
        (f"{EPOCHS}/default", 9, "default 9 is outside the range"),
        (f"{EPOCHS}/default", "two", "default is a word, and kind a number"),
        (f"{EPOCHS}/default", 1.5, "1.5 is no integer"),
        (
            "models/3/methods/reinforcement_fine_tuning/hyperparameters/reasoningEffort/default",
            "huge",
            "default huge is not one of its words",
        ),
    ],
)
def test_facts_that_contradict_each_other_are_told(path: str, value: object, told: str) -> None:
    assert told in problem(path, value)


def test_a_model_of_the_catalogue_that_is_tuned_says_so() -> None:
    found = problem("models/0/model", "amazon.titan-embed-text-v2:0")

    assert "amazon.titan-embed-text-v2:0 has no customization_id in models.yaml" in found
