"""Changing single facts of the YAML files: the facts change, the rest of the text does not."""

import difflib
import json
from datetime import date
from functools import cache

import msgspec
import pytest

from configuration.catalogue import compile as compiler
from lambdas.catalogue.facts import Catalogue, FoundationModel, InferenceProfile, Price, Route
from lambdas.catalogue.models import catalogue, find
from lambdas.catalogue.prices import of_model
from quarry.models.catalogue_patch import PatchError, patch_models, patch_prices

MODELS = (compiler.FOLDER / "models.yaml").read_text(encoding="utf-8")
PRICES = (compiler.FOLDER / "prices.yaml").read_text(encoding="utf-8")
MICRO = "amazon.nova-micro-v1:0"
NOVA_2 = "amazon.nova-2-lite-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
TODAY = date(2027, 1, 2)
ROUTE = Route(sources=("eu-west-1",), destinations=("eu-west-1", "eu-west-3"))

replace = msgspec.structs.replace


@cache
def parsed(models: str, prices: str = PRICES) -> Catalogue:
    return compiler.parse(models, prices)


def patched(*models: FoundationModel) -> tuple[dict[str, FoundationModel], list[str]]:
    """Return all models as the patched text has them, and the lines that were taken away or added."""
    text = patch_models(MODELS, {model.model_id: model for model in models}, today=TODAY)
    return {model.model_id: model for model in parsed(text).models}, changed_lines(MODELS, text)


def changed_lines(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    # Without the heuristics, whose results depend on how often a line stands in the file.
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    lines = [
        line
        for kind, begin, end, new_begin, new_end in changes
        if kind != "equal"
        for line in [*(f"-{one}" for one in old[begin:end]), *(f"+{one}" for one in new[new_begin:new_end])]
    ]
    return [line.replace("  ", "") for line in lines]


def checked(model: FoundationModel) -> FoundationModel:
    return replace(
        model,
        availability=replace(model.availability, checked=TODAY),
        lifecycle=replace(model.lifecycle, checked=TODAY),
    )


def with_profiles(model: FoundationModel, *profiles: InferenceProfile, in_region: tuple[str, ...]) -> FoundationModel:
    types = ("ON_DEMAND",) * bool(in_region) + ("INFERENCE_PROFILE",) * bool(profiles)
    availability = replace(model.availability, profiles=profiles, in_region=in_region, inference_types=types)
    return replace(model, availability=availability)


def profile(model_id: str, scope: str, *routes: Route) -> InferenceProfile:
    return msgspec.convert(
        {"id": f"{scope}.{model_id}", "scope": scope, "routes": msgspec.to_builtins(routes)}, InferenceProfile
    )


def ending(model: FoundationModel) -> FoundationModel:
    return replace(model, lifecycle=replace(model.lifecycle, legacy=date(2027, 1, 1), end_of_life=date(2027, 7, 1)))


def test_both_files_are_written_back_byte_for_byte() -> None:
    assert patch_models(MODELS, {}, today=TODAY) == MODELS
    assert patch_prices(PRICES, {}, today=TODAY) == PRICES


def test_models_that_did_not_change_get_their_date_and_nothing_else() -> None:
    found, lines = patched(*catalogue().values())

    assert found == {model_id: checked(model) for model_id, model in catalogue().items()}
    assert all("checked: 20" in line for line in lines)
    assert len(lines) == 4 * len(catalogue())


def test_an_end_of_life() -> None:
    found, lines = patched(*map(ending, catalogue().values()))

    assert found == {model_id: checked(ending(model)) for model_id, model in catalogue().items()}
    assert len(lines) == 4 * len(catalogue())
    told = [line for line in lines if "legacy: 2027-01-01, end_of_life: 2027-07-01" in line]
    assert len(told) == len(catalogue())


# One with anchors to which others point, and one that points to others'.
@pytest.mark.parametrize("model_id", [MICRO, "anthropic.claude-sonnet-5-5"])
def test_the_other_models_stay_as_they_are(model_id: str) -> None:
    found, lines = patched(ending(find(model_id)))

    assert found == {**catalogue(), model_id: checked(ending(find(model_id)))}
    assert len(lines) == 4


def test_a_text_in_which_models_have_no_lines_of_their_own_is_patched_too() -> None:
    flow = "models: [{id: other}, " + json.dumps(facts(MODELS, MICRO), default=str) + "]\n"

    text = patch_models(flow, {MICRO: ending(find(MICRO))}, today=TODAY)

    assert compiler.read(text, shown="")["models"][0] == {"id": "other"}
    assert facts(text, MICRO)["lifecycle"]["end_of_life"] == date(2027, 7, 1)


@pytest.mark.parametrize(
    "model",
    [
        with_profiles(find(MICRO), *find(MICRO).profiles, in_region=("us-east-1",)),
        with_profiles(find(MICRO), *find(MICRO).profiles, in_region=()),
        with_profiles(find(MICRO), *find(MICRO).profiles[1:], in_region=("us-east-1",)),
        with_profiles(find(MICRO), *find(MICRO).profiles[:-1], in_region=("us-east-1",)),
        with_profiles(find(MICRO), profile(MICRO, "eu", ROUTE), *find(MICRO).profiles[:1], in_region=("us-east-1",)),
        with_profiles(find(MICRO), *find(MICRO).profiles, profile(MICRO, "ca", Route(("ca-west-1",), ("ca-west-1",))),
                      in_region=("us-east-1",)),
        with_profiles(find(HAIKU), profile(HAIKU, "eu", ROUTE, Route(("eu-west-2",), ("eu-west-2",))), in_region=()),
        with_profiles(find(HAIKU), profile(HAIKU, "global", Route(("eu-west-1",), ("*",))), in_region=()),
        with_profiles(find(HAIKU), in_region=("eu-west-1",)),
    ],
    ids=["fewer regions", "no regions", "first gone", "last gone", "rerouted", "one more", "inline", "global", "none"],
)  # fmt: skip
def test_other_regions_and_profiles(model: FoundationModel) -> None:
    text = patch_models(alone(model.model_id), {model.model_id: model}, today=TODAY)

    # Prices belong to how a model is called, so a file that lost a way of calling is not whole; its facts are compared.
    found = facts(text, model.model_id)
    assert msgspec.convert(found["availability"]["profiles"], tuple[InferenceProfile, ...]) == model.profiles
    assert tuple(found["availability"].get("in_region", ())) == model.in_region
    assert tuple(found["availability"]["inference_types"]) == model.availability.inference_types


def alone(model_id: str) -> str:
    """Return models.yaml with this model only, which takes a fraction of the time to be read."""
    begin, entries = MODELS.split("\nmodels:\n")
    (entry,) = [one for one in entries.split("\n\n") if one.startswith(f"  - id: {model_id}\n")]
    return f"{begin}\nmodels:\n{entry}\n"


def facts(text: str, model_id: str) -> dict[str, dict[str, list[str]]]:
    document = compiler.read(text, shown="models.yaml")
    return next(entry for entry in document["models"] if entry["id"] == model_id)


def test_regions_and_profiles_where_there_were_none() -> None:
    titan = with_profiles(find(TITAN), profile(TITAN, "eu", ROUTE), in_region=find(TITAN).in_region)
    nova_2 = with_profiles(find(NOVA_2), *find(NOVA_2).profiles, in_region=("us-east-1",))

    text = patch_models(MODELS, {TITAN: titan, NOVA_2: nova_2}, today=TODAY)

    added = facts(text, TITAN)["availability"]["profiles"]
    assert msgspec.convert(added, tuple[InferenceProfile, ...]) == titan.profiles
    assert facts(text, NOVA_2)["availability"]["in_region"] == ["us-east-1"]
    assert len(changed_lines(MODELS, text)) == 15


def test_comments_and_unchanged_profiles_keep_their_text() -> None:
    model = find("anthropic.claude-sonnet-5")
    fewer = with_profiles(model, *model.profiles[1:], in_region=())

    text = patch_models(MODELS, {model.model_id: fewer}, today=TODAY)

    assert [line for line in MODELS.splitlines() if "#" in line] == [line for line in text.splitlines() if "#" in line]
    assert "- {id: eu.anthropic.claude-sonnet-5, scope: eu, routes: *eu}" in text
    assert "id: us.anthropic.claude-sonnet-5," not in text


def test_a_price() -> None:
    prices = of_model(HAIKU)
    assert prices is not None
    cheaper = replace(prices, global_=Price(input=0.9, output=4.5, cache_read=0.1, cache_write=1.25))

    text = patch_prices(PRICES, {HAIKU: cheaper}, today=TODAY)

    assert parsed(MODELS, text).prices[HAIKU] == replace(cheaper, checked=TODAY)
    assert len(changed_lines(PRICES, text)) == 4


def test_a_price_that_others_point_to_by_an_alias() -> None:
    prices = of_model(MICRO)
    assert prices is not None
    cheaper = replace(prices, in_region=Price(input=0.03, output=0.14))

    text = patch_prices(PRICES, {MICRO: cheaper}, today=TODAY)

    found = parsed(MODELS, text).prices[MICRO]
    assert found.in_region == cheaper.in_region
    assert found.geography == prices.geography


def test_a_price_that_is_an_alias_itself() -> None:
    prices = of_model(MICRO)
    assert prices is not None
    dearer = replace(prices, geography=Price(input=0.04, output=0.15))

    found = parsed(MODELS, patch_prices(PRICES, {MICRO: dearer}, today=TODAY)).prices[MICRO]

    assert (found.in_region, found.geography) == (prices.in_region, dearer.geography)


def test_prices_that_change_alike_go_on_sharing_their_text() -> None:
    prices = of_model(MICRO)
    assert prices is not None
    both = Price(input=1, output=0.15)

    text = patch_prices(PRICES, {MICRO: replace(prices, in_region=both, geography=both)}, today=TODAY)

    assert "    in_region: &nova_micro {input: 1, output: 0.15}\n    geography: *nova_micro\n" in text
    assert len(changed_lines(PRICES, text)) == 4


@pytest.mark.parametrize("text", ["models: [", "a: 1\na: 2", "models: 3"])
def test_a_text_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(PatchError):
        patch_models(text, {MICRO: find(MICRO)}, today=TODAY)


@pytest.mark.parametrize(
    "text",
    ["", "- a", "models: []", "models:\n  - {name: x}", "other: 1", "models:\n  - {id: other}", "models:\n  - a"],
)
def test_a_text_that_has_not_the_model_is_refused(text: str) -> None:
    with pytest.raises(PatchError, match="not in the file"):
        patch_models(text, {MICRO: find(MICRO)}, today=TODAY)
