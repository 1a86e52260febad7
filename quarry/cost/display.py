"""What people are shown of a price. Programs read JSON."""

from collections.abc import Sequence
from typing import Any, Final

from lambdas.catalogue.services import HOURS_PER_MONTH
from lambdas.common.figures import counted, us_dollars
from quarry.cost.estimate import Estimate, Row
from quarry.cost.switches import Saving
from quarry.output import print_note, print_table, print_text

_BAR: Final = 24
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
# Rows below this many dollars a month are added up into one.
_LEAST_USD: Final = 0.005


def total(found: Estimate) -> str:
    """Return the price in a sentence."""
    event = ""
    if found.usd_event is not None and found.hours is not None:
        event = f"; {us_dollars(found.usd_event)} USD for {counted(found.hours, 'hour')} with it"
    unpriced = f"; {len(found.unpriced)} without a price" if found.unpriced else ""
    return (
        f"{found.config.name} costs {found.usd_per_hour:,.4f} USD per hour while nobody uses it "
        f"({us_dollars(found.usd_per_month)} per month), and {us_dollars(found.usd_per_thousand_requests)} USD per "
        f"thousand requests{event}{unpriced}."
    )


def show(found: Estimate, cheaper: Sequence[Saving], *, mix: str) -> None:
    """Show an environment's price, what it is made of, what is unpriced, and what would be cheaper."""
    print_text(total(found), style="bold")
    print_text(
        f"List prices of {found.config.region}, as of {found.as_of}, without free tiers; {HOURS_PER_MONTH} hours are a "
        f"month. Use: {mix}, {found.usage.requests_per_day:g} requests per day, which makes "
        f"{us_dollars(found.usd_of_use_per_month)} USD a month on top."
    )
    print_text()
    _show_rows(found)
    _show_unpriced(found)
    _show_cheaper(cheaper)


def show_comparison(first: Estimate, second: Estimate) -> None:
    """Show two environments side by side, by service."""
    services = _by_service(first), _by_service(second)
    names = sorted({*services[0], *services[1]}, key=lambda name: -max(one.get(name, 0) for one in services))
    rows = [_compared(f"{name}, idle per month", *(one.get(name, 0) for one in services)) for name in names]
    rows = [row for row in rows if row[1:3] != ("0.00", "0.00")]
    rows += [
        _compared("idle per hour", first.usd_per_hour, second.usd_per_hour, digits=4),
        _compared("idle per month", first.usd_per_month, second.usd_per_month),
        _compared("per thousand requests", first.usd_per_thousand_requests, second.usd_per_thousand_requests, digits=4),
        _compared("use per month", first.usd_of_use_per_month, second.usd_of_use_per_month),
        ("until it ends", _event(first), _event(second), ""),
        ("without a price", str(len(first.unpriced)), str(len(second.unpriced)), ""),
    ]
    print_table(("US dollars", first.config.name, second.config.name, "difference"), rows)
    for one in (first, second):
        _show_unpriced(one)


def compared(first: Estimate, second: Estimate) -> dict[str, Any]:
    """Return two environments and their differences, for programs."""
    documents = [first.to_json(), second.to_json()]
    numbers = ("idle_usd_per_hour", "idle_usd_per_month", "usd_per_thousand_requests", "use_usd_per_month")
    differences = {name: round(documents[1][name] - documents[0][name], 6) for name in numbers}
    return {"environments": documents, "difference": differences}


def _show_rows(found: Estimate) -> None:
    rows = sorted(found.rows, key=lambda row: -_weight(row, found))
    shown = [row for row in rows if _weight(row, found) >= _LEAST_USD or row.usd_per_hour is None]
    most = max((_weight(row, found) for row in shown), default=0)
    lines = [
        (
            row.stack,
            row.logical_id,
            row.type_name.removeprefix("AWS::"),
            "?" if row.usd_per_hour is None else us_dollars(row.usd_per_hour * HOURS_PER_MONTH),
            f"{row.usd_per_request * 1000:,.4f}" if row.usd_per_request else "",
            bar(_weight(row, found), most),
        )
        for row in shown
    ]
    rest = len(rows) - len(shown)
    print_table(("stack", "resource", "type", "idle/month", "per 1,000", "a month with this use"), lines)
    if rest:
        print_text(f"and {rest} that cost nothing, or less than a cent a month.")


def _weight(row: Row, found: Estimate) -> float:
    """Return what a row costs in a month with the mix of use."""
    requests = found.usage.requests_per_day * HOURS_PER_MONTH / 24
    hourly = (row.usd_per_hour or 0) + row.usd_per_hour_of_use + row.usd_per_day_of_use / 24
    return hourly * HOURS_PER_MONTH + row.usd_per_request * requests


def bar(value: float, most: float) -> str:
    """Return a bar that is as long as a value is of the most, in eighths of a character."""
    eighths = round(_BAR * 8 * value / most) if most else 0
    return _EIGHTHS[-1] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _show_unpriced(found: Estimate) -> None:
    if found.unpriced:
        print_note(f"\nWithout a price in {found.config.name}, so not in any sum:", style="yellow")
        for row in found.unpriced:
            place = f"{row.stack}/{row.logical_id}" if row.stack else row.logical_id
            print_note(f"  {place} ({row.type_name}): {row.unpriced}")


def _show_cheaper(cheaper: Sequence[Saving]) -> None:
    if not cheaper:
        return
    print_text("\nCheaper, by the environment file:", style="bold")
    rows = [
        (
            f"{one.switch.knob}: {_written(one.switch.to)}",
            f"saves {us_dollars(one.usd_per_month_idle)} idle, {us_dollars(one.usd_per_month_of_use)} of use",
            f"instead of {_written(one.was)}"
            + "".join(f", with {path}: {_written(value)}" for path, value in one.switch.also.items()),
        )
        for one in cheaper
    ]
    print_table(("knob", "US dollars a month", ""), rows)


def _written(value: Any) -> str:
    """Return a value as it stands in YAML, on a line."""
    if isinstance(value, list):
        return f"[{', '.join(_written(one) for one in value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _by_service(found: Estimate) -> dict[str, float]:
    sums: dict[str, float] = {}
    for row in found.rows:
        sums[row.service] = sums.get(row.service, 0) + (row.usd_per_hour or 0) * HOURS_PER_MONTH
    return sums


def _compared(what: str, first: float, second: float, *, digits: int = 2) -> tuple[str, str, str, str]:
    return what, f"{first:,.{digits}f}", f"{second:,.{digits}f}", f"{second - first:+,.{digits}f}"


def _event(found: Estimate) -> str:
    return "-" if found.usd_event is None else f"{us_dollars(found.usd_event)} ({found.hours:g} h)"
