"""The environment's month: what is added, when it stops, and what a key's calls are told then."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage
from lambdas.budget.settings import BudgetSettings
from lambdas.budget.spending import (
    ADDED_SECONDS,
    AGAIN_SECONDS,
    ATTEMPTS,
    BudgetSpentError,
    Month,
    Spending,
    key,
    month_of,
)
from lambdas.common.errors import UnavailableError
from tests import mocked_aws
from tests.lambdas.allowances.conftest import Clock, caller, ledger_over, usage
from tests.lambdas.allowances.fakes import FakeTable, OneAtATime, refused

STOP = 1_000
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def environment() -> Iterator[Any]:
    """moto's DynamoDB, with the environment's table."""
    with mocked_aws.mock_aws():
        client: Any = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName="environment",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield OneAtATime(client)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spending_over(client: Any, clock: Clock, *, stop: int | None = STOP) -> Spending:
    settings = BudgetSettings(table="environment", stop_micro_dollars=stop)
    return Spending(client=client, settings=settings, clock=clock, sleep=lambda _: None)


@pytest.fixture
def spending(environment: Any, clock: Clock) -> Spending:
    return spending_over(environment, clock)


@pytest.fixture
def accounts() -> FakeTable:
    return FakeTable()


@pytest.fixture
def ledger(accounts: FakeTable, clock: Clock, spending: Spending) -> Ledger:
    made = ledger_over(accounts, clock)
    made._spending = spending
    return made


def test_what_is_added_is_the_months_and_a_new_month_begins_at_nothing(spending: Spending, clock: Clock) -> None:
    spending.add(300)
    spending.add(0)
    spending.add(700)

    assert spending.month() == Month(name="2026-11", keys=1_000)
    clock.now = NEW_YEAR - 1
    assert spending.month() == Month(name="2026-12")
    clock.now = NEW_YEAR
    assert month_of(clock.now) == "2027-01"


@pytest.mark.parametrize(
    ("month", "stop", "stopped"),
    [
        (Month(name="m", keys=999), STOP, False),
        (Month(name="m", keys=1_000), STOP, True),
        (Month(name="m", keys=600, running=400), STOP, True),
        (Month(name="m", keys=5_000), None, False),
        (Month(name="m", keys=1_000, stop_at=2_000), STOP, False),
        (Month(name="m", keys=2_000, stop_at=2_000), STOP, True),
    ],
)
def test_it_stops_at_the_budget_or_where_it_was_lifted_to(month: Month, stop: int | None, stopped: bool) -> None:
    assert month.is_stopped(BudgetSettings(table="t", stop_micro_dollars=stop)) is stopped


@pytest.mark.parametrize("who", [caller(), caller(rpm=5, tokens=1_000, usd=10_000)], ids=["unlimited", "limited"])
def test_the_request_after_the_one_that_spends_the_budget_is_refused(
    ledger: Ledger, accounts: FakeTable, who: Any
) -> None:
    ledger.settle(ledger.reserve(who, alias="fast", estimate=usage(600)), usage(STOP - 1))
    ledger.settle(ledger.reserve(who, alias="fast", estimate=usage(600)), usage(1))
    held = ledger.remaining(who)

    with pytest.raises(BudgetSpentError) as refusal:
        ledger.reserve(who, alias="fast", estimate=usage(600))

    assert refusal.value.status == 429
    assert refusal.value.to_body()["error"]["type"] == "rate_limit_error"
    assert refusal.value.to_body()["error"]["code"] == "budget_spent"
    assert "The budget of this platform for 2026-11 is spent" in refusal.value.message
    assert refusal.value.headers() == {"x-should-retry": "false"}
    left = ledger.remaining(who)
    # What it held is given back.
    assert (left.tokens, left.micro_dollars) == (held.tokens, held.micro_dollars)


def test_lifting_it_lets_the_next_request_through(ledger: Ledger, spending: Spending, environment: Any) -> None:
    spending.add(STOP)
    environment.update_item(
        TableName="environment",
        Key=key("2026-11"),
        UpdateExpression="SET stop_at = :more",
        ExpressionAttributeValues={":more": {"N": str(2 * STOP)}},
    )

    assert ledger.reserve(caller(), alias="fast", estimate=usage(1)).alias == "fast"


def test_calls_at_once_pass_the_budget_by_no_more_than_what_is_under_way(ledger: Ledger, spending: Spending) -> None:
    """Forty threads that go on until they are refused; each call takes 90."""
    under_way = threading.Semaphore(8)
    refusals = []

    def call() -> None:
        while True:
            with under_way:
                try:
                    reservation = ledger.reserve(caller(), alias="fast", estimate=Usage())
                except BudgetSpentError as error:
                    refusals.append(error)
                    return
                ledger.settle(reservation, usage(90))

    threads = [threading.Thread(target=call) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refusals) == 40
    assert STOP <= spending.month().total < STOP + 8 * 90


def test_settling_twice_is_counted_once(ledger: Ledger, spending: Spending) -> None:
    for who in (caller(), caller(usd=10_000)):
        reservation = ledger.reserve(who, alias="fast", estimate=usage(100))
        ledger.settle(reservation, usage(100))
        ledger.settle(reservation, usage(100))

    assert spending.month().keys == 200


def test_what_a_died_call_is_charged_is_counted(ledger: Ledger, spending: Spending, clock: Clock) -> None:
    ledger.reserve(caller(usd=10_000), alias="fast", estimate=usage(100, of_input=40))
    clock.now += 3_600

    assert ledger.sweep(clock.now) == 1
    assert spending.month().keys == 40


def test_without_a_stop_nothing_is_read_and_all_is_counted(environment: Any, clock: Clock) -> None:
    spending = spending_over(environment, clock, stop=None)
    spending.add(STOP * 100)
    unread = Busy("AccessDenied")

    spending_over(unread, clock, stop=None).check()

    assert unread.calls == 0
    assert spending.month().keys == STOP * 100


class Busy:
    """A DynamoDB that refuses so many calls with a code."""

    def __init__(self, code: str, times: int = 100) -> None:
        self.code, self.times, self.calls = code, times, 0

    def get_item(self, **kwargs: Any) -> dict[str, Any]:
        self.calls += 1
        if self.calls <= self.times:
            raise refused(self.code)
        return {}

    update_item = get_item


class Lossy:
    """The environment's table, of which answers are lost after it has done what it was asked.

    Args:
        lost: what is raised in place of the next answers.
    """

    def __init__(self, client: Any, lost: list[Exception], after: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self.lost = lost
        self.asked = 0
        self._after = after

    def get_item(self, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get_item(**kwargs)
        return found

    def update_item(self, **kwargs: Any) -> dict[str, Any]:
        self.asked += 1
        done: dict[str, Any] = self._client.update_item(**kwargs)
        self._after()
        if self.lost:
            raise self.lost.pop(0)
        return done


LOST = [
    ReadTimeoutError(endpoint_url="https://dynamodb.test"),
    ConnectionClosedError(endpoint_url="https://dynamodb.test"),
    refused("InternalServerError"),
    refused("ServiceUnavailable"),
]


@pytest.mark.parametrize("lost", LOST, ids=lambda error: type(error).__name__)
def test_an_addition_whose_answer_is_lost_is_made_again_and_added_once(
    environment: Any, clock: Clock, lost: Exception
) -> None:
    client = Lossy(environment, [lost, lost])
    spending = spending_over(client, clock)

    spending.add(300)
    spending.add(300)

    assert client.asked == 4
    assert spending.month().keys == 600


def test_an_addition_is_not_made_again_once_it_may_be_forgotten(environment: Any, clock: Clock) -> None:
    def waits() -> None:
        clock.now += AGAIN_SECONDS + 1

    client = Lossy(environment, [LOST[0]], after=waits)
    spending = spending_over(client, clock)

    with pytest.raises(ReadTimeoutError):
        spending.add(300)

    assert (client.asked, spending.month().keys) == (1, 300)


def test_no_addition_is_made_again_where_nothing_can_be_sent(environment: Any, clock: Clock) -> None:
    client = Lossy(environment, [EndpointConnectionError(endpoint_url="https://dynamodb.test")])

    with pytest.raises(EndpointConnectionError):
        spending_over(client, clock).add(300)

    assert client.asked == 1


def test_what_was_added_is_remembered_for_some_seconds_and_then_forgotten(
    spending: Spending, environment: Any, clock: Clock
) -> None:
    remembered = []
    for _ in range(40):
        spending.add(1)
        item = environment.get_item(TableName="environment", Key=key("2026-11"))["Item"]
        remembered.append(sum(len(value["SS"]) for name, value in item.items() if name.startswith("s#")))
        clock.now += 1

    # An addition a second: those of one turn at least, of two at most.
    assert remembered[0] == 1
    assert all(ADDED_SECONDS <= count <= 2 * ADDED_SECONDS for count in remembered[ADDED_SECONDS:])


def test_a_busy_table_is_asked_again(clock: Clock) -> None:
    client = Busy("ThrottlingException", times=ATTEMPTS - 1)
    spending_over(client, clock).check()
    assert client.calls == ATTEMPTS


@pytest.mark.parametrize(("code", "calls"), [("ThrottlingException", ATTEMPTS), ("ResourceNotFoundException", 1)])
def test_where_nobody_knows_what_is_spent_nothing_is_spent(clock: Clock, code: str, calls: int) -> None:
    client = Busy(code)

    with pytest.raises(UnavailableError) as unknown:
        spending_over(client, clock).check()

    assert (unknown.value.code, unknown.value.status, client.calls) == ("budget_unknown", 503, calls)
