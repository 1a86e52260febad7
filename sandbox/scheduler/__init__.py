"""EventBridge Scheduler: what MiniStack has of it, with its targets called as the schedule's role may.

MiniStack fires ``at()``, ``rate()`` and ``cron()`` every ten seconds, by the real time, as the account's root, and has
no universal targets (``arn:aws:scheduler:::aws-sdk:service:action``). Here a schedule goes by the clock that tests move
(:mod:`sandbox.clock`), within a second; its target is called by a client with credentials of its role, so that the
role's policies decide; what fails is tried again, and goes to the dead-letter queue; an update counts anew.

Unverified on AWS: that an ``at()`` in the past fires at once, as it does here. Kinder than AWS: a schedule that the
clock has jumped over fires once, not once for each time that it missed.
"""

from __future__ import annotations

import functools

from ministack.services import scheduler

from sandbox import clock, control
from sandbox.scheduler import invocations, permissions, rules, ticking


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    permissions.install()
    rules.install()
    scheduler._now = clock.now
    scheduler._SCHEDULE_TICK_INTERVAL = ticking.SECONDS
    scheduler._tick_schedules = ticking.tick
    control.route(invocations.PREFIX)(invocations.handler)
    control.on_reset(ticking.forget)
    control.on_reset(invocations.forget)
