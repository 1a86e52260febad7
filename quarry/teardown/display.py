"""Things and verdicts as people read them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from lambdas.common.figures import counted, us_dollars
from lambdas.teardown.inventory import Inventory, usd
from lambdas.teardown.thing import Thing, Unseen
from lambdas.teardown.verdict import Verdict, remedy
from quarry.output import print_note, print_table, print_text

HOURS_A_MONTH: Final = 730


def money(amount: float | None) -> str:
    """Return dollars per hour as people read them; what has no price is said to have none."""
    if amount is None:
        return "not priced"
    if amount == 0:
        return "0"
    return f"{amount:.4f}" if amount >= 0.0001 else "<0.0001"


def total(things: Sequence[Thing]) -> str:
    """Return how many there are and what they cost, in one line."""
    amount = usd(things)
    unpriced = sum(one.usd_per_hour is None for one in things)
    beside = f", and {unpriced:,} that have no price here" if unpriced else ""
    monthly = us_dollars(amount * HOURS_A_MONTH)
    return f"{counted(len(things), 'thing')}, {amount:.4f} USD an hour ({monthly} a month){beside}."


def show_things(things: Iterable[Thing]) -> None:
    """Print a line for each, the dearest first."""
    dearest = sorted(things, key=lambda one: (-(one.usd_per_hour or 0.0), one.service, one.type, one.id))
    rows = [(one.service, one.type, one.id, money(one.usd_per_hour), one.origin, one.state) for one in dearest]
    print_table(("service", "type", "id", "USD/hour", "origin", "state"), rows)


def show_inventory(found: Inventory) -> None:
    """Print what there is, and what could not be looked at."""
    things = found.things
    if things:
        show_things([*things, *found.shared])
        print_text()
        print_text(total(things), style="bold")
    elif not found.unseen:
        print_text("Nothing is left.", style="bold")
    show_shared(found.shared)
    show_unseen(found.unseen)


def show_shared(shared: Iterable[Thing]) -> None:
    """Say what stays because others of the account use it."""
    for one in shared:
        if one.why:
            print_text(f"Stays: {one.service} {one.type} {one.id}: {one.why}")


def show_unseen(unseen: Iterable[Unseen]) -> None:
    """Say what could not be looked at, so that nobody takes silence for absence."""
    for one in unseen:
        print_note(f"Not known: {one.what}: AWS does not let it be looked at ({one.why}).", style="red")


def show_plan(found: Inventory, *, keeps_data: bool) -> None:
    """Print what a teardown would do, by kind, in money."""
    stays = [entry.thing for entry in found.entries if keeps_data and entry.kind is not None and entry.kind.data]
    goes = [one for one in found.things if one not in stays]
    print_text(f"To be deleted: {total(goes)}", style="bold")
    counts = Counter((one.service, one.type) for one in goes)
    rows = []
    for (service, type_), count in sorted(counts.items()):
        alike = [one for one in goes if (one.service, one.type) == (service, type_)]
        rows.append((f"{count:,}", f"{service} {type_}", money(usd(alike))))
    print_table(("", "what", "USD/hour"), rows)
    if stays:
        print_text(f"Kept, and paid for: {total(stays)}", style="bold")
        show_things(stays)


def show_verdict(verdict: Verdict) -> None:
    """Print what was found, what is gone, what is left, why, and what to do."""
    print_text()
    print_text(
        f"Found {len(verdict.found):,}, deleted {len(verdict.deleted):,}, left {len(verdict.left):,}; still paid: "
        f"{verdict.usd_per_hour_left:.4f} USD an hour.",
        style="bold",
    )
    if verdict.retained:
        print_text(f"Kept as asked: {total(verdict.retained)}")
        show_things(verdict.retained)
    for thing in verdict.left:
        why = thing.why or (f"It is {thing.state}." if thing.state else "It is there.")
        print_note(f"Left: {thing.service} {thing.type} {thing.id}: {why} {remedy(thing)}", style="red")
    show_shared(verdict.shared)
    show_unseen(verdict.unseen)
    if verdict.is_zero:
        stays = verdict.retained or verdict.shared
        print_text("Nothing else is left." if stays else "Nothing is left.")
    elif verdict.time_over:
        print_note("The time was over. Run it again: it goes on from there.")
