"""``quarry keys``: API keys of an environment's endpoint."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from lambdas.authorizer.keys import ApiKey, KeyNotFoundError
from quarry import duration
from quarry.command_error import CommandError
from quarry.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_table, print_text

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the API keys that applications call with.")


@app.command()
def create(
    owner: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the key is for; shown in lists and logs.")],
    expires: Annotated[str | None, typer.Option(help="How long it is good for: 8h, 14d. Default: for ever.")] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once and stored nowhere: only its SHA-256 is kept.

    Example: quarry keys create "billing service" --expires 14d -e dev
    """
    if not owner.strip() or len(owner) > 100 or not owner.isprintable():
        raise CommandError("NAME must have 1 to 100 characters, all of them printable.", exit_code=2)
    try:
        expires_at = int(time.time() + duration.parse(expires).total_seconds()) if expires else None
    except ValueError as error:
        raise CommandError(f"--expires: {error}", exit_code=2) from error
    secret, key = Deployment(environment(name)).keys().create(name=owner.strip(), expires_at=expires_at)
    if as_json:
        print_json({"api_key": secret, **_shown(key)})
        return
    print_text(secret, style="bold")
    print_text(f"Key {key.key_id} for {key.name}, {_state(key)}. This is the only time it is shown.")


@app.command("list")
def list_keys(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """List all keys, revoked and expired ones included. The keys themselves are not stored, so not shown."""
    keys = Deployment(environment(name)).keys().list()
    if as_json:
        print_json([_shown(key) for key in keys])
        return
    if not keys:
        print_text("There are no keys yet. `quarry keys create NAME` makes one.")
        return
    rows = [(key.key_id, key.name, f"{key.prefix}…", _when(key.created_at), _state(key)) for key in keys]
    print_table(("id", "name", "begins with", "created (UTC)", "state"), rows)


@app.command()
def revoke(
    key_ids: Annotated[list[str], typer.Argument(metavar="KEY_ID...", help="Ids as `quarry keys list` shows them.")],
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Revoke keys. It counts at once: API Gateway's memory of keys is emptied too. Revoking twice does no harm."""
    deployment = Deployment(environment(name))
    store = deployment.keys()
    revoked: list[ApiKey] = []
    missing: list[str] = []
    for key_id in key_ids:
        try:
            revoked.append(store.revoke(key_id))
        except KeyNotFoundError as error:
            missing.append(str(error))
    if revoked:
        deployment.forget_cached_keys()
    if as_json:
        print_json([_shown(key) for key in revoked])
    else:
        for key in revoked:
            print_text(f"{key.key_id} ({key.name}) is revoked.")
    if missing:
        raise CommandError("\n".join(missing))


def _shown(key: ApiKey) -> dict[str, Any]:
    """What is shown of a key: all but its hash."""
    shown = asdict(key)
    del shown["key_hash"]
    return shown


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_when(key.revoked_at)}"
    if key.expires_at is None:
        return "good for ever"
    return f"{'expired' if key.expires_at <= time.time() else 'good until'} {_when(key.expires_at)}"
