"""The latest findings, in an SSM parameter: what ``GET /v1/models`` tells of each alias.

    {"checked_at": "2026-11-21T15:00:00+00:00", "aliases": {"fast": {"standing": "first", "verdict": "ready"}, ...}}

``standing`` is one of ``first``, ``fallback``, ``none`` (``lambdas.model_access.verdicts.Standing``); ``verdict`` is
the first choice's. The parameter belongs to the stack, which makes it as ``EMPTY``: nothing was checked yet. At most
4 KB: what does not fit is left out, good aliases first, and ``left_out`` says how many. Beside them stands ``passed``,
which is ``lambdas.model_access.passed``'s and kept by every later write.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from lambdas.model_access.verdicts import AliasStanding, Finding, Standing, Verdict, standings

EMPTY: Final = '{"aliases":{}}'
# A standard parameter, which costs nothing, holds this many bytes.
MAX_BYTES: Final = 4096
# Of these, kept for ``passed``.
PASSED_BYTES: Final = 256


class ParameterClient(Protocol):
    """The calls that are made, with SSM's own shapes."""

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_parameter(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was found last; ``checked_at`` (UTC) is None if nothing was checked yet."""

    checked_at: datetime | None = None
    aliases: dict[str, AliasStanding] = field(default_factory=dict)


def read(client: ParameterClient, name: str) -> Published:
    """Return what was published under the parameter's name.

    Raises:
        ValueError: the parameter holds something else.
        botocore.exceptions.ClientError: it cannot be read.
    """
    document = json.loads(client.get_parameter(Name=name)["Parameter"]["Value"])
    try:
        checked_at = document.get("checked_at")
        return Published(
            checked_at=datetime.fromisoformat(checked_at) if checked_at else None,
            aliases={
                alias: AliasStanding(
                    alias=alias, standing=Standing(entry["standing"]), verdict=Verdict(entry["verdict"])
                )
                for alias, entry in document["aliases"].items()
            },
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{name} does not hold what a check publishes: {error}") from error


def write(client: ParameterClient, name: str, findings: Iterable[Finding], *, now: datetime | None = None) -> None:
    """Publish findings; what has passed stays.

    Raises:
        botocore.exceptions.ClientError: the parameter cannot be read or written.
    """
    passed = document_in(client, name).get("passed", [])
    value = render(standings(findings), now=now or datetime.now(UTC), passed=passed)
    client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def document_in(client: ParameterClient, name: str) -> dict[str, Any]:
    """Return the parameter's JSON as it is; that of ``EMPTY`` if it holds something else.

    Raises:
        botocore.exceptions.ClientError: it cannot be read.
    """
    try:
        document = json.loads(client.get_parameter(Name=name)["Parameter"]["Value"])
    except ValueError:
        document = None
    return document if isinstance(document, dict) else dict(json.loads(EMPTY))


def render(aliases: Iterable[AliasStanding], *, now: datetime, passed: Sequence[Any] = ()) -> str:
    """Return the parameter's value, at most ``MAX_BYTES`` long.

    Args:
        passed: what stands there as ``passed``, at most ``PASSED_BYTES`` long.
    """
    # Stable: what is not good comes first, so that only good news is ever left out.
    ordered = sorted(aliases, key=lambda one: one.standing is Standing.FIRST)
    kept = len(ordered)
    while True:
        document: dict[str, Any] = {
            "checked_at": now.replace(microsecond=0).isoformat(),
            "aliases": {
                one.alias: {"standing": one.standing.value, "verdict": one.verdict.value} for one in ordered[:kept]
            },
        }
        if kept < len(ordered):
            document["left_out"] = len(ordered) - kept
        if len(as_value(document).encode()) <= MAX_BYTES - PASSED_BYTES:
            return as_value({**document, "passed": list(passed)} if passed else document)
        kept -= 1


def as_value(document: dict[str, Any]) -> str:
    """Return the document as the parameter holds it."""
    return json.dumps(document, separators=(",", ":"))
