"""Participants' keys: one each, with the allowance, in the participant's own secret and nowhere else.

A key belongs to a participant by its name, which begins as no application's key may. The secret holds the key and, once
a handout has shown it, when: ``{"api_key": "qk-...", "handed_out_at": 1790000000}``.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from configuration.studio.names import KEY_FIELD, NO_KEY_YET, PARTICIPANT_KEY, secret_name
from configuration.studio.participants import Participant
from configuration.studio.section import Studio
from lambdas.authorizer.keys import ApiKey, KeyStore
from lambdas.common.caller import KeyLimits
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment

HANDED_OUT_FIELD: Final = "handed_out_at"


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a participant's secret holds. ``handed_out_at``: seconds since the epoch, None before a handout."""

    api_key: str
    handed_out_at: int | None = None


class WorkshopKeys:
    """The keys and secrets of an environment's participants. Change keys within ``changing``."""

    def __init__(self, deployment: Deployment, studio: Studio) -> None:
        self._environment = deployment.config.name
        self._studio = studio
        self._secrets = deployment.client("secretsmanager")
        self.store: KeyStore = deployment.keys()
        self._deployment = deployment
        self._changed = False

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Have API Gateway forget, at the end, keys that were changed meanwhile, so that the change counts.

        Also after a failure: the next run would find nothing left to change, and so nothing to be forgotten.
        """
        try:
            yield
        finally:
            if self._changed:
                self._deployment.forget_cached_keys()
                self._changed = False

    def live(self) -> dict[str, list[ApiKey]]:
        """Return participant id -> their keys that are not revoked, oldest first; of people who have left as well."""
        found: dict[str, list[ApiKey]] = {}
        for key in self.store.list():
            if key.name.startswith(PARTICIPANT_KEY) and key.revoked_at is None:
                found.setdefault(key.name.removeprefix(PARTICIPANT_KEY), []).append(key)
        return found

    def held(self, participant_id: str) -> Held | None:
        """Return what a participant's secret holds, or None if it holds no key yet.

        Raises:
            CommandError: there is no such secret.
        """
        try:
            text = self._secrets.get_secret_value(SecretId=self._secret(participant_id))["SecretString"]
        except ClientError as error:
            if error.response["Error"].get("Code") != "ResourceNotFoundException":
                raise
            raise CommandError(
                f"There is no secret {self._secret(participant_id)}. `quarry workshop up` deploys it."
            ) from error
        content = _content(text)
        key = content.get(KEY_FIELD)
        if not key or key == NO_KEY_YET:
            return None
        return Held(api_key=key, handed_out_at=content.get(HANDED_OUT_FIELD))

    def ensure(self, participant: Participant, live: list[ApiKey]) -> bool:
        """See to it that a participant has one good key, and that it is in their secret; return whether it is new.

        A run that was killed between the two has left a key that nobody knows: it is revoked.
        """
        held = self.held(participant.id)
        stored = self.store.find(held.api_key) if held else None
        # A frozen key is good: who froze it did not mean to give another one.
        good = stored is not None and stored.revoked_at is None and not _expired(stored)
        for key in live:
            if not (good and stored and key.key_id == stored.key_id):
                self._revoke(key)
        if not good:
            self._put(participant.id, {KEY_FIELD: self._new(participant.id)})
        return not good

    def renew(self, participant: Participant) -> None:
        """Give a participant a new key with the whole allowance; the former ones are revoked."""
        former = self.live().get(participant.id, [])
        # Last: whoever cannot be given the new one keeps the former.
        self._put(participant.id, {KEY_FIELD: self._new(participant.id)})
        for key in former:
            self._revoke(key)

    def prolong(self, keys: list[ApiKey]) -> None:
        """Let keys last for the event's length from now on, if they would not."""
        end = self._end()
        for key in keys:
            if key.expires_at is not None and key.expires_at < end:
                self._changed = True
                self.store.raise_limits(key.key_id, expires_at=end)

    def mark_handed_out(self, participant_id: str, held: Held) -> None:
        """Remember that a handout has shown the key."""
        self._put(participant_id, {KEY_FIELD: held.api_key, HANDED_OUT_FIELD: int(time.time())})

    def revoke(self, participant_id: str, live: list[ApiKey]) -> None:
        """Revoke a participant's keys and empty their secret; a secret that is gone is as good."""
        for key in live:
            self._revoke(key)
        try:
            self._put(participant_id, {KEY_FIELD: NO_KEY_YET})
        except ClientError as error:
            if error.response["Error"].get("Code") not in {"ResourceNotFoundException", "InvalidRequestException"}:
                raise

    def _revoke(self, key: ApiKey) -> None:
        self._changed = True
        self.store.revoke(key.key_id)

    def _new(self, participant_id: str) -> str:
        allowance = self._studio.allowance
        limits = KeyLimits(
            requests_per_minute=allowance.requests_per_minute,
            tokens_per_day=allowance.tokens_per_day,
            usd_total=allowance.micro_dollars,
        )
        secret, _ = self.store.create(name=f"{PARTICIPANT_KEY}{participant_id}", expires_at=self._end(), limits=limits)
        return secret

    def _end(self) -> int:
        return int(time.time() + self._studio.hours * 3_600)

    def _put(self, participant_id: str, content: dict[str, Any]) -> None:
        self._secrets.put_secret_value(SecretId=self._secret(participant_id), SecretString=json.dumps(content))

    def _secret(self, participant_id: str) -> str:
        return secret_name(self._environment, participant_id)


def _expired(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= time.time()


def _content(text: str) -> dict[str, Any]:
    """Return a secret's fields; what is no JSON object holds none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
