from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Entry, Inventory
from lambdas.teardown.kinds.table import BY_RESOURCE
from lambdas.teardown.stack import Resource, Stack
from lambdas.teardown.thing import Thing, Unseen
from lambdas.teardown.verdict import Verdict
from quarry.teardown import commands, report
from quarry.teardown.used import Used
from tests.quarry.conftest import Ran, Run

TABLE = Thing(service="dynamodb", type="table", id="t", usd_per_hour=0.5, origin="stack")
DENIED = Unseen(what="bedrock custom-model", why="AccessDenied: no")
Asked = list[dict[str, Any]]


def inventory(*things: Thing, unseen: tuple[Unseen, ...] = (), retained: bool = False) -> Inventory:
    entries = tuple(Entry(thing=one, kind=BY_RESOURCE["AWS::DynamoDB::Table"], in_stack=True) for one in things)
    stack = Stack(name="quarry-dev-inference", id="arn:1", status="CREATE_COMPLETE", aws=None)  # type: ignore[arg-type]
    resources = {"Table": {"DeletionPolicy": "Retain" if retained else "Delete"}}
    # As in every environment.
    resources["Version"] = {"DeletionPolicy": "Retain"}
    stack.__dict__["template"] = {"Resources": resources}
    table = Resource(logical_id="Table", id="t", type="AWS::DynamoDB::Table", status="CREATE_COMPLETE")
    version = Resource(logical_id="Version", id="v", type="AWS::Bedrock::GuardrailVersion", status="CREATE_COMPLETE")
    stack.__dict__["resources"] = [table, version]
    return Inventory(entries=entries, stacks=(stack,) if things else (), shared=(), unseen=unseen)


def verdict(*, left: tuple[Thing, ...] = (), unseen: tuple[Unseen, ...] = (), over: bool = False) -> Verdict:
    return Verdict(
        found=(TABLE,), deleted=() if left else (TABLE,), retained=(), left=left, unseen=unseen, time_over=over
    )


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Inventory, Verdict], Asked]:
    """Return a function that says what is found, and how a teardown ends; it returns what teardowns were asked."""
    monkeypatch.setenv("QUARRY_STATE", str(tmp_path))

    def say(found: Inventory, end: Verdict) -> Asked:
        asked: Asked = []

        def tear_down(_aws: object, **given: Any) -> Verdict:
            asked.append(given)
            return end

        monkeypatch.setattr(commands, "reach", lambda _aws: None)
        monkeypatch.setattr(commands, "take_inventory", lambda _aws: found)
        monkeypatch.setattr(commands, "tear_down", tear_down)
        monkeypatch.setattr(report, "used", lambda _aws, _found: Used())
        return asked

    return say


Deployed = Callable[[Inventory, Verdict], Asked]


def failed(ran: Ran, code: int) -> Ran:
    assert ran.code == code, ran
    return ran


def test_inventory_prints_a_list_for_programs_with_exactly_these_fields(run: Run, deployed: Deployed) -> None:
    deployed(inventory(TABLE), verdict())
    ran = run("inventory", "-e", "dev", "--json")

    assert [row["id"] for row in ran.json] == ["quarry-dev-inference", "t"]
    assert all(set(row) == {"service", "type", "id", "arn", "usd_per_hour", "origin"} for row in ran.json)


def test_inventory_shows_people_the_dearest_first_with_the_total(run: Run, deployed: Deployed) -> None:
    deployed(inventory(TABLE), verdict())
    out = run("inventory", "-e", "dev").out

    assert out.index("dynamodb") < out.index("cloudformation")
    assert "2 things, 0.5000 USD an hour (365.00 a month)." in out


def test_an_empty_inventory_is_nothing_and_an_empty_list(run: Run, deployed: Deployed) -> None:
    deployed(inventory(), verdict())

    assert "Nothing is left." in run("inventory", "-e", "dev").out
    assert run("inventory", "-e", "dev", "--json").json == []


def test_a_denied_list_is_told_by_name_and_fails(run: Run, deployed: Deployed) -> None:
    deployed(inventory(unseen=(DENIED,)), verdict())
    ran = failed(run("inventory", "-e", "dev"), 1)

    assert "Not known: bedrock custom-model" in ran.err
    assert "Nothing" not in ran.out


class Silent:
    """A service that never answers, but with an error of botocore's."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    def __getattr__(self, _operation: str) -> Any:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (EndpointConnectionError(endpoint_url="http://localhost:4999/"), "Is it up? `make up` starts it."),
        (NoCredentialsError(), "There are no credentials for AWS"),
    ],
    ids=["dead", "nobody"],
)
@pytest.mark.parametrize("command", [("inventory",), ("teardown", "--yes")], ids=" ".join)
def test_where_nothing_can_be_asked_one_question_and_one_sentence_are_all(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], error: Exception, says: str
) -> None:
    silent = Silent(error)
    aws = Aws(environment="dev", region="us-east-1", clients=lambda _service: silent)
    monkeypatch.setattr(commands, "account", lambda _name, _region: aws)
    ran = failed(run(*command, "-e", "dev"), 1)

    assert (silent.asked, ran.err.count(says), ran.out) == (1, 1, "")
    assert "Not known" not in ran.err


def test_teardown_without_yes_has_the_name_typed(run: Run, deployed: Deployed) -> None:
    asked = deployed(inventory(TABLE), verdict())

    assert run("teardown", "-e", "dev", stdin="dev\n").out.count("Nothing is left.") == 1
    assert len(asked) == 1


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "dev-2\n", "\n", ""])
def test_anything_else_deletes_nothing(run: Run, deployed: Deployed, typed: str) -> None:
    asked = deployed(inventory(TABLE), verdict())
    ran = failed(run("teardown", "-e", "dev", stdin=typed), 1)

    assert "Nothing was deleted" in ran.err
    assert asked == []


def test_the_verdict_for_programs(run: Run, deployed: Deployed) -> None:
    deployed(inventory(TABLE), verdict())
    told = run("teardown", "-e", "dev", "--yes", "--json").json

    assert {"found", "deleted", "left", "usd_per_hour_left"} <= set(told)
    assert (told["left"], told["usd_per_hour_left"]) == ([], 0)
    assert [one["id"] for one in told["deleted"]] == ["t"]


def test_what_is_left_is_told_with_why_and_what_to_do_and_fails(run: Run, deployed: Deployed) -> None:
    left = Thing(service="s3", type="bucket", id="b", usd_per_hour=0.1, why="AccessDenied: no (DeleteBucket)")
    deployed(inventory(TABLE), verdict(left=(left,)))
    ran = failed(run("teardown", "-e", "dev", "--yes"), 1)

    assert "Left: s3 bucket b: AccessDenied: no (DeleteBucket) Grant the right that is named" in ran.err
    assert "left 1; still paid: 0.1000 USD an hour" in ran.out


def test_what_is_not_known_fails_too(run: Run, deployed: Deployed) -> None:
    deployed(inventory(TABLE), verdict(unseen=(DENIED,)))

    assert "Not known" in failed(run("teardown", "-e", "dev", "--yes"), 1).err


def test_where_data_is_retained_nobody_decides_by_saying_nothing(run: Run, deployed: Deployed) -> None:
    asked = deployed(inventory(TABLE, retained=True), verdict())

    assert "--retain data" in failed(run("teardown", "-e", "dev", "--yes"), 2).err
    assert "--retain data" in failed(run("teardown", "-e", "production", "--yes"), 2).err
    assert asked == []
    run("teardown", "-e", "dev", "--yes", "--retain", "nothing")
    run("teardown", "-e", "dev", "--yes", "--retain", "data")
    assert [one["keeps_data"] for one in asked] == [False, True]


def test_data_that_its_stack_would_delete_is_not_promised_to_stay(run: Run, deployed: Deployed) -> None:
    asked = deployed(inventory(TABLE), verdict())
    ran = failed(run("teardown", "-e", "dev", "--yes", "--retain", "data"), 2)

    assert "deployed without retain_data: dynamodb table t" in ran.err
    assert asked == []


def test_the_plan_says_what_stays_and_what_that_costs(run: Run, deployed: Deployed) -> None:
    deployed(inventory(TABLE, retained=True), verdict())
    out = run("teardown", "-e", "dev", "--yes", "--retain", "data").out

    assert "Kept, and paid for: 1 thing, 0.5000 USD an hour" in out


def test_a_report_is_written_even_where_something_is_left(run: Run, deployed: Deployed, tmp_path: Path) -> None:
    deployed(inventory(TABLE), verdict(left=(TABLE,), over=True))
    file = tmp_path / "end.md"
    ran = failed(run("teardown", "-e", "dev", "--yes", "--report", str(file)), 1)

    assert "The time was over. Run it again: it goes on from there." in ran.err
    assert "# The end of dev" in file.read_text(encoding="utf-8")
