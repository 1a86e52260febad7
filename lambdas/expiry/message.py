"""What the owners are told: before the end, at it, and of the budget."""

from lambdas.common.figures import us_dollars
from lambdas.expiry import duration
from lambdas.expiry.steps import AGAIN_SECONDS, EXECUTIONS, State

# Of a subject. Source: SNS API reference, Publish.
MAX_SUBJECT = 99


def warning(environment: str, *, ends_at: int, before: int) -> tuple[str, str]:
    """Return subject and text before the end; ``before`` is in seconds."""
    when = duration.shown(ends_at)
    return (
        f"quarry {environment}: ends at {when}",
        f"The environment {environment} ends at {when}, {duration.span(before)} from now: what costs goes first, then "
        "its stacks with all that is in them. To keep it for longer:\n\n"
        f"    quarry extend 24h --environment {environment}\n",
    )


def verdict(environment: str, state: State) -> tuple[str, str]:
    """Return subject and text at the end: found, deleted, left, and what that still costs."""
    if state.why == "budget":
        return _stopped(environment, state)
    left, hourly = _left(state)
    found = len(state.deleted) + len(state.left)
    lines = [
        f"The environment {environment} has ended, as it was to at {duration.shown(state.ends_at)}.",
        "",
        f"found {found}, deleted {len(state.deleted)}, left {len(state.left)}, still billing {hourly} USD per hour",
        "",
        *(f"deleted  {name}" for name in state.deleted),
        *left,
        "",
    ]
    if not state.left:
        lines += ["The deletion of its last stack, which sends this, is requested: nothing is told after it."]
        return f"quarry {environment}: ended, nothing is left", "\n".join(lines)
    if state.attempt < EXECUTIONS:
        lines += [f"It is tried again in {duration.span(AGAIN_SECONDS)}, and the last stack stays until then."]
    else:
        lines += [f"That was the last of {EXECUTIONS} tries. By hand: quarry teardown --environment {environment}"]
    return f"quarry {environment}: ended, {len(state.left)} left", "\n".join(lines)


def _stopped(environment: str, state: State) -> tuple[str, str]:
    left, hourly = _left(state)
    lines = [
        f"The budget of the environment {environment} is spent, so it has stopped: every request that costs is refused "
        "(429 budget_spent), and what costs by the hour was ended.",
        "",
        f"deleted {len(state.deleted)}, left {len(state.left)}, still billing {hourly} USD per hour",
        "",
        *(f"deleted  {name}" for name in state.deleted),
        *left,
        "",
        f"To go on: quarry resume --budget USD --environment {environment}. A new month begins at nothing.",
    ]
    return f"quarry {environment}: budget spent, stopped", "\n".join(lines)


def _left(state: State) -> tuple[list[str], str]:
    lines = []
    for one in state.left:
        price = "price unknown" if one.usd_per_hour is None else f"{one.usd_per_hour:.4f} USD per hour"
        lines.append(f"left     {one.what} ({price}): {one.reason}")
    known = sum(one.usd_per_hour or 0.0 for one in state.left)
    return lines, f"{known:.4f}" + (" or more" if any(one.usd_per_hour is None for one in state.left) else "")


def alert(environment: str, *, percent: int, spent: int, monthly: int, month: str) -> tuple[str, str]:
    """Return subject and text where a threshold of the budget is passed; money is micro-dollars."""
    return (
        f"quarry {environment}: {percent} % of the budget of {month} spent",
        f"{us_dollars(spent / 1e6)} of {us_dollars(monthly / 1e6)} USD of {month} are spent in the environment "
        f"{environment}, as the platform itself counts: what keys were charged, and what was metered of what costs by "
        "the hour. AWS's own figures come hours later.\n",
    )
