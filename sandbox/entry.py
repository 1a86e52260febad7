"""A resource of a service that takes its time: its state, and the change that it is in, by the sandbox's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sandbox import clock
from sandbox.connection import ACCOUNT, REGION
from sandbox.model.errors import Json
from sandbox.scripting import Step

SECONDS: Final = 0.2
"""How long a change takes that nothing says otherwise of: long enough that a client sees that it is not done yet."""


@dataclass
class Entry:
    """One resource. ``members`` is what the service answers of it besides its name, state and times."""

    kind: str
    name: str
    arn: str
    members: Json
    tags: dict[str, str] = field(default_factory=dict)
    status: str = ""
    reason: str = ""
    created: float = field(default_factory=clock.now)
    modified: float = field(default_factory=clock.now)
    target: str | None = None
    ends: float = 0.0
    step: Step | None = None

    def change(
        self, step: Step | None, seconds: float | None = None, *, through: str, to: str, failing: str = "Failed"
    ) -> None:
        """Begin a change of state: through one such as Creating to its end, or to what a step says."""
        self.status, self.step, self.modified = through, step, clock.now()
        lasting = SECONDS if seconds is None else seconds
        self.ends = self.modified + (step.seconds if step is not None and step.do == "take" else lasting)
        self.target, self.reason = to, ""
        if step is not None and step.do == "fail":
            self.target, self.reason = failing, step.reason

    @property
    def is_changing(self) -> bool:
        """Whether it is in a change."""
        return self.target is not None

    @property
    def is_past(self) -> bool:
        """Whether the time of the change that it is in is over; it may be held all the same."""
        return self.is_changing and clock.now() >= self.ends

    def arrive(self) -> None:
        """Be where the change leads to, since when it was to end."""
        self.status, self.target, self.step = self.target or self.status, None, None
        self.modified = max(self.modified, self.ends)


def elsewhere(account: str, region: str) -> str:
    """What the inventory adds to a name of another account or region; nothing for the sandbox's own."""
    return "" if (account, region) == (ACCOUNT, REGION) else f"@{account}/{region}"
