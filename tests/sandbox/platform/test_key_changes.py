"""Changes of keys that were just used, so that API Gateway has them in its memory, count once the command ends.

A command that changes a key waits for the authorizers of before (quarry/deployed/deployment.py), so these go side by
side, as processes of their own.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.sandbox.platform.conftest import Platform, Post

HELLO = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}


def side_by_side(platform: Platform, *commands: tuple[str, ...]) -> None:
    """Run ``quarry keys ...`` with each of these arguments."""

    def run(command: tuple[str, ...]) -> None:
        done = platform.run("quarry", "keys", *command, "--environment", "sandbox")
        assert done.returncode == 0, done.stdout

    with ThreadPoolExecutor(len(commands)) as pool:
        list(pool.map(run, commands))


def test_frozen_revoked_raised_and_unfrozen_keys_are_so_at_once(platform: Platform, post: Post) -> None:
    frozen, revoked = (platform.quarry("keys", "create", name) for name in ("to freeze", "to revoke"))
    poor = platform.quarry("keys", "create", "to raise", "--usd", "0.000001")

    def statuses() -> list[httpx.Response]:
        return [post(json=HELLO, key=one["api_key"]) for one in (frozen, revoked, poor)]

    assert [one.status_code for one in statuses()] == [200, 200, 429]

    side_by_side(
        platform,
        ("freeze", frozen["key_id"]),
        ("revoke", revoked["key_id"]),
        ("raise", poor["key_id"], "--usd", "1"),
    )
    changed = statuses()

    assert [one.status_code for one in changed] == [401, 401, 200]
    assert "frozen" in changed[0].json()["error"]["message"]
    assert "revoked" in changed[1].json()["error"]["message"]
    states = {key["key_id"]: key["revoked_at"] for key in platform.quarry("keys", "list")}
    assert states[revoked["key_id"]] is not None
    side_by_side(platform, ("unfreeze", frozen["key_id"]))
    assert post(json=HELLO, key=frozen["api_key"]).status_code == 200
