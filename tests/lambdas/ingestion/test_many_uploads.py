"""The promise: two hundred uploads start at most three jobs, however the queue cuts them, and each is seen.

The queue here does what SQS may do: it delivers late, in any order, in batches of any size, several at a time, and
again what was already served. Functions end at any call. Hypothesis looks for a course of events that breaks the
promise; one is a single number, so that it is found again at once.
"""

import contextlib
import random
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.ingestion import starter
from lambdas.ingestion.starter import Starter
from tests.examples import examples
from tests.lambdas.ingestion.fakes import (
    START,
    STARTER_SETTINGS,
    Clock,
    FakeBedrock,
    FakeStepFunctions,
    LambdaContext,
    uploaded,
)

UPLOADS = 200
QUIET_SECONDS = 30
VISIBILITY_SECONDS = 120
MOST_RECEIVES = 20


@dataclass
class Message:
    """A message of the queue."""

    record: dict[str, Any]
    visible_at: float
    receives: int = 0
    served: int = 0


@dataclass
class World:
    """A queue, its pollers, Bedrock and Step Functions."""

    chance: random.Random
    seconds: float
    clock: Clock = field(default_factory=Clock)
    watchers: FakeStepFunctions = field(default_factory=FakeStepFunctions)
    messages: list[Message] = field(default_factory=list)
    at_once: int = 0
    deaths: int = 4

    def __post_init__(self) -> None:
        self.bedrock = FakeBedrock(clock=self.clock, seconds=self.seconds, meanwhile=self.meanwhile)
        self.watchers.meanwhile = self.meanwhile
        self.starter = Starter(settings=STARTER_SETTINGS, bedrock=self.bedrock, step_functions=self.watchers)

    def run(self) -> None:
        """Let time pass until the queue is empty."""
        while waiting := [one.visible_at for one in self.messages if one.visible_at < float("inf")]:
            self.clock.now = max(self.clock.now, min(waiting)) + self.chance.choice([0, 0.3, 1, 20, 40])
            self.poll()

    def poll(self) -> None:
        """Deliver a batch of what is visible."""
        visible = [one for one in self.messages if one.visible_at <= self.clock.now]
        if not visible:
            return
        size = self.chance.choice([1, 7, 60, UPLOADS])
        batch = self.chance.sample(visible, min(size, len(visible)))
        for message in batch:
            message.receives += 1
            message.visible_at = self.clock.now + VISIBILITY_SECONDS
        with contextlib.suppress(ClientError):
            reply = starter.lambda_handler(
                {"Records": [one.record for one in batch]}, LambdaContext(), lambda: self.starter
            )
            back = {failure["itemIdentifier"] for failure in reply["batchItemFailures"]}
            for message in batch:
                if message.record["messageId"] not in back:
                    message.served += 1
                    again = message.served == 1 and self.deaths and self.chance.random() < 0.03
                    message.visible_at = self.clock.now + VISIBILITY_SECONDS if again else float("inf")

    def meanwhile(self) -> None:
        """At a call: the function ends, or another batch is served first, or nothing happens."""
        self.clock.now += 0.05
        what = self.chance.choice(["nothing", "nothing", "nothing", "batch", "death"])
        if what == "batch" and self.at_once < 4:
            self.at_once += 1
            self.poll()
            self.at_once -= 1
        elif what == "death" and self.deaths:
            self.deaths -= 1
            code = self.chance.choice(["InternalServerException", "AccessDeniedException"])
            raise ClientError({"Error": {"Code": code, "Message": "the function ended"}}, "any")


@given(
    st.integers(0, 2**32),
    st.sampled_from([1.0, QUIET_SECONDS - 1.0, 2.0 * QUIET_SECONDS]),
    st.sampled_from([2.0, 25.0, 200.0]),
    st.sampled_from([0.0, 0.4, 5.0]),
)
@examples(200)
def test_two_hundred_uploads_start_at_most_three_jobs(seed: int, during: float, seconds: float, late: float) -> None:
    world = World(chance=random.Random(seed), seconds=seconds)
    uploads = [number * during / UPLOADS for number in range(UPLOADS)]
    for number, at in enumerate(uploads):
        sent = at + late * (number % 3)
        world.messages.append(Message(uploaded(f"m{number}", at, sent=sent), visible_at=sent + QUIET_SECONDS))

    world.run()

    jobs = world.bedrock.jobs
    assert 1 <= len(jobs) <= 3
    assert sorted(world.watchers.started) == sorted(job["ingestionJobId"] for job in jobs)
    assert (jobs[-1]["startedAt"] - START).total_seconds() >= uploads[-1]
    assert all(message.receives <= MOST_RECEIVES for message in world.messages)
