"""``quarry tune estimate``: what tuning on a data set costs, before it costs anything."""

from typing import Annotated, Any

import msgspec
import typer

from lambdas.common.figures import counted, us_dollars
from lambdas.tuning.estimate import Estimate, HostingPrice
from lambdas.tuning.estimate import estimate as estimated
from lambdas.tuning.tokens import tokens_of
from quarry.command_error import CommandError
from quarry.options import AsJson
from quarry.output import print_json, print_note, print_table, print_text
from quarry.tuning.options import DEFAULT_METHOD, Base, DataFile, MethodName, base_model, validated


def estimate(
    file: DataFile,
    base: Base,
    method: MethodName = DEFAULT_METHOD,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="How often the data is read. Default: the model's.")
    ] = None,
    model_units: Annotated[int, typer.Option("--model-units", min=1, help="Of provisioned throughput.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Say what tuning on a data set costs, and what having the tuned model costs afterwards. Asks nobody.

    Tokens are a range, since how AWS counts Nova's is not public: characters / 6 to characters / 3, and more for other
    scripts than Latin. What has no known price is named, never guessed. `start` compares the upper end with
    max_training_usd.

    Example: quarry tune estimate train.jsonl --base amazon.nova-2-lite-v1:0 --epochs 3
    """
    model, facts = base_model(base, method)
    epoch = facts.hyperparameters.get("epochCount")
    if epochs is not None and epoch and epoch.maximum is not None and epochs > epoch.maximum:
        raise CommandError(
            f"{model.name} takes at most {counted(epoch.maximum, 'epoch')}; {epochs} were asked for.", exit_code=2
        )
    report = validated(file, base=model, method=method)
    if not tokens_of(report.amount).high:
        # The name of a file is the least of what is wrong with one that has no record.
        first = min(report.problems, key=lambda problem: problem.rule == "file-name")
        raise CommandError(f"{file.name} has no record that could be counted: {first.message}; {first.fix}.")
    if not report.valid:
        print_note("The data set has problems, so this is rough; `quarry tune validate` names them.", style="yellow")
    given = {} if epochs is None else {"epochCount": epochs}
    found = estimated(report.amount, base=model, method=method, hyperparameters=given, model_units=model_units)
    if as_json:
        print_json(described(found, records=report.records))
        return
    _print(found, records=report.records, name=model.name)


def described(found: Estimate, *, records: int) -> dict[str, Any]:
    """Return an estimate as programs get it: {"tokens", "training_usd", "hosting", "as_of", and more}.

    Where the price is not known, low and high of ``training_usd`` are null; ``unpriced`` has the reason.
    """
    shown: dict[str, Any] = msgspec.to_builtins(found)
    return {"records": records, **shown, "training_usd": shown["training_usd"] or {"low": None, "high": None}}


def _print(found: Estimate, *, records: int, name: str) -> None:
    tokens = f"{found.tokens.low:,} to {found.tokens.high:,} tokens"
    rows = [("data set", f"{counted(records, 'record')}, {tokens}"), ("epochs", f"{found.epochs}")]
    if found.training_usd:
        rows.append(
            ("training", f"{us_dollars(found.training_usd.low)} to {us_dollars(found.training_usd.high)} USD, once")
        )
    else:
        rows.append(("training", f"not known: {found.unpriced['training']}"))
    rows.append(("storage", f"{us_dollars(found.storage_usd_per_month)} USD a month, until the tuned model is deleted"))
    for kind, hosting in found.hosting.items():
        rows.append((f"hosting {kind}", _hosting(hosting)))
    print_table(("", f"tuning {name}"), rows)
    if "videos" in found.unpriced:
        print_text(f"Videos: {found.unpriced['videos']}.")
    print_text(f"An estimate from list prices as of {found.as_of}, not a bill.", style="dim")


def _hosting(hosting: HostingPrice) -> str:
    if not hosting.available or hosting.usd_per_hour is None:
        return hosting.note
    if not hosting.usd_per_hour:
        return f"nothing while nobody calls it; {hosting.note}"
    hourly, monthly = us_dollars(hosting.usd_per_hour), us_dollars(hosting.usd_per_month or 0)
    said = f"{hourly} USD an hour, called or not: {monthly} USD in 30 days if it is forgotten"
    return said + "".join(f"; {name} {us_dollars(usd)} USD in all" for name, usd in hosting.commitments.items())
