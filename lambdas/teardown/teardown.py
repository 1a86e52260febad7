"""Taking an environment down: what costs most first, then its stacks, then what is left of it; and looking again.

Runs on an operator's machine and in a function. Whatever breaks off is gone on with by calling it again.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from lambdas.teardown.asking import PHASE_SECONDS, Asking, Tell
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Entry, Inventory, Survey, of_stack
from lambdas.teardown.kind import Phase
from lambdas.teardown.stack_removal import StackRemoval
from lambdas.teardown.thing import Thing
from lambdas.teardown.verdict import Verdict


def take_inventory(aws: Aws) -> Inventory:
    """Return what there is; what AWS does not let be seen stands in it, and is no error."""
    return Survey(aws).take()


def tear_down(
    aws: Aws,
    *,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    tell: Tell = lambda _text: None,
    keeps_data: bool = False,
    spared: frozenset[str] = frozenset(),
) -> Verdict:
    """Take the environment down, and prove it.

    Args:
        left: seconds that there are for it; when they are over, what is left is left.
        sleep: sleeps that many seconds.
        tell: is told what goes on.
        keeps_data: whether buckets, tables and file systems stay.
        spared: names of stacks that are not deleted here, and count as left: a function's own.
    """

    def retained(entry: Entry) -> bool:
        return keeps_data and entry.kind is not None and entry.kind.data

    asking = Asking(aws=aws, left=left, sleep=sleep, tell=tell, retained=retained)
    survey = Survey(aws)
    asking.progress.saw(survey.take().things)
    for phase in (phase for phase in Phase if phase < Phase.STACKS):
        asking.clear(survey, phase, seconds=PHASE_SECONDS)
    StackRemoval(asking, spared=spared, keeps_data=keeps_data).run()
    survey = Survey(aws)
    for phase in Phase:
        if left() > 0:
            asking.clear(survey, phase)
    after = Survey(aws).take()
    kept = tuple(entry.thing for entry in after.entries if retained(entry) and not entry.in_stack)
    return _verdict(asking, after, retained=kept, time_over=left() <= 0)


def _verdict(asking: Asking, after: Inventory, *, retained: tuple[Thing, ...], time_over: bool) -> Verdict:
    progress = asking.progress
    stays = "Its stack is still there."
    nobody = "The time was over before it was asked to go." if time_over else ""
    members = [replace(one.thing, why=stays) if one.in_stack else one.thing for one in after.entries]
    things = [*(of_stack(stack) for stack in after.stacks), *members]
    progress.saw(things)
    kept = {thing.key for thing in retained}
    stay = tuple(thing for thing in after.shared if thing.origin == "account")
    there = {thing.key for thing in (*things, *stay)}
    return Verdict(
        found=tuple(progress.seen.values()),
        deleted=tuple(thing for key, thing in progress.seen.items() if key not in there),
        retained=retained,
        left=tuple(
            replace(thing, why=progress.why.get(thing.key) or thing.why or nobody)
            for thing in things
            if thing.key not in kept
        ),
        unseen=after.unseen,
        time_over=time_over,
        shared=stay,
    )
