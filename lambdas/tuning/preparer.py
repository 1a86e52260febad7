"""The pipeline's first step: everything that can be known before a job is made, which takes hours and money.

The request against the environment and the catalogue, the data sets against what the base model takes, the price
against the limit, the account's quotas, and the test set's pieces. What is wrong is refused with the way out; nothing
has been made by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lambdas.catalogue import customization
from lambdas.common import aws
from lambdas.common.figures import us_dollars
from lambdas.common.observability import logger
from lambdas.tuning import batches, examples, quotas
from lambdas.tuning import run as runs
from lambdas.tuning.asked import RefusedError, resolved
from lambdas.tuning.batches import Batch
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.data_sets.report import Problem, Report
from lambdas.tuning.data_sets.source import stored
from lambdas.tuning.data_sets.validation import validate
from lambdas.tuning.estimate import Estimate, estimate
from lambdas.tuning.examples import ExampleError
from lambdas.tuning.quotas import QuotaClient
from lambdas.tuning.run import Cost, HostingCost, Range, RunRequest, RunStatus
from lambdas.tuning.settings import PreparerSettings
from lambdas.tuning.store import RunStore

READ_SECONDS: Final = 30.0
# Of problems in a reason; `quarry tune validate` shows them all.
SHOWN: Final = 5
WARNINGS: Final = 20
# What a commitment to provisioned throughput may differ from what was typed in, for rounding.
TOLERANCE: Final = 0.01
_MONTHS: Final = {"OneMonth": 1, "SixMonths": 6}


@dataclass(frozen=True, kw_only=True)
class Preparer:
    """Prepares runs."""

    settings: PreparerSettings
    store: RunStore
    bedrock: Bedrock
    service_quotas: QuotaClient

    def prepare(self, *, run: str, key: str, execution_arn: str) -> str:
        """Check a run, write its status, and return the key of its test set's pieces.

        Raises:
            RefusedError: the run would fail, or cost too much; says what to do.
            RequestError: there is no such request any more, or none that can be used.
        """
        request = self.store.request(key)
        moment = runs.now()
        status = self.store.write(
            RunStatus(
                run=run,
                state="running",
                phase="validating",
                alias=request.alias,
                base_model=request.base_model,
                started=moment,
                updated=moment,
                execution_arn=execution_arn,
                request=request,
            )
        )
        if runs.run_id(request, self.store.etags(request)) != run:
            raise RefusedError("The request or its data were changed after the run was started. Start it again.")
        request = resolved(request, self.settings)
        report = self._validated(request)
        cost = self._priced(request, report)
        # Written before it may be refused for its price or a quota: the price is what is asked for then.
        warnings = [_line(one) for one in report.warnings[:WARNINGS]]
        self.store.write(runs.changed(status, {"request": request, "cost": cost, "warnings": warnings}))
        self._afford(request, cost)
        lacking = list(quotas.shortages(request, bedrock=self.bedrock, service_quotas=self.service_quotas))
        if lacking:
            raise RefusedError(" ".join(lacking))
        return self._plan(run, request)

    def _validated(self, request: RunRequest) -> Report:
        training = stored(self.store.s3, bucket=self.store.bucket, key=request.training)
        validation = (
            stored(self.store.s3, bucket=self.store.bucket, key=request.validation) if request.validation else None
        )
        report = validate(
            training, base=customization.find(request.base_model), method=request.method, validation=validation
        )
        if not report.valid:
            shown = " ".join(_line(problem) for problem in report.problems[:SHOWN])
            more = report.problem_count - SHOWN
            raise RefusedError(
                f"{request.training} has {report.problem_count:,} problems. {shown}"
                + (f" And {more:,} more: `quarry tune validate` shows them." if more > 0 else "")
            )
        return report

    def _priced(self, request: RunRequest, report: Report) -> Cost:
        found = estimate(
            report.amount,
            base=customization.find(request.base_model),
            method=request.method,
            hyperparameters=request.hyperparameters,
            model_units=request.model_units or 1,
        )
        return Cost(
            training_usd=Range(found.training_usd.low, found.training_usd.high) if found.training_usd else None,
            storage_usd_per_month=found.storage_usd_per_month,
            hosting=_hosting_cost(request, found),
            as_of=found.as_of,
        )

    def _afford(self, request: RunRequest, cost: Cost) -> None:
        most = request.max_training_usd
        assert most is not None
        if cost.training_usd is None:
            raise RefusedError(
                f"What training {request.base_model} by {request.method} costs is not known, so no limit holds: tune "
                "a model that has a price."
            )
        if cost.training_usd.high > most:
            raise RefusedError(
                f"Training may cost {us_dollars(cost.training_usd.low)} to {us_dollars(cost.training_usd.high)} USD, "
                f"and max_training_usd is {us_dollars(most)}. Take less data or fewer epochs, or raise "
                "tuning.max_training_usd."
            )

    def _plan(self, run: str, request: RunRequest) -> str:
        """Write the test set's pieces; return their key."""
        found, records = batches.plan(self.store.lines(request.test), most=self.settings.test_records)
        if not records:
            raise RefusedError(
                f"{request.test} has no record: without a test set nothing says whether tuned is better."
            )
        self._try_first(request, found[0])
        key = batches.batches_key(run)
        self.store.put(key, batches.encode(found), kind="application/json")
        return key

    def _try_first(self, request: RunRequest, first: Batch) -> None:
        """Refuse a test set of another kind than can be asked."""
        content = self.store.read(request.test, start=first.start, end=first.end)
        problems = []
        for line in content.split(b"\n"):
            if line.strip():
                try:
                    examples.parse(line)
                    return
                except ExampleError as error:
                    problems.append(str(error))
        raise RefusedError(f"{request.test} has no question with an answer: {problems[0]}.")


def _hosting_cost(request: RunRequest, found: Estimate) -> HostingCost:
    if request.hosting != "provisioned":
        return HostingCost(kind="on_demand")
    price = found.hosting["provisioned"]
    if request.commitment:
        total = price.commitments.get(request.commitment)
        if total is None:
            raise RefusedError(
                f"What a commitment of {request.commitment} to {request.base_model} costs is not known. Leave it out."
            )
        if abs(total - (request.commitment_usd or 0)) > total * TOLERANCE:
            raise RefusedError(
                f"A commitment of {request.commitment} cannot be ended early, and costs {us_dollars(total)} USD in "
                f"all; commitment_usd says {us_dollars(request.commitment_usd or 0)}. Write the sum, or leave "
                "commitment out."
            )
        hourly = total / _MONTHS[request.commitment] / 720
        return HostingCost(kind="provisioned", usd_per_hour=hourly, max_usd=total)
    if price.usd_per_hour is None:
        raise RefusedError(
            f"What provisioned throughput of {request.base_model} costs an hour is not known ({price.note}), so "
            "nobody could say what the run costs. Take hosting: on_demand."
        )
    hours = request.max_hours or 0
    return HostingCost(kind="provisioned", usd_per_hour=price.usd_per_hour, max_usd=price.usd_per_hour * hours)


def _line(problem: Problem) -> str:
    return f"Line {problem.line}: {problem.message}. {problem.fix}".replace("..", ".")


@cache
def preparer() -> Preparer:
    """The preparer of the settings, made on first use."""
    settings = PreparerSettings.from_env()
    return Preparer(
        settings=settings,
        store=RunStore(settings.data_bucket, aws.client("s3", read_timeout=READ_SECONDS, max_attempts=4)),
        bedrock=aws.client("bedrock", read_timeout=READ_SECONDS, max_attempts=4),
        service_quotas=aws.client("service-quotas", read_timeout=READ_SECONDS, max_attempts=6),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(
    event: Mapping[str, Any], _context: Any, preparer: Callable[[], Preparer] = preparer
) -> dict[str, str]:
    """Prepare {"run", "key", "execution_arn"}; return ``{"batches": key of the test set's pieces}``.

    Args:
        preparer: returns what prepares; for tests.

    Raises:
        RefusedError, RequestError: nothing was made.
    """
    key = preparer().prepare(run=event["run"], key=event["key"], execution_arn=event["execution_arn"])
    return {"batches": key}
