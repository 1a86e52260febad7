"""What people are shown of a plan. Programs read JSON."""

from lambdas.common.figures import counted, us_dollars
from quarry.output import print_note, print_table, print_text
from quarry.workshop.plan import Plan


def show_plan(plan: Plan) -> None:
    """Show the quotas against what is needed, what to ask AWS for, and the price."""
    print_text(f"A workshop of {plan.people} in {plan.region}", style="bold")
    rows = [
        (
            "ok" if row.ok and row.value is not None else "not known" if row.ok else "TOO SMALL",
            row.need.quota.code,
            row.need.quota.name,
            f"{row.need.needed:,}",
            "" if row.value is None else f"{row.value:,.0f}",
            row.source,
        )
        for row in plan.rows
    ]
    rows += [
        ("ok" if one.ok else "TOO SMALL", one.knob, one.name, f"{one.needed:,}", f"{one.value:,}", "file")
        for one in plan.throttled
    ]
    print_table(("", "code", "quota", "needed", "value", "value of"), rows)
    if plan.asked:
        print_note(f"Where it says default, the account was not asked: {plan.asked}", style="yellow")
    if plan.stopping:
        print_text("\nAsk AWS for these first; it can take days:", style="bold")
        for row in plan.stopping:
            print_text(f"  {row.request(plan.region)}")
    if plan.too_tight:
        print_text("\nSet in the environment file, and deploy:", style="bold")
        for one in plan.too_tight:
            print_text(f"  {one.knob}: {one.needed}")
    for reason in plan.unpriced:
        print_note(f"Not in the price: {reason}", style="yellow")
    parts = ", ".join(f"{name.replace('_', ' ')} {us_dollars(usd)}" for name, usd in plan.usd.items() if usd)
    print_text(f"\n{us_dollars(plan.usd_per_hour)} USD per hour while all apps run ({parts}).")
    print_text(
        f"{us_dollars(plan.usd_event)} USD for {counted(plan.hours, 'hour')}, "
        f"{us_dollars(plan.usd_event / plan.people)} per person; models come on top, "
        f"{us_dollars(plan.usd_allowances)} at most by the keys' allowances."
    )
