"""``quarry keys``: API keys of an environment's endpoint, and their limits."""

from collections.abc import Callable
from typing import Annotated

import typer

from configuration.studio.names import PARTICIPANT_KEY
from lambdas.authorizer.keys import ApiKey, KeyNotFoundError, KeyRevokedError, KeyStore
from lambdas.common.caller import KeyLimits
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.keys.limits import (
    Aliases,
    Expires,
    RequestsPerMinute,
    TokensPerDay,
    Usd,
    chosen,
    end,
    in_words,
    micro_dollars,
    raised,
    to_raise,
)
from quarry.keys.state import NO_KEYS, shown, state, when
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_table, print_text

app = typer.Typer(no_args_is_help=True, help="Make, list, limit, freeze and revoke the API keys of applications.")

KeyIds = Annotated[list[str], typer.Argument(metavar="KEY_ID...", help="Ids as `quarry keys list` shows them.")]


@app.command()
def create(
    owner: Annotated[str, typer.Argument(metavar="NAME", help="Who or what the key is for; shown in lists and logs.")],
    usd: Usd = None,
    tokens_per_day: TokensPerDay = None,
    rpm: RequestsPerMinute = None,
    expires: Expires = None,
    aliases: Aliases = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown once and stored nowhere: only its SHA-256 is kept. What is not limited is unlimited.

    Example: quarry keys create "billing service" --usd 5 --rpm 20 --expires 14d -e dev
    """
    if not owner.strip() or len(owner) > 100 or not owner.isprintable():
        raise CommandError("NAME must have 1 to 100 characters, all of them printable.", exit_code=2)
    if owner.strip().startswith(PARTICIPANT_KEY.strip()):
        raise CommandError(
            f"NAME cannot begin with {PARTICIPANT_KEY.strip()!r}: so do the keys of a workshop, which "
            "`quarry workshop` revokes.",
            exit_code=2,
        )
    config = environment(name)
    limits = KeyLimits(
        requests_per_minute=rpm,
        tokens_per_day=tokens_per_day,
        usd_total=micro_dollars(usd),
        aliases=chosen(aliases, known=config.models.aliases),
    )
    expires_at = end(expires)
    secret, key = Deployment(config).keys().create(name=owner.strip(), expires_at=expires_at, limits=limits)
    if as_json:
        print_json({"api_key": secret, **shown(key)})
        return
    print_text(secret, style="bold")
    print_text(f"Key {key.key_id} for {key.name}, {state(key)}. This is the only time it is shown.")
    if limits != KeyLimits():
        print_text(f"Limits: {in_words(limits)}.")


@app.command("list")
def list_keys(name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """List all keys, revoked and expired ones included. The keys themselves are not stored, so not shown.

    Example: quarry keys list -e dev
    """
    keys = Deployment(environment(name)).keys().list()
    if as_json:
        print_json([shown(key) for key in keys])
        return
    if not keys:
        print_text(NO_KEYS)
        return
    rows = [
        (key.key_id, key.name, f"{key.prefix}…", when(key.created_at), in_words(key.limits), state(key)) for key in keys
    ]
    print_table(("id", "name", "begins with", "created (UTC)", "limits", "state"), rows)


@app.command()
def revoke(key_ids: KeyIds, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Revoke keys, for good. It counts at once: API Gateway's memory of keys is emptied too. Twice does no harm.

    Example: quarry keys revoke key_0123456789ab -e dev
    """
    _change_each(key_ids, KeyStore.revoke, told="is revoked", name=name, as_json=as_json)


@app.command()
def freeze(key_ids: KeyIds, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Refuse keys until they are unfrozen. It counts at once. Twice does no harm.

    Example: quarry keys freeze key_0123456789ab -e dev
    """
    _change_each(key_ids, KeyStore.freeze, told="is frozen", name=name, as_json=as_json)


@app.command()
def unfreeze(key_ids: KeyIds, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Let frozen keys be used again; what is revoked stays so. It counts at once. Twice does no harm.

    Example: quarry keys unfreeze key_0123456789ab -e dev
    """
    _change_each(key_ids, KeyStore.unfreeze, told="is not frozen", name=name, as_json=as_json)


@app.command("raise")
def raise_limits(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="Id as `quarry keys list` shows it.")],
    usd: Usd = None,
    tokens_per_day: TokensPerDay = None,
    rpm: RequestsPerMinute = None,
    expires: Expires = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Raise a key's limits to new values; --usd is the new total, what is spent included. It counts at once.

    Example: quarry keys raise key_0123456789ab --usd 10 -e dev
    """
    wanted = to_raise(usd=usd, tokens_per_day=tokens_per_day, rpm=rpm, expires=expires)
    deployment = Deployment(environment(name))
    key = raised(deployment.keys(), key_id, wanted)
    deployment.forget_cached_keys()
    if as_json:
        print_json(shown(key))
        return
    print_text(f"{key.key_id} ({key.name}) has the limits: {in_words(key.limits)}; {state(key)}.")


def _change_each(
    key_ids: list[str], change: Callable[[KeyStore, str], ApiKey], *, told: str, name: str, as_json: bool
) -> None:
    """Change keys that there are, say so, and fail for those that there are not, or not any more."""
    deployment = Deployment(environment(name))
    store = deployment.keys()
    changed: list[ApiKey] = []
    refused: list[str] = []
    for key_id in key_ids:
        try:
            changed.append(change(store, key_id))
        except (KeyNotFoundError, KeyRevokedError) as error:
            refused.append(str(error))
    if changed:
        deployment.forget_cached_keys()
    if as_json:
        print_json([shown(key) for key in changed])
    else:
        for key in changed:
            print_text(f"{key.key_id} ({key.name}) {told}.")
    if refused:
        raise CommandError("\n".join(refused))
