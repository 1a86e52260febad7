"""``quarry keys create|freeze|unfreeze|raise``: what a key may spend."""

import time

import pytest

from lambdas.common.caller import NO_LIMITS, KeyLimits
from quarry.keys import limits
from tests.quarry.conftest import Run
from tests.quarry.fakes import EMPTIED, FakeAws

DEV = ("-e", "dev")
FIVE_DOLLARS = KeyLimits(requests_per_minute=20, tokens_per_day=200_000, usd_total=5_000_000, aliases=("fast", "smart"))


def test_a_key_is_made_with_limits(run: Run, aws: FakeAws) -> None:
    before = time.time()
    ran = run(
        "keys", "create", "ann", "--usd", "5", "--tokens-per-day", "200000", "--rpm", "20", "--expires", "8h",
        "--aliases", "fast, smart,fast", *DEV,
    )  # fmt: skip

    secret, _, told = ran.out.splitlines()
    stored = aws.keys.find(secret)
    assert stored is not None
    assert stored.limits == FIVE_DOLLARS
    assert stored.expires_at is not None
    assert int(before) <= stored.expires_at - 8 * 3600 <= time.time()
    assert told == "Limits: $5.00, 200,000 tokens/day, 20/min, only fast smart."
    assert "$5.00, 200,000 tokens/day, 20/min, only fast smart" in run("keys", "list", *DEV).out


def test_programs_read_limits_in_micro_dollars(run: Run, aws: FakeAws) -> None:
    made = run("keys", "create", "ann", "--usd", "0.01", "--json", *DEV).json

    assert made["limits"] == {
        "micro_dollars": 10_000,
        "tokens_per_day": None,
        "requests_per_minute": None,
        "aliases": None,
    }


@pytest.mark.parametrize(
    ("text", "micro_dollars"),
    [("5", 5_000_000), ("0.50", 500_000), ("0.000001", 1), ("999999999", 999_999_999_000_000)],
)
def test_dollars_become_micro_dollars(text: str, micro_dollars: int) -> None:
    assert limits.micro_dollars(text) == micro_dollars


@pytest.mark.parametrize(
    ("option", "says"),
    [
        *(
            (f"--usd={text}", "is not an amount in dollars")
            for text in ("0", "-1", "$5", "1e3", "0.0000001", "nan", "٥")
        ),
        ("--aliases=fast,nope", "there is no nope; there are embed, fast, smart"),
        ("--aliases=,", "no alias is named; there are embed, fast, smart"),
        ("--rpm=0", "Invalid value for"),
        ("--tokens-per-day=-5", "Invalid value for"),
    ],
)
def test_a_limit_that_cannot_be_is_exit_code_2_and_makes_no_key(run: Run, aws: FakeAws, option: str, says: str) -> None:
    ran = run("keys", "create", "ann", option, *DEV)

    assert ran.code == 2
    assert says in ran.err
    assert aws.keys.list() == []


def test_freezing_counts_at_once_and_unfreezing_too(run: Run, aws: FakeAws) -> None:
    secret, key = aws.keys.create(name="ann")

    frozen = run("keys", "freeze", key.key_id, *DEV)

    stored = aws.keys.find(secret)
    assert (frozen.code, frozen.out) == (0, f"{key.key_id} (ann) is frozen.\n")
    assert stored is not None
    assert stored.frozen_at is not None
    assert "frozen 20" in run("keys", "list", *DEV).out
    assert run("keys", "unfreeze", key.key_id, *DEV).out == f"{key.key_id} (ann) is not frozen.\n"
    assert aws.keys.find(secret) == key
    assert aws.flushed == 2 * EMPTIED


@pytest.mark.parametrize("command", ["freeze", "unfreeze"])
def test_unknown_ids_are_told_and_the_others_changed(run: Run, aws: FakeAws, command: str) -> None:
    _, key = aws.keys.create(name="ann")

    ran = run("keys", command, "key_nope", key.key_id, "--json", *DEV)

    assert ran.code == 1
    assert "there is no key 'key_nope'" in ran.err
    assert [one["key_id"] for one in ran.json] == [key.key_id]


@pytest.mark.parametrize("command", [["unfreeze"], ["raise", "--usd", "9"]])
def test_a_revoked_key_is_not_made_good_again(run: Run, aws: FakeAws, command: list[str]) -> None:
    secret, key = aws.keys.create(name="ann", limits=FIVE_DOLLARS)
    aws.keys.freeze(key.key_id)
    revoked = aws.keys.revoke(key.key_id)

    ran = run("keys", command[0], key.key_id, *command[1:], *DEV)

    assert ran.code == 1
    assert ran.out == ""
    assert f"{key.key_id} (ann) is revoked, for good; `quarry keys create` makes another" in ran.err
    assert aws.keys.find(secret) == revoked
    assert aws.flushed == []


def test_of_several_keys_those_that_stand_are_unfrozen(run: Run, aws: FakeAws) -> None:
    gone, frozen = (aws.keys.freeze(aws.keys.create(name=name)[1].key_id) for name in ("ann", "bob"))
    aws.keys.revoke(gone.key_id)

    ran = run("keys", "unfreeze", gone.key_id, frozen.key_id, *DEV)

    assert (ran.code, ran.out) == (1, f"{frozen.key_id} (bob) is not frozen.\n")
    assert "is revoked, for good" in ran.err


def test_limits_are_raised_at_once(run: Run, aws: FakeAws) -> None:
    secret, key = aws.keys.create(name="ann", limits=FIVE_DOLLARS, expires_at=int(time.time()) + 3600)

    ran = run("keys", "raise", key.key_id, "--usd", "7.5", "--rpm", "40", "--expires", "2h", *DEV)

    stored = aws.keys.find(secret)
    assert stored is not None
    assert (stored.limits.usd_total, stored.limits.requests_per_minute) == (7_500_000, 40)
    assert ran.out.startswith(f"{key.key_id} (ann) has the limits: $7.50, 200,000 tokens/day, 40/min")
    assert aws.flushed == EMPTIED
    assert run("keys", "raise", key.key_id, "--usd", "8", "--json", *DEV).json["limits"]["micro_dollars"] == 8_000_000


def test_limits_are_not_lowered(run: Run, aws: FakeAws) -> None:
    secret, key = aws.keys.create(name="ann", limits=FIVE_DOLLARS)

    ran = run("keys", "raise", key.key_id, "--usd", "4", *DEV)

    assert ran.code == 2
    assert "only raised" in ran.err
    assert aws.keys.find(secret) == key
    assert aws.flushed == []


def test_raising_nothing_is_exit_code_2_and_raising_nobody_exit_code_1(run: Run, aws: FakeAws) -> None:
    assert run("keys", "raise", "key_nope", *DEV).code == 2
    ran = run("keys", "raise", "key_nope", "--usd", "5", *DEV)
    assert (ran.code, "there is no key 'key_nope'" in ran.err) == (1, True)


def test_no_limits_are_none_in_words() -> None:
    assert limits.in_words(NO_LIMITS) == "none"
