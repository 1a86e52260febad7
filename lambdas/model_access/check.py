"""The access check: one piece of code for the deployment, the command line and the function behind both."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Lock
from typing import Final

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.judgement import Judge
from lambdas.model_access.probers import Prober
from lambdas.model_access.quotas import QuotaClient
from lambdas.model_access.survey import BedrockClient, take
from lambdas.model_access.verdicts import Finding

# Control-plane calls at the same time; botocore keeps ten connections per client, and one thread waits for the probe.
PARALLEL: Final = 11

Progress = Callable[[int, int], None]


class ModelAccessCheck:
    """Finds out what the account may call. All questions and real calls run at the same time.

    Args:
        bedrock: the control plane; what it denies is noted, and the real call decides.
        prober: makes the real calls.
        quotas: Service Quotas; None leaves quotas out.
        participants: how many people call at the same time.
        needed_until: last day on which the models are needed: one that ends before is an error.
        today: the day, for tests.
    """

    def __init__(
        self,
        *,
        bedrock: BedrockClient,
        prober: Prober,
        fixes: Fixes,
        quotas: QuotaClient | None = None,
        participants: int = 1,
        needed_until: date | None = None,
        today: date | None = None,
    ) -> None:
        self._bedrock = bedrock
        self._prober = prober
        self._quotas = quotas
        self._judge = Judge(
            fixes=fixes,
            participants=participants,
            needed_until=needed_until,
            today=today or datetime.now(UTC).date(),
        )

    def run(
        self, candidates: Sequence[CheckedCandidate], *, progress: Progress = lambda _done, _total: None
    ) -> list[Finding]:
        """Return a finding per candidate, in their order.

        Args:
            progress: told (steps done, steps in all) as answers come in, from several threads but one at a time.
        """
        callable_ids = list(dict.fromkeys(one.callable_id for one in candidates if one.callable_id and one.converses))
        asked = {candidate.model_id for candidate in candidates if not candidate.custom}
        count = _Counter(len(callable_ids) + len(asked), progress)
        with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="check") as pool:
            probing = pool.submit(self._prober.probe, callable_ids, answered=count)
            survey = take(candidates, bedrock=self._bedrock, quotas=self._quotas, pool=pool, seen=count)
            outcomes = probing.result()
        return [self._judge.judge(candidate, survey, outcomes.get(candidate.callable_id)) for candidate in candidates]


class _Counter:
    """Counts steps and tells of each."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._lock = Lock()
        self._done = 0
        self._total = total
        self._progress = progress

    def __call__(self, _what: str) -> None:
        with self._lock:
            self._done += 1
            self._progress(self._done, self._total)
