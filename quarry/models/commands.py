"""``quarry models``: what the catalogue knows, and whether AWS still agrees."""

import difflib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import boto3
import msgspec
import typer

from configuration.catalogue import compile as compiler
from configuration.config import Config
from configuration.targets import ModelNotInRegionError, Target, resolve
from lambdas.catalogue import compiled, prices
from lambdas.catalogue.models import FoundationModel, catalogue, find
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.models import bedrock_offer, catalogue_patch, price_list, promoted
from quarry.models.catalogue_differences import Comparison, Difference, compare, compare_prices
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_table, print_text

app = typer.Typer(no_args_is_help=True, help="The catalogue of models: what there is, what it costs, what changed.")


@app.command("list")
def list_models(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """List the catalogue's models, and as what each can be called in the environment's region. Asks nobody.

    Prices are US dollars per million tokens (rerankers: per thousand queries) in us-east-1.

    Example: quarry models list --environment dev
    """
    config = environment(name)
    models = [_described(model, config) for model in catalogue().values()]
    if as_json:
        print_json([{key: entry[key] for key in _LISTED} for entry in models])
        return
    rows = [
        (
            entry["id"],
            entry["name"],
            entry["provider"],
            entry["kind"],
            entry["callable_id"] or "-",
            entry["end_of_life"] or "-",
            _dollars(entry["price"], "input"),
            _dollars(entry["price"], "output"),
        )
        for entry in models
    ]
    called = f"called in {config.region} ({config.models.residency}) as"
    print_table(("id", "name", "provider", "kind", called, "ends", "in", "out"), rows)


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL_OR_ALIAS", help="A model's id, or an alias.")],
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Show everything that is known of a model, or of all models behind an alias, with sources and dates.

    Where the environment tunes, AWS is asked whether a tuned model stands before the alias's own.

    Example: quarry models show fast --environment dev
    """
    config = environment(name)
    found = [_described(one, config) for one in _named(model, config)]
    if model in config.models.aliases and (promotion := promoted.promotion(model, config)):
        found.insert(0, _described(find(promotion.tuned.base), config) | promoted.described(promotion))
    if as_json:
        print_json(found)
        return
    for number, entry in enumerate(found):
        if number:
            print_text()
        print_text(entry["name"], style="bold")
        for key, value in _flat(entry.get("promoted", {})):
            print_text(f"  promoted.{key}: {value}")
        for key, value in _flat(entry["facts"]):
            print_text(f"  {key}: {value}")
        print_text(f"  called in {config.region} ({config.models.residency}) as: {entry['callable_id'] or '-'}")
        if entry["not_callable_because"]:
            print_text(f"  {entry['not_callable_because']}")
        for key, value in _flat(entry["prices"] or {}):
            print_text(f"  prices.{key}: {value}")
        for word, text in entry["sources"].items():
            print_text(f"  [{word}] {text}")


@app.command()
def refresh(
    name: Environment = DEFAULT_ENVIRONMENT,
    write: Annotated[bool, typer.Option("--write", help="Take over what can be taken over.")] = False,
    with_prices: Annotated[
        bool, typer.Option("--prices", help="Compare prices with AWS's Price List too (pricing:GetProducts).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the catalogue with what AWS offers in the environment's region, and show what would change.

    Exit code 0: they agree, or all differences were written. 1: there are differences that were not written.

    Example: quarry models refresh --environment dev
    """
    deployment = Deployment(environment(name))
    today = datetime.now(UTC).date()
    offer = bedrock_offer.read(deployment.client("bedrock"), region=deployment.config.region)
    facts = compiled.load()
    comparison = compare(facts, offer, today=today)
    if with_prices:
        listed = price_list.read(_pricing(deployment), facts.prices, region=facts.price_region)
        compare_prices(facts, listed, into=comparison)
    before, after = _texts(comparison, today=today)
    if write:
        _write(after)
    left = [difference for difference in comparison.differences if not (write and difference.writable)]
    if as_json:
        print_json({"written": write, "differences": [_shown(difference) for difference in comparison.differences]})
    else:
        _report(comparison, before, after, region=offer.region, written=write)
    if left:
        raise typer.Exit(1)


_LISTED = ("id", "name", "provider", "kind", "callable_id", "not_callable_because", "legacy", "end_of_life", "price")


def _named(model: str, config: Config) -> list[FoundationModel]:
    if model in config.models.aliases:
        return [target.model for target in config.targets(model)]
    try:
        return [find(model)]
    except ValueError as error:
        aliases = ", ".join(sorted(config.models.aliases))
        raise CommandError(f"{error}. {config.name} has the aliases {aliases}.", exit_code=2) from error


def _described(model: FoundationModel, config: Config) -> dict[str, Any]:
    target: Target | None = None
    reason = None
    try:
        target = resolve(model.model_id, region=config.region, residency=config.models.residency)
    except ModelNotInRegionError as error:
        reason = str(error)
    known = prices.of_model(model.model_id)
    price = prices.price(model.model_id, scope=target.price_scope) if target else None
    life = model.lifecycle
    return {
        "id": model.model_id,
        "name": model.name,
        "provider": model.provider,
        "kind": model.kind,
        "callable_id": target.callable_id if target else None,
        "not_callable_because": reason,
        "legacy": life.legacy.isoformat() if life.legacy else None,
        "end_of_life": life.end_of_life.isoformat() if life.end_of_life else None,
        "price": msgspec.to_builtins(price),
        "prices": msgspec.to_builtins(known),
        "facts": msgspec.to_builtins(model),
        "sources": {word: text for word, text in compiled.load().sources.items() if f"[{word}]" in str((model, known))},
    }


def _dollars(price: dict[str, float] | None, name: str) -> str:
    if price is None:
        return "-"
    value = price.get(name)
    if value is None and name == "input":
        value = price.get("thousand_queries")
    return "-" if value is None else f"{value:g}"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, value) for what nested mappings hold; lists of plain values are one value, a route is one line."""
    if isinstance(value, dict) and "routes" in value:
        for route in value["routes"]:
            yield f"{path}.{value['id']}", f"{', '.join(route['sources'])} -> {', '.join(route['destinations'])}"
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _flat(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(entry, dict) for entry in value):
        for entry in value:
            yield from _flat(entry, path)
    elif isinstance(value, list | tuple):
        yield path, ", ".join(" or ".join(entry) if isinstance(entry, tuple) else str(entry) for entry in value) or "-"
    else:
        yield path, "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _pricing(deployment: Deployment) -> Any:
    # The Price List answers in three regions only; us-east-1 is one of them.
    return boto3.client("pricing", region_name="us-east-1") if deployment.aws is None else deployment.client("pricing")


Texts = dict[str, str]


def _texts(comparison: Comparison, *, today: date) -> tuple[Texts, Texts]:
    """Return the two files' texts as they are and as they would be: name -> text."""
    before = {name: (compiler.FOLDER / name).read_text(encoding="utf-8") for name in ("models.yaml", "prices.yaml")}
    after = dict(before)
    try:
        if comparison.models:
            after["models.yaml"] = catalogue_patch.patch_models(after["models.yaml"], comparison.models, today=today)
        if comparison.prices:
            after["prices.yaml"] = catalogue_patch.patch_prices(after["prices.yaml"], comparison.prices, today=today)
    except catalogue_patch.PatchError as error:
        raise CommandError(
            f"The catalogue's files and catalogue.json differ ({error}). Run `make catalogue`."
        ) from error
    return before, after


def _write(texts: Texts) -> None:
    """Write the files and what is compiled from them, or, if they would contradict themselves, nothing."""
    try:
        generated = compiler.to_json(compiler.parse(texts["models.yaml"], texts["prices.yaml"]))
    except compiler.CatalogueError as error:
        raise CommandError(
            f"Nothing was written, because the catalogue would contradict itself; edit the files by hand:\n{error}"
        ) from error
    for name, text in texts.items():
        (compiler.FOLDER / name).write_text(text, encoding="utf-8")
    Path(compiled.PATH).write_bytes(generated)


def _shown(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind,
        "model": difference.model_id,
        "fact": difference.fact,
        "catalogue": difference.ours,
        "aws": difference.theirs,
        "writable": difference.writable,
    }


def _report(comparison: Comparison, before: Texts, after: Texts, *, region: str, written: bool) -> None:
    if not comparison.differences:
        print_text(f"The catalogue agrees with AWS in {region}.")
        return
    rows = [
        (entry.kind, entry.model_id, entry.fact, entry.ours, entry.theirs, "" if entry.writable else "by hand")
        for entry in comparison.differences
    ]
    print_table(("", "model", "fact", "catalogue", f"AWS in {region}", ""), rows)
    for name in before:
        lines = difflib.unified_diff(
            before[name].splitlines(), after[name].splitlines(), f"a/{name}", f"b/{name}", lineterm="", n=1
        )
        for line in lines:
            print_text(line)
    if written:
        print_text(
            "Written, with catalogue.json. What is marked `by hand` was not; look the facts up, they need a source."
        )
    elif comparison.models or comparison.prices:
        print_text("Nothing was written; --write does it.")
