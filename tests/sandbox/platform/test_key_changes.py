"""Changes of keys that were just used, so that API Gateway has them in its memory, count once the command ends."""

import httpx

from tests.sandbox.platform.conftest import Platform, Post

HELLO = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}


def test_frozen_revoked_raised_and_unfrozen_keys_are_so_at_once(platform: Platform, post: Post) -> None:
    frozen, revoked = (platform.quarry("keys", "create", name) for name in ("to freeze", "to revoke"))
    poor = platform.quarry("keys", "create", "to raise", "--usd", "0.000001")

    def statuses() -> list[httpx.Response]:
        return [post(json=HELLO, key=one["api_key"]) for one in (frozen, revoked, poor)]

    assert [one.status_code for one in statuses()] == [200, 200, 429]

    platform.quarry("keys", "freeze", frozen["key_id"])
    platform.quarry("keys", "revoke", revoked["key_id"])
    platform.quarry("keys", "raise", poor["key_id"], "--usd", "1")
    changed = statuses()

    assert [one.status_code for one in changed] == [401, 401, 200]
    assert "frozen" in changed[0].json()["error"]["message"]
    assert "revoked" in changed[1].json()["error"]["message"]
    states = {key["key_id"]: key["revoked_at"] for key in platform.quarry("keys", "list")}
    assert states[revoked["key_id"]] is not None
    platform.quarry("keys", "unfreeze", frozen["key_id"])
    assert post(json=HELLO, key=frozen["api_key"]).status_code == 200
