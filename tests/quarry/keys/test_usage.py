"""``quarry usage``: who has spent what, and who is stuck."""

import pytest

from lambdas.allowances.usage import Usage
from lambdas.authorizer.keys import ApiKey
from lambdas.common.caller import NO_LIMITS, Caller, KeyLimits
from quarry.output import console
from tests.quarry.conftest import Run
from tests.quarry.fakes import FakeAws

DEV = ("-e", "dev")
CALL = Usage(input_tokens=1_000, output_tokens=234, micro_dollars=250_000)


def spend(aws: FakeAws, key: ApiKey, *, settle: bool = True) -> None:
    caller = Caller(key_id=key.key_id, owner=key.name, limits=key.limits)
    reservation = aws.ledger.reserve(caller, alias="fast", estimate=CALL)
    if settle:
        aws.ledger.settle(reservation, CALL)


def key(aws: FakeAws, name: str, limits: KeyLimits = NO_LIMITS) -> ApiKey:
    return aws.keys.create(name=name, limits=limits)[1]


def test_a_line_per_key(run: Run, aws: FakeAws) -> None:
    ann, bob = key(aws, "[ann]", KeyLimits(usd_total=1_000_000)), key(aws, "bob")
    spend(aws, ann)
    spend(aws, ann, settle=False)
    spend(aws, bob)
    key(aws, "never")

    ran = run("usage", *DEV)

    lines = {line.split()[1]: line.split() for line in ran.out.splitlines()}
    assert lines["name"][2:4] == ["requests", "today"]
    assert lines["[ann]"] == [ann.key_id, "[ann]", "1", "1,234", "$0.25", "$0.50", "1", "good", "for", "ever"]
    assert lines["bob"][2:8] == ["1", "1,234", "$0.25", "no", "limit", "0"]
    assert lines["never"][2:5] == ["0", "0", "$0.00"]


def test_who_is_stuck_is_seen(run: Run, aws: FakeAws) -> None:
    spend(aws, key(aws, "poor", KeyLimits(usd_total=250_000)))
    spend(aws, key(aws, "wordy", KeyLimits(tokens_per_day=1_234)))
    cold = key(aws, "cold", KeyLimits(usd_total=250_000))
    spend(aws, cold)
    aws.keys.freeze(cold.key_id)

    states = {one["name"]: one["state"] for one in run("usage", "--json", *DEV).json}

    assert states["poor"] == "out of dollars"
    assert states["wordy"] == "out of tokens until midnight UTC"
    assert states["cold"].startswith("frozen 20")


def test_programs_read_micro_dollars_and_no_hash(run: Run, aws: FakeAws) -> None:
    ann = key(aws, "ann", KeyLimits(usd_total=1_000_000, requests_per_minute=5))
    spend(aws, ann)

    (told,) = run("usage", "--json", *DEV).json

    assert told["total"] == {"micro_dollars": 250_000}
    assert told["remaining"]["micro_dollars"] == 750_000
    assert told["today"]["requests"] == 1
    assert told["limits"]["requests_per_minute"] == 5
    assert ann.key_hash not in str(told)


def test_no_keys_is_a_hint(run: Run, aws: FakeAws) -> None:
    assert "`quarry keys create NAME` makes one" in run("usage", *DEV).out
    assert run("usage", "--json", *DEV).json == []


def test_watching_shows_the_latest_and_ends_with_ctrl_c(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = key(aws, "ann")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt
        spend(aws, ann)

    monkeypatch.setattr("quarry.output.sleep", wait)
    monkeypatch.setattr(console, "_width", 200)

    ran = run("usage", "--watch", *DEV)

    assert (ran.code, ran.err, waits) == (0, "", [2.0, 2.0, 2.0])
    assert ran.out.splitlines()[-1].split()[:5] == [ann.key_id, "ann", "2", "2,468", "$0.50"]


def test_watching_is_for_people(run: Run, aws: FakeAws) -> None:
    ran = run("usage", "--watch", "--json", *DEV)

    assert (ran.code, ran.out) == (2, "")
    assert "leave out either" in ran.err
