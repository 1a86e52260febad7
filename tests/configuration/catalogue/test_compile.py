"""From the two YAML files to catalogue.json: what is refused, and in which words."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from configuration.catalogue import compile as compiler
from lambdas.catalogue import compiled, customization
from lambdas.catalogue.facts import Catalogue

MODELS = (compiler.FOLDER / "models.yaml").read_text(encoding="utf-8")
PRICES = (compiler.FOLDER / "prices.yaml").read_text(encoding="utf-8")
MICRO = "amazon.nova-micro-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"

GONE = object()
DOCUMENTS = msgspec.json.encode([compiler.read(text, shown="text") for text in (MODELS, PRICES)])


def problems(*changes: tuple[str, Any]) -> list[str]:
    """Return what is said about the two files after changes: (path in them with / between, new value or GONE)."""
    models, prices = msgspec.json.decode(DOCUMENTS)
    for part in ("models", "retired"):
        models[part] = {entry["id"]: entry for entry in models[part]}
    for path, value in changes:
        file, *steps, last = path.split("/")
        place: Any = {"models.yaml": models, "prices.yaml": prices}[file]
        for step in steps:
            place = place[int(step) if isinstance(place, list) else step]
        if value is GONE:
            del place[last]
        elif isinstance(place, list):
            place.append(value)
        else:
            place[last] = value
    for part in ("models", "retired"):
        models[part] = list(models[part].values())
    with pytest.raises(compiler.CatalogueError) as refused:
        compiler.of_documents(models, prices)
    return refused.value.problems


def test_the_generated_file_is_current() -> None:
    assert compiled.PATH.read_bytes() == compiler.compiled(), "run `make catalogue`"


def test_what_is_loaded_is_what_was_compiled() -> None:
    assert compiled.load() == compiler.parse(MODELS, PRICES)


def test_loading_needs_no_yaml() -> None:
    code = "import sys, lambdas.catalogue.models as m; m.find(sys.argv[1]); sys.exit('yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-W", "error", "-c", code, HAIKU]).returncode == 0


def test_the_command_writes_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiler, "PATH", tmp_path / "catalogue.json")
    monkeypatch.setattr(customization, "PATH", tmp_path / "customization.json")

    assert compiler.main() == 0
    written = (tmp_path / "catalogue.json").read_bytes()
    assert msgspec.json.decode(written, type=Catalogue) == compiled.load()
    assert len(written.splitlines()) > len(compiled.load().models)


def test_the_command_says_what_is_wrong_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models.yaml").write_text(MODELS.replace("kind: chat", "kind: poem", 1), encoding="utf-8")
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    monkeypatch.setattr(compiler, "FOLDER", tmp_path)
    monkeypatch.setattr(compiler, "PATH", tmp_path / "catalogue.json")

    assert compiler.main() == 1
    assert capsys.readouterr().err == f"models[{MICRO}].kind: Invalid enum value 'poem'\n"
    assert not (tmp_path / "catalogue.json").exists()


M, P, R = f"models.yaml/models/{MICRO}", "prices.yaml/prices", "models.yaml/retired"
HAIKU_MODEL, TITAN_MODEL = f"models.yaml/models/{HAIKU}", f"models.yaml/models/{TITAN}"
PROFILES = f"{M}/availability/profiles"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (f"{M}/colour", "red", f"models[{MICRO}]: Object contains unknown field `colour`"),
        (f"{M}/name", GONE, f"models[{MICRO}]: Object missing required field `name`"),
        (f"{M}/lifecycle/source", GONE, "Object missing required field `source`"),
        (f"{M}/lifecycle/source", "", "Expected `str` of length >= 1"),
        (f"{M}/lifecycle/checked", "soon", "Invalid RFC3339"),
        (f"{M}/availability/in_region", ["Virginia"], "in_region[0]: Expected `str`"),
        (f"{M}/capabilities/context_tokens", 0, "Expected `int` >= 1"),
        (f"{M}/capabilities/context_tokens", "128k", "got `str`"),
        (f"{PROFILES}/0/scope", "mars", "Invalid enum value 'mars'"),
        (f"{PROFILES}/0/routes", [], "length >= 1"),
        (f"{P}/{MICRO}/in_region/input", -1, "Expected `float` >= 0.0"),
        (f"{P}/{MICRO}/in_region/inputs", 1, "unknown field `inputs`"),
        (f"{R}/anthropic.claude-v2/end_of_life", None, "Expected `date`, got `null`"),
        ("models.yaml/modles", [], "models.yaml: unknown key 'modles'"),
    ],
)
def test_a_wrong_type_is_told_with_its_place(path: str, value: object, line: str) -> None:
    (told,) = problems((path, value))

    assert line in told


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            f"{PROFILES}/0/id",
            "us.amazon.nova-lite-v1:0",
            f"{MICRO}: profile us.amazon.nova-lite-v1:0: expected us.{MICRO}",
        ),
        (
            f"{PROFILES}/0/routes/0/destinations",
            ["eu-west-1"],
            f"{MICRO}: profile us.{MICRO}: region eu-west-1 is not in us",
        ),
        (
            f"{PROFILES}/0/routes/0/destinations",
            ["*"],
            f"{MICRO}: profile us.{MICRO}: a global profile's destinations are [\"*\"], and no other's",
        ),
        (
            f"{HAIKU_MODEL}/availability/profiles/5/routes/0/destinations",
            ["eu-west-1"],
            f"{HAIKU}: profile global.{HAIKU}: a global profile's destinations are [\"*\"], and no other's",
        ),
        (
            f"{PROFILES}/0/routes/+",
            {"sources": ["us-east-1"], "destinations": ["us-east-1"]},
            f"{MICRO}: profile us.{MICRO}: source region us-east-1 has 2 routes",
        ),
        (
            f"{PROFILES}/+",
            {
                "id": f"us.{MICRO}",
                "scope": "us",
                "routes": [{"sources": ["us-west-1"], "destinations": ["us-west-1"]}],
            },
            f"{MICRO}: profile us.{MICRO} is there 2 times",
        ),
        (f"{M}/availability/in_region/+", "us-east-1", f"{MICRO}: in_region names a region twice"),
        (
            f"{M}/availability/inference_types",
            ["INFERENCE_PROFILE"],
            f"{MICRO}: inference_types has ON_DEMAND exactly if in_region has regions",
        ),
        (
            f"{TITAN_MODEL}/availability/inference_types",
            ["ON_DEMAND", "INFERENCE_PROFILE"],
            f"{TITAN}: inference_types has INFERENCE_PROFILE exactly if there are profiles",
        ),
        (
            f"{M}/lifecycle/legacy",
            "2020-01-01",
            f"{MICRO}: lifecycle: launched, legacy, end_of_life are not in this order",
        ),
        (f"{M}/capabilities/max_output_tokens", 200_000, f"{MICRO}: max_output_tokens exceeds context_tokens"),
        (
            f"{M}/capabilities/max_output_tokens",
            None,
            f"{MICRO}: a chat model needs context_tokens and max_output_tokens",
        ),
        (f"{M}/parameters", GONE, f"{MICRO}: chat models, and only they, have features and parameters"),
        (f"{M}/quota", GONE, f"{MICRO}: chat models, and only they, have a quota"),
        (
            f"{P}/{MICRO}/geography/long_prompt",
            {"over_tokens": 100_000, "input": 0.01, "output": 0.2},
            f"{MICRO}: prices.yaml: geography: a long prompt is cheaper than a short one",
        ),
        (f"{TITAN_MODEL}/capabilities/dimensions", [], f"{TITAN}: embedding models, and only they, have dimensions"),
        (
            f"{TITAN_MODEL}/capabilities/vector_types",
            [],
            f"{TITAN}: vector_types and chunk_tokens come together",
        ),
        (
            "models.yaml/models/cohere.rerank-v3-5:0/capabilities/vector_types",
            ["FLOAT32"],
            "cohere.rerank-v3-5:0: embedding models, and only they, have vector_types",
        ),
        (
            f"{TITAN_MODEL}/capabilities/output_modalities",
            ["TEXT"],
            f"{TITAN}: embedding models, and only they, put out EMBEDDING",
        ),
        (
            f"{M}/capabilities/features/images",
            True,
            f"{MICRO}: features.images and input_modalities contradict each other",
        ),
        (f"{M}/parameters/rules/top_p/maximum", 0, f"{MICRO}: parameters: top_p has an empty range"),
        (
            f"{HAIKU_MODEL}/parameters/rules/exclusive",
            [["temperature", "warmth"]],
            f"{HAIKU}: parameters: exclusive group ['temperature', 'warmth']: expected two or more of",
        ),
        (
            f"{HAIKU_MODEL}/access/anthropic_form",
            False,
            f"{HAIKU}: anthropic_form is true exactly for Anthropic's models",
        ),
        (f"{M}/access/source", "[rumour]", f"{MICRO}: source [rumour] is not explained under sources"),
        (f"{HAIKU_MODEL}/id", MICRO, f"{MICRO}: there 2 times; keep one"),
        (f"{R}/anthropic.claude-v2/id", MICRO, f"{MICRO}: there 2 times; keep one"),
        (
            f"{R}/anthropic.claude-v2/replacement",
            "anthropic.claude-v2:1",
            "retired: anthropic.claude-v2: its replacement anthropic.claude-v2:1 is not in models.yaml",
        ),
        (f"{P}/{MICRO}", GONE, f"{MICRO}: no entry in prices.yaml"),
        (
            f"{P}/other",
            {"source": "x", "checked": "2026-01-01"},
            "prices.yaml: other: no such model in models.yaml",
        ),
        (
            f"{P}/{MICRO}/geography",
            GONE,
            f"{MICRO}: prices.yaml: geography: it can be called so; give a price, or the reason under unknown",
        ),
        (
            f"{P}/{MICRO}/global",
            {"input": 1, "output": 1},
            f"{MICRO}: prices.yaml: global: it cannot be called so",
        ),
        (f"{P}/{MICRO}/unknown", {"global": "why?"}, f"{MICRO}: prices.yaml: global: it cannot be called so"),
        (
            f"{P}/{MICRO}/unknown",
            {"geography": "why?"},
            f"{MICRO}: prices.yaml: geography: both a price and a reason why there is none",
        ),
        (f"{P}/{MICRO}/geography/output", GONE, f"{MICRO}: prices.yaml: geography: no output"),
        (
            f"{P}/cohere.rerank-v3-5:0/in_region",
            {"input": 1},
            "cohere.rerank-v3-5:0: prices.yaml: in_region: no thousand_queries",
        ),
    ],
)
def test_facts_that_contradict_each_other_are_told(path: str, value: object, line: str) -> None:
    told = problems((path, value))

    assert any(problem.startswith(line) for problem in told), told


def test_all_contradictions_are_told_at_once() -> None:
    told = problems(
        (f"{M}/lifecycle/legacy", "2020-01-01"), (f"{HAIKU_MODEL}/access/anthropic_form", False), (f"{P}/{TITAN}", GONE)
    )

    assert len(told) == 3


@pytest.mark.parametrize(
    ("models", "prices", "line"),
    [
        ("", PRICES, "models.yaml: expected a mapping"),
        ("- a", PRICES, "models.yaml: expected a mapping"),
        ("{", PRICES, "models.yaml: not valid YAML: "),
        ("models: &a [*b]", PRICES, "models.yaml: not valid YAML: found undefined alias"),
        ("models: !!python/object:os.system []", PRICES, "models.yaml: not valid YAML: could not determine a"),
        (MODELS, "", "prices.yaml: expected a mapping"),
        (MODELS, PRICES + "more: 1\n", "prices.yaml: unknown key 'more'"),
        (MODELS, "prices: {}\nregion: us-east-1\nprices: {}", "prices.yaml: line 3: 'prices' is there twice"),
        (MODELS.replace("name: Nova Micro", "name: Nova Micro\n    name: Nova", 1), PRICES, "'name' is there twice"),
        ("models: []\nretired: []", PRICES, "no such model in models.yaml"),
        ("retired: []", PRICES, "models: Expected `array`, got `null`"),
    ],
)
def test_files_that_are_no_catalogue_are_refused(models: str, prices: str, line: str) -> None:
    with pytest.raises(compiler.CatalogueError, match=line.replace("`", ".")):
        compiler.parse(models, prices)
