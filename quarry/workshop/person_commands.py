"""``quarry workshop freeze``, ``raise`` and ``reset``: what is done for one participant."""

from typing import Annotated

import typer

from configuration.studio.participants import Participant
from lambdas.authorizer.keys import ApiKey
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.keys.limits import Expires, RequestsPerMinute, TokensPerDay, Usd, in_words, raised, to_raise
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text
from quarry.workshop import people
from quarry.workshop.apps import SECONDS, SECONDS_HERE, Apps
from quarry.workshop.keys import WorkshopKeys
from quarry.workshop.studio import StudioDomain, require

Name = Annotated[str, typer.Argument(metavar="NAME", help="Id of a participant, or a name that only one has.")]
Timeout = Annotated[int, typer.Option("--timeout-minutes", min=1, max=1440, help="How long is waited at most.")]


def freeze(who: Name, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False) -> None:
    """Refuse a participant's key until `quarry keys unfreeze KEY_ID`. The notebook stays. It counts at once.

    Example: quarry workshop freeze ana-lima -e workshop
    """
    deployment, keys, one = _one(who, name)
    key = keys.store.freeze(_key(keys, one).key_id)
    deployment.forget_cached_keys()
    _tell(one, key, f"is frozen. `quarry keys unfreeze {key.key_id}` undoes it.", as_json=as_json)


def raise_allowance(
    who: Name,
    usd: Usd = None,
    tokens_per_day: TokensPerDay = None,
    rpm: RequestsPerMinute = None,
    expires: Expires = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Raise a participant's allowance; --usd is the new total, what is spent included. It counts at once.

    Example: quarry workshop raise ana-lima --usd 10 -e workshop
    """
    wanted = to_raise(usd=usd, tokens_per_day=tokens_per_day, rpm=rpm, expires=expires)
    deployment, keys, one = _one(who, name)
    key = raised(keys.store, _key(keys, one).key_id, wanted)
    deployment.forget_cached_keys()
    _tell(one, key, f"has the limits: {in_words(key.limits)}.", as_json=as_json)


def reset(
    who: Name, timeout_minutes: Timeout = 10, name: Environment = DEFAULT_ENVIRONMENT, as_json: AsJson = False
) -> None:
    """Give a participant a fresh beginning: a new key with the whole allowance, and the app stopped. Files stay.

    The former key is refused at once. `start` starts the app again, and `handout` shows the new key.

    Example: quarry workshop reset ana-lima -e workshop
    """
    deployment, keys, one = _one(who, name)
    apps = apps_of(deployment, minutes=timeout_minutes)
    with keys.changing():
        keys.renew(one)
    apps.stop(one.id)
    _tell(one, _key(keys, one), "is new, and the app is stopped.", as_json=as_json)


def apps_of(deployment: Deployment, *, minutes: int) -> Apps:
    """Return the apps of the environment's Studio; what is waited for takes that many minutes at most."""
    return Apps(
        StudioDomain.of(deployment),
        instance_type=people.section(deployment.config).instance_type,
        seconds=SECONDS_HERE if deployment.aws else SECONDS,
        minutes=minutes,
    )


def _one(who: str, name: str) -> tuple[Deployment, WorkshopKeys, Participant]:
    config = environment(name)
    studio = people.section(config)
    one = people.named(who, studio)
    deployment = Deployment(config)
    require(deployment)
    return deployment, WorkshopKeys(deployment, studio), one


def _key(keys: WorkshopKeys, one: Participant) -> ApiKey:
    """Return a participant's key.

    Raises:
        CommandError: there is none yet.
    """
    live = keys.live().get(one.id)
    if not live:
        raise CommandError(f"{one.display_name} has no key. `quarry workshop up` makes one.")
    return live[-1]


def _tell(one: Participant, key: ApiKey, told: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": one.id, "name": one.display_name, "key_id": key.key_id})
        return
    print_text(f"The key {key.key_id} of {one.display_name} ({one.id}) {told}")
