"""``quarry cost --refresh``: what the Price List says, shown, and written if that is wanted."""

import difflib
from datetime import UTC, datetime

import boto3
import typer
from botocore.exceptions import ClientError

from configuration.config import Config
from configuration.cost import compile as compiler
from lambdas.catalogue import services
from quarry.command_error import CommandError
from quarry.cost import price_list
from quarry.cost.refresh import Difference, compare, patched
from quarry.deployed.deployment import Deployment
from quarry.output import print_json, print_table, print_text, tell_progress

_THROTTLED = {"ThrottlingException", "TooManyRequestsException"}


def refresh(config: Config, *, write: bool, as_json: bool) -> None:
    """Compare the prices of the environment's region with the Price List, and show what differs.

    Raises:
        CommandError: the list cannot be asked, or what would be written contradicts itself.
        Exit: 1 if there are differences that were not written. What the list does not have is none.
    """
    known, region = services.load().prices, config.region
    differences = compare(known, _listed(config), region=region)
    path = compiler.FOLDER / "prices.yaml"
    before = path.read_text(encoding="utf-8")
    after = patched(before, differences, region=region, today=datetime.now(UTC).date())
    if write and after != before:
        _write(after)
    if as_json:
        print_json({"region": region, "written": write, "differences": [one.to_json() for one in differences]})
    else:
        _show(differences, before, after, region=region, written=write)
    if any(one.kind != "missing" and not (write and one.writable) for one in differences):
        raise typer.Exit(1)


def _listed(config: Config) -> list[price_list.Listed]:
    deployment = Deployment(config)
    if deployment.aws is None:
        # The Price List answers in three regions only.
        client = boto3.client("pricing", region_name=price_list.REGION)
    else:
        client = deployment.client("pricing")
    known = services.load().prices
    asked = sum(price.price_list is not None for price in known.values())
    found: list[price_list.Listed] = []
    try:
        with tell_progress() as tell:
            for one in price_list.read(client, known, region=config.region):
                found.append(one)
                tell(f"{len(found)} of {asked} prices of {config.region} ...")
    except ClientError as error:
        if error.response["Error"].get("Code") in _THROTTLED:
            raise CommandError(
                f"The Price List takes no more requests for now, after {len(found)} of {asked} prices; nothing was "
                f"changed. Try again in a minute. ({error})"
            ) from error
        raise
    return found


def _write(text: str) -> None:
    """Write the file and what is compiled from it, or, if it would contradict itself, nothing."""
    resources = (compiler.FOLDER / "resources.yaml").read_text(encoding="utf-8")
    try:
        generated = compiler.to_json(compiler.parse(text, resources))
    except compiler.PricesError as error:
        raise CommandError(f"Nothing was written, because the prices would contradict themselves:\n{error}") from error
    (compiler.FOLDER / "prices.yaml").write_text(text, encoding="utf-8")
    services.PATH.write_bytes(generated)


def _show(differences: list[Difference], before: str, after: str, *, region: str, written: bool) -> None:
    missing = [one for one in differences if one.kind == "missing"]
    others = [one for one in differences if one.kind != "missing"]
    if not others:
        print_text(f"The prices of {region} agree with AWS's Price List.")
    else:
        rows = [
            (
                one.kind,
                one.name,
                "-" if one.ours is None else f"{one.ours:g}",
                ", ".join(f"{usd:g}" for usd in one.theirs),
                "" if one.writable else "by hand",
            )
            for one in others
        ]
        print_table(("", "price", "ours", f"Price List in {region}", ""), rows)
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), "a/prices.yaml", "b/prices.yaml", lineterm="", n=1
        )
        for line in lines:
            print_text(line)
        if before != after:
            print_text("Written, with services.json." if written else "Nothing was written; --write does it.")
    if missing:
        print_text(f"Not in the list, which proves nothing: {', '.join(one.name for one in missing)}.")
