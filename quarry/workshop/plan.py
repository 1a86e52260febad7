"""What a workshop needs of an account, against what the account has, or against AWS's defaults if nobody can say.

And what it needs of the environment file: the endpoint's own throttle refuses people whatever the account has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from configuration.config import Config
from configuration.studio.section import Studio
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment
from quarry.deployed.refusals import explanation
from quarry.workshop.needs import Need, Throttled, needs, throttled
from quarry.workshop.price import unpriced, usd_per_hour

ACCOUNT: Final = "account"
DEFAULT: Final = "default"
# What Service Quotas says of a quota that nobody has changed, in regions that know it by default only.
_UNKNOWN: Final = {"NoSuchResourceException", "NoSuchResource"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A quota against its need. ``value``: None if neither the account nor a source says."""

    need: Need
    value: float | None
    source: str

    @property
    def ok(self) -> bool:
        """Whether it does not stop the workshop, as far as is known."""
        return self.value is None or self.value >= self.need.needed

    def request(self, region: str) -> str:
        """Return the command that asks AWS for enough of it."""
        quota = self.need.quota
        return (
            f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
            f"--quota-code {quota.code} --desired-value {self.need.needed} --region {region}"
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A workshop on paper.

    Attributes:
        throttled: what the environment file itself allows of requests.
        asked: why AWS's defaults stand for the account's values; None if they do not.
        unpriced: what of it has no price in the region, and so is in no sum.
    """

    people: int
    region: str
    rows: list[Row]
    throttled: list[Throttled]
    usd: dict[str, float]
    hours: float
    usd_allowances: float
    asked: str | None
    unpriced: list[str]

    @property
    def stopping(self) -> list[Row]:
        """The quotas that stop it."""
        return [row for row in self.rows if not row.ok]

    @property
    def too_tight(self) -> list[Throttled]:
        """Knobs of the environment file that refuse some of the people."""
        return [one for one in self.throttled if not one.ok]

    @property
    def usd_per_hour(self) -> float:
        """Everything but models, while every app runs."""
        return sum(self.usd.values())

    @property
    def usd_event(self) -> float:
        """Everything but models, for the length of the event."""
        return self.usd_per_hour * self.hours

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; ``request`` is None where nothing has to be asked for."""
        return {
            "participants": self.people,
            "quotas": [
                {
                    "code": row.need.quota.code,
                    "name": row.need.quota.name,
                    "needed": row.need.needed,
                    "value": row.value,
                    "ok": row.ok,
                    "service": row.need.quota.service,
                    "source": row.source,
                    "request": None if row.ok else row.request(self.region),
                }
                for row in self.rows
            ],
            "throttle": [
                {"knob": one.knob, "needed": one.needed, "value": one.value, "ok": one.ok} for one in self.throttled
            ],
            "usd_per_hour": round(self.usd_per_hour, 4),
            "usd_event": round(self.usd_event, 4),
            "usd_per_person": round(self.usd_event / self.people, 4),
            "usd_allowances": round(self.usd_allowances, 4),
            "unpriced": self.unpriced,
        }


def plan(config: Config, studio: Studio, *, people: int) -> Plan:
    """Return the plan for that many people. The account is asked if it can be; nothing has to be deployed."""
    wanted = needs(config, studio, people=people)
    values, problem = _values(config, wanted)
    rows = [
        Row(
            need=need,
            value=values.get(need.quota.code, need.quota.default),
            source=ACCOUNT if need.quota.code in values else DEFAULT,
        )
        for need in wanted
    ]
    return Plan(
        people=people,
        region=config.region,
        rows=rows,
        throttled=throttled(config, studio, people=people),
        usd=usd_per_hour(config, studio, people=people),
        hours=studio.hours,
        usd_allowances=people * studio.allowance.usd,
        asked=problem,
        unpriced=unpriced(config, studio),
    )


def _values(config: Config, wanted: Iterable[Need]) -> tuple[dict[str, float], str | None]:
    """Return code -> the account's value, and why some are missing."""
    found: dict[str, float] = {}
    try:
        client = Deployment(config).client("service-quotas")
        for need in wanted:
            try:
                reply = client.get_service_quota(ServiceCode=need.quota.service, QuotaCode=need.quota.code)
            except ClientError as error:
                if error.response["Error"].get("Code") not in _UNKNOWN:
                    raise
                continue
            found[need.quota.code] = float(reply["Quota"]["Value"])
    except (BotoCoreError, ClientError) as error:
        return found, explanation(error)
    except CommandError as error:
        return found, str(error)
    return found, None
