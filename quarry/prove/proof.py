"""What a proof is: an uncertainty, how the code stands to it, and what an account says."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from quarry.deployed.deployment import Deployment
from quarry.deployed.endpoint import Endpoint


class Verdict(StrEnum):
    """What came of a proof."""

    AS_WRITTEN = "as written"
    OTHERWISE = "otherwise"
    NOT_TOLD = "not told"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the account said: the verdict, and what was seen, in a sentence."""

    verdict: Verdict
    seen: str

    @classmethod
    def of(cls, as_written: bool, seen: str) -> "Outcome":
        """Return the one that an observation makes."""
        return cls(verdict=Verdict.AS_WRITTEN if as_written else Verdict.OTHERWISE, seen=seen)


def not_told(why: str) -> Outcome:
    """Return that this account, or this environment, cannot tell."""
    return Outcome(verdict=Verdict.NOT_TOLD, seen=why)


@dataclass(frozen=True)
class Account:
    """What proofs ask: AWS with the operator's credentials, and the endpoint with the key that was saved."""

    deployment: Deployment

    def client(self, service: str) -> Any:
        """Return boto3's client of ``service`` in the environment's region."""
        return self.deployment.client(service)

    @cached_property
    def endpoint(self) -> Endpoint:
        """The deployed API.

        Raises:
            CommandError: no key for it is saved.
        """
        return Endpoint.saved(self.deployment.config.name)


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """Something that no document settles.

    Attributes:
        name: by which it is chosen.
        uncertain: what is not known.
        written: how the code is written, so that it works either way or fails in words.
        does: what the proof does.
        command: what proves it by hand; for ``prove`` None, the command itself.
        usd: the most that it costs, in US dollars.
        prove: asks; raises what AWS and the endpoint raise. None where it takes more than this command may do.
    """

    name: str
    uncertain: str
    written: str
    does: str
    command: str = ""
    usd: float = 0.0
    prove: Callable[[Account], Outcome] | None = None

    @property
    def by(self) -> str:
        """The command that proves it."""
        return self.command if self.prove is None else f"quarry prove --only {self.name}"
