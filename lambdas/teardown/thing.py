"""What an inventory lists: one thing of an environment, and what it costs while it is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Origin = Literal["stack", "run time", "left over", "bootstrap", "account"]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that is there.

    Attributes:
        service: boto3's name of the service that has it.
        type: what it is, as the service calls it: ``provisioned-throughput``.
        id: how the service, and CloudFormation, call this one.
        arn: of it; "" where it has none.
        usd_per_hour: what it costs used or not; None where no price is known.
        origin: made by a stack that is there (``stack``), made while the platform ran (``run time``), of a stack that
            is gone (``left over``), or what environments share: CDK's own stack (``bootstrap``), and what one made and
            all others of the account use (``account``).
        state: as the service has it; "" where it has none.
        why: it is still there, once somebody tried to delete it; or why it stays, of what environments share.
    """

    service: str
    type: str
    id: str
    arn: str = ""
    usd_per_hour: float | None = None
    origin: Origin = "left over"
    state: str = ""
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Which one it is, whatever state it is in."""
        return self.service, self.type, self.id

    def shown(self) -> dict[str, Any]:
        """Return it as ``quarry inventory --json`` prints it."""
        names = ["service", "type", "id", "arn", "usd_per_hour", "origin"]
        if self.origin == "account":
            names.append("why")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """What AWS did not let be looked at, so that nobody knows whether anything is there.

    Attributes:
        what: in words: ``bedrock provisioned-throughput``.
        why: AWS's refusal.
    """

    what: str
    why: str


class Price(Protocol):
    """Tells what a thing costs."""

    def __call__(self, service: str, type_: str, id_: str, details: Mapping[str, Any], /) -> float | None:
        """Return US dollars per hour, 0.0 for what costs nothing by itself, None where no price is known.

        Args:
            details: what the service's list or description says of it, in the service's own words:
                ``{"modelUnits": 2, "modelArn": ...}``.
        """
