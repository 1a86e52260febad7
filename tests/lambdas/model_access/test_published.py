"""Findings on their way: to JSON and back, into the SSM parameter and back."""

import json
from datetime import UTC, datetime

import pytest

from lambdas.model_access import candidates, published, report
from lambdas.model_access.passed import PassedInParameter
from lambdas.model_access.verdicts import AliasStanding, Finding, Standing, Verdict, standings
from tests.lambdas.model_access.fakes import HAIKU, MICRO, FakeParameters

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


def finding(alias: str, verdict: Verdict, *, usable: bool, fix: str = "do this") -> Finding:
    return Finding(alias=alias, model_id="m", callable_id="us.m", verdict=verdict, usable=usable, fix=fix, detail="d")


FINDINGS = [
    finding("fast", Verdict.READY, usable=True, fix=""),
    finding("smart", Verdict.LEGACY, usable=False),
    finding("smart", Verdict.THROTTLED, usable=True, fix=""),
    finding("none", Verdict.QUOTA_ZERO, usable=False),
]


def test_findings_and_candidates_survive_json() -> None:
    assert [Finding.from_json(json.loads(json.dumps(one.to_json()))) for one in FINDINGS] == FINDINGS
    assert candidates.from_json(json.dumps(candidates.to_json([MICRO, HAIKU]))) == [MICRO, HAIKU]


@pytest.mark.parametrize("document", [{}, {"verdict": "splendid"}, {"verdict": "ready", "more": 1}])
def test_other_json_is_no_finding(document: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"finding|Verdict"):
        Finding.from_json(document)


@pytest.mark.parametrize("document", ["{", '[{"alias": "a"}]', "[1]"])
def test_other_json_is_no_candidate(document: str) -> None:
    with pytest.raises(ValueError, match=r"candidates|Expecting"):
        candidates.from_json(document)


def test_an_alias_stands_as_its_best_candidate() -> None:
    assert {one.alias: (one.standing, one.verdict) for one in standings(FINDINGS)} == {
        "fast": (Standing.FIRST, Verdict.READY),
        "smart": (Standing.FALLBACK, Verdict.LEGACY),
        "none": (Standing.NONE, Verdict.QUOTA_ZERO),
    }
    assert report.fails(FINDINGS)
    assert not report.fails(FINDINGS[:3])


def test_what_is_written_can_be_read() -> None:
    client = FakeParameters()

    published.write(client, "/quarry/dev/model-access", FINDINGS, now=NOW)
    read = published.read(client, "/quarry/dev/model-access")

    assert read.checked_at == NOW
    assert read.aliases == {one.alias: one for one in standings(FINDINGS)}


def test_a_write_keeps_what_has_passed() -> None:
    client = FakeParameters()
    passed = PassedInParameter(client, "p")
    passed.add({"Mode": "fail"})

    published.write(client, "p", FINDINGS, now=NOW)

    assert passed.has({"Mode": "fail"})
    assert not passed.has({"Mode": "warn"})
    assert published.read(client, "p").aliases == {one.alias: one for one in standings(FINDINGS)}


def test_noting_what_passed_keeps_the_findings() -> None:
    client = FakeParameters()
    published.write(client, "p", FINDINGS, now=NOW)
    before = published.read(client, "p")

    PassedInParameter(client, "p").add({"Mode": "fail"})

    assert published.read(client, "p") == before


def test_before_the_first_check_nothing_is_known() -> None:
    assert published.read(FakeParameters(published.EMPTY), "p") == published.Published()


@pytest.mark.parametrize("value", ["[]", "{}", '{"aliases": {"fast": {"standing": "first"}}}', "null"])
def test_anything_else_in_the_parameter_is_told(value: str) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        published.read(FakeParameters(value), "p")


def test_good_news_is_left_out_before_bad_news() -> None:
    many = [
        AliasStanding(alias=f"alias-{number:036}", standing=Standing.FIRST, verdict=Verdict.READY)
        for number in range(60)
    ]
    bad = AliasStanding(alias="bad", standing=Standing.NONE, verdict=Verdict.LEGACY)

    parameters = FakeParameters(published.render([*many, bad], now=NOW))
    for number in range(3):
        PassedInParameter(parameters, "p").add({"Participants": number})
    text = parameters.value

    document = json.loads(text)
    assert len(text.encode()) <= published.MAX_BYTES
    assert document["aliases"]["bad"] == {"standing": "none", "verdict": "legacy"}
    assert document["left_out"] == 61 - len(document["aliases"])


def test_the_worst_is_told_first_and_nothing_twice() -> None:
    said = report.reason([*FINDINGS, FINDINGS[3]])

    assert said.split(" | ") == [
        "Model access: none (m): quota_zero. do this",
        "Model access: smart (m): legacy. do this",
    ]
    assert report.summary(FINDINGS) == "fast: ready; smart: fallback (legacy); none: none (quota_zero)"
