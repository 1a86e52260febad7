"""How participants fare: space, app, spending, and who is stuck."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from configuration.studio.participants import Participant
from lambdas.allowances.account import Account
from lambdas.allowances.report import standing
from lambdas.allowances.usage import dollars
from lambdas.authorizer.keys import ApiKey
from lambdas.common.caller import Caller
from quarry.deployed.deployment import Deployment
from quarry.keys.state import state, when
from quarry.workshop.failed_requests import FailedRequests
from quarry.workshop.keys import WorkshopKeys
from quarry.workshop.studio import StudioDomain

# An app that starts takes two or three minutes.
START_MINUTES: Final = 10
COLUMNS: Final = (
    "id",
    "name",
    "space",
    "app",
    "last request (UTC)",
    "today",
    "failed",
    "spent",
    "left",
    "key",
    "stuck",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """How a participant fares.

    Attributes:
        space: SageMaker's status, or "missing".
        app: SageMaker's status, or "stopped".
        last_request_at: seconds since the epoch, to the minute; None if there was none in the minutes that count.
        requests_today: requests of the day (UTC), failed ones not included.
        errors_today: those of the same day that got an error of the endpoint, with this key; None if that is not known.
        left: micro-dollars that the key has left, None if it has no limit or there is no key.
        stuck: why the participant cannot work; None if nothing is known to be in the way.
    """

    id: str
    name: str
    space: str
    app: str
    key_id: str | None
    key: str
    last_request_at: int | None
    requests_today: int
    errors_today: int | None
    spent: int
    left: int | None
    stuck: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; money in micro-dollars."""
        fields = asdict(self)
        fields["spent_micro_dollars"] = fields.pop("spent")
        fields["left_micro_dollars"] = fields.pop("left")
        return fields

    def row(self) -> tuple[str, ...]:
        """Return it for people."""
        return (
            self.id,
            self.name,
            self.space,
            self.app,
            when(self.last_request_at) if self.last_request_at else "",
            f"{self.requests_today:,}",
            "?" if self.errors_today is None else f"{self.errors_today:,}",
            dollars(self.spent),
            "" if self.left is None else dollars(self.left),
            self.key,
            self.stuck or "",
        )


def lines(
    deployment: Deployment,
    keys: WorkshopKeys,
    domain: StudioDomain,
    people: Sequence[Participant],
    *,
    failed: FailedRequests,
) -> list[Line]:
    """Return how everybody fares now. ``failed`` goes on from where it was when it was asked before."""
    spaces = domain.spaces()
    apps = {app["SpaceName"]: app for app in domain.apps() if app.get("SpaceName")}
    accounts = {account.key_id: account for account in deployment.ledger().accounts()}
    live = keys.live()
    now = time.time()
    errors = failed.by_key(now=now)
    return [
        _line(
            one,
            space=spaces.get(one.id, "missing"),
            app=apps.get(one.id),
            key=next(reversed(live.get(one.id, [])), None),
            accounts=accounts,
            errors=errors,
            now=now,
        )
        for one in people
    ]


def _line(
    one: Participant,
    *,
    space: str,
    app: dict[str, Any] | None,
    key: ApiKey | None,
    accounts: dict[str, Account],
    errors: Mapping[str, int] | None,
    now: float,
) -> Line:
    account = accounts.get(key.key_id) if key else None
    left, today, spent = None, 0, 0
    if key:
        caller = Caller(key_id=key.key_id, owner=key.name, limits=key.limits)
        present = standing(account or Account(key_id=key.key_id), caller, now=now)
        left, today, spent = present.remaining.micro_dollars, present.today.requests, present.total.micro_dollars
    status = app["Status"] if app else "stopped"
    return Line(
        id=one.id,
        name=one.display_name,
        space=space,
        app=status,
        key_id=key.key_id if key else None,
        key=state(key) if key else "none",
        last_request_at=max(account.requests) * 60 if account and account.requests else None,
        requests_today=today,
        errors_today=None if errors is None else errors.get(key.key_id, 0) if key else 0,
        spent=spent,
        left=left,
        stuck=_stuck(space, app, key, left=left, now=now),
    )


def _stuck(space: str, app: dict[str, Any] | None, key: ApiKey | None, *, left: int | None, now: float) -> str | None:
    """Return what is in a participant's way, the first thing to mend first."""
    if space not in {"InService", "Updating"}:
        return f"space {space}"
    if app and app["Status"] == "Failed":
        return "app failed: `quarry workshop start` tries again"
    started = app.get("CreationTime") if app and app["Status"] == "Pending" else None
    if started and now - started.timestamp() > START_MINUTES * 60:
        return f"app pending for more than {START_MINUTES} minutes"
    if key is None:
        return "no key: `quarry workshop up` makes one"
    if key.refusal(now):
        return f"key {state(key)}"
    return "out of dollars: `quarry workshop raise`" if left == 0 else None
