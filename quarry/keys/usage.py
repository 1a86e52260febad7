"""``quarry usage``: what each key has spent today and in all, and what it has left."""

import time
from typing import Annotated, Any, Final

import msgspec
import typer

from lambdas.allowances.account import Account
from lambdas.allowances.report import standing
from lambdas.allowances.usage import dollars
from lambdas.authorizer.keys import ApiKey
from lambdas.common.caller import Caller
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.keys.state import NO_KEYS, shown, state
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_table, print_text, watch_table

WATCH_SECONDS: Final = 2.0
COLUMNS: Final = ("id", "name", "requests today", "tokens today", "spent", "left", "running", "state")


def usage(
    watch: Annotated[bool, typer.Option("--watch", help="Show it live until Ctrl-C.")] = False,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Show what each key has spent and has left, who is frozen, and who has used up an allowance. Days are UTC's.

    Example: quarry usage --watch -e workshop
    """
    if watch and as_json:
        raise CommandError("--watch shows a table for people: leave out either --watch or --json.", exit_code=2)
    deployment = Deployment(environment(name))
    if watch:
        watch_table(COLUMNS, lambda: map(_row, _keys(deployment)), seconds=WATCH_SECONDS)
        return
    keys = _keys(deployment)
    if as_json:
        print_json(keys)
    elif keys:
        print_table(COLUMNS, map(_row, keys))
    else:
        print_text(NO_KEYS)


def _keys(deployment: Deployment) -> list[dict[str, Any]]:
    """Return every key with what it has spent and has left; money in micro-dollars."""
    accounts = {account.key_id: account for account in deployment.ledger().accounts()}
    now = time.time()
    return [_standing(key, accounts.get(key.key_id), now=now) for key in deployment.keys().list()]


def _standing(key: ApiKey, account: Account | None, *, now: float) -> dict[str, Any]:
    caller = Caller(key_id=key.key_id, owner=key.name, limits=key.limits)
    spending = msgspec.to_builtins(standing(account or Account(key_id=key.key_id), caller, now=now))
    return {**shown(key), "state": _state(key, spending["remaining"], now=now), **spending}


def _state(key: ApiKey, remaining: dict[str, int | None], *, now: float) -> str:
    if key.refusal(now):
        return state(key)
    if remaining["micro_dollars"] == 0:
        return "out of dollars"
    if remaining["tokens"] == 0:
        return "out of tokens until midnight UTC"
    return state(key)


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    left = key["remaining"]["micro_dollars"]
    tokens = key["today"]["input_tokens"] + key["today"]["output_tokens"]
    return (
        key["key_id"],
        key["name"],
        f"{key['today']['requests']:,}",
        f"{tokens:,}",
        dollars(key["total"]["micro_dollars"]),
        "no limit" if left is None else dollars(left),
        str(key["reserved"]["requests"]),
        key["state"],
    )
