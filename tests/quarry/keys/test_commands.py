"""``quarry keys``: make, list, revoke."""

import time
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.authorizer.settings import TIMEOUT_SECONDS
from quarry.deployed.deployment import FLUSH_AGAIN_SECONDS, Deployment
from tests.quarry.conftest import Run
from tests.quarry.fakes import EMPTIED, FakeAws

DEV = ("-e", "dev")
SHOWN = {"key_id", "name", "prefix", "created_at", "expires_at", "revoked_at", "frozen_at", "limits"}


def test_a_new_key_works_and_is_shown_once(run: Run, aws: FakeAws) -> None:
    ran = run("keys", "create", "billing service", *DEV)

    secret, told = ran.out.splitlines()
    stored = aws.keys.find(secret)
    assert ran.code == 0
    assert stored is not None
    assert stored.name == "billing service"
    assert told == f"Key {stored.key_id} for billing service, good for ever. This is the only time it is shown."
    assert secret not in run("keys", "list", *DEV).out


def test_a_new_key_as_json_has_the_secret_and_no_hash(run: Run, aws: FakeAws) -> None:
    made = run("keys", "create", "ann", "--json", *DEV).json

    assert set(made) == {"api_key", *SHOWN}
    stored = aws.keys.find(made["api_key"])
    assert stored is not None
    assert stored.key_hash not in str(made)


def test_a_key_can_expire(run: Run, aws: FakeAws) -> None:
    before = time.time()
    made = run("keys", "create", "workshop", "--expires", "8h", "--json", *DEV).json

    assert int(before) <= made["expires_at"] - timedelta(hours=8).total_seconds() <= time.time()
    assert "good until 20" in run("keys", "list", *DEV).out


@pytest.mark.parametrize("text", ["8", "h", "0h", "-1d", "8y", "1.5h", "8 h", "1000000d", "١h"])
def test_a_bad_duration_is_exit_code_2_and_makes_no_key(run: Run, aws: FakeAws, text: str) -> None:
    ran = run("keys", "create", "ann", f"--expires={text}", *DEV)

    assert ran.code == 2
    assert ran.err.startswith(f"--expires: '{text}' is ")
    assert aws.keys.list() == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "a\x1b[31mred"])
def test_a_bad_name_is_exit_code_2(run: Run, aws: FakeAws, name: str) -> None:
    ran = run("keys", "create", name, *DEV)

    assert ran.code == 2
    assert "NAME must have 1 to 100 characters" in ran.err
    assert aws.keys.list() == []


def test_the_list_shows_every_state_and_takes_names_literally(run: Run, aws: FakeAws) -> None:
    aws.keys.create(name="[bold]ann[/bold]")
    aws.keys.create(name="old", expires_at=1_000_000_000)
    _, gone = aws.keys.create(name="gone")
    aws.keys.revoke(gone.key_id)

    lines = run("keys", "list", *DEV).out.splitlines()

    assert len(lines) == 4
    assert any("[bold]ann[/bold]" in line and line.endswith("good for ever") for line in lines)
    assert any(line.endswith("expired 2001-09-09 01:46") for line in lines)
    assert any(gone.key_id in line and "revoked 20" in line for line in lines)


def test_the_list_as_json_has_neither_secrets_nor_hashes(run: Run, aws: FakeAws) -> None:
    secret, key = aws.keys.create(name="ann")

    ran = run("keys", "list", "--json", *DEV)

    assert [set(entry) for entry in ran.json] == [SHOWN]
    assert secret not in ran.out
    assert key.key_hash not in ran.out


def test_no_keys_is_a_hint_for_people_and_an_empty_list_for_programs(run: Run, aws: FakeAws) -> None:
    assert "`quarry keys create NAME` makes one" in run("keys", "list", *DEV).out
    assert run("keys", "list", "--json", *DEV).json == []


def test_revoking_counts_at_once(run: Run, aws: FakeAws) -> None:
    secret, key = aws.keys.create(name="ann")

    ran = run("keys", "revoke", key.key_id, *DEV)

    stored = aws.keys.find(secret)
    assert (ran.code, ran.out) == (0, f"{key.key_id} (ann) is revoked.\n")
    assert stored is not None
    assert stored.revoked_at is not None
    assert aws.flushed == EMPTIED


def test_the_memory_is_emptied_again_when_an_authorizer_that_had_read_the_key_before_is_dead() -> None:
    # That the authorizer has this time-out is tested with its stack.
    assert FLUSH_AGAIN_SECONDS > TIMEOUT_SECONDS


def test_revoking_twice_does_no_harm(run: Run, aws: FakeAws) -> None:
    _, key = aws.keys.create(name="ann")

    first = run("keys", "revoke", key.key_id, "--json", *DEV).json
    second = run("keys", "revoke", key.key_id, "--json", *DEV).json

    assert first == second
    assert set(first[0]) == SHOWN


def test_an_unknown_id_is_exit_code_1_and_the_others_are_revoked(run: Run, aws: FakeAws) -> None:
    _, key = aws.keys.create(name="ann")

    ran = run("keys", "revoke", "key_nope", key.key_id, *DEV)

    assert ran.code == 1
    assert "there is no key 'key_nope'; `quarry keys list` shows the ids" in ran.err
    assert "(ann) is revoked" in ran.out
    assert aws.flushed == EMPTIED


def test_an_unknown_id_alone_leaves_the_cache_alone(run: Run, aws: FakeAws) -> None:
    assert run("keys", "revoke", "key_nope", *DEV).code == 1
    assert aws.flushed == []


def test_a_refusal_of_aws_is_a_sentence(run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Deployment) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "Scan")

    monkeypatch.setattr(Deployment, "keys", refuse)

    ran = run("keys", "list", *DEV)

    assert ran.code == 1
    assert ran.err.startswith("Your credentials may not do this: they need dynamodb:Scan. (An error occurred")
