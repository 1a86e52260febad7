"""A run of tuning: what is asked for, in ``run.yaml``, and what has become of it, in ``status.json``.

Where they lie is in ``lambdas.tuning.places``.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import Struct, field

from lambdas.tuning.places import DATA_PREFIX

# More is no request.
MAX_REQUEST_BYTES: Final = 64 * 1024

Method = Literal["fine_tuning", "continued_pre_training", "distillation", "reinforcement_fine_tuning"]
Hosting = Literal["on_demand", "provisioned"]
Commitment = Literal["OneMonth", "SixMonths"]
Metric = Literal["exact_match", "token_f1", "rouge_l", "judge"]
State = Literal["running", "stopping", "succeeded", "failed", "stopped"]
# In their order. `preparing_job` is Bedrock's look at the data, `queued` its queue.
Phase = Literal[
    "starting",
    "validating",
    "creating_job",
    "preparing_job",
    "queued",
    "training",
    "hosting",
    "evaluating",
    "reporting",
    "promoting",
    "cleaning_up",
    "done",
]
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
# When nothing of a run goes on any more.
OVER: Final[tuple[State, ...]] = ("succeeded", "failed", "stopped")

_ALIAS: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
# What S3 keys of data sets may have. Source: Bedrock user guide, "Prepare your training datasets".
_KEY: Final = re.compile(r"[A-Za-z0-9_\-/.]{1,1000}")


class RequestError(ValueError):
    """A request that cannot be used; the message has the place, what stands there and what is accepted."""


class RunRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``run.yaml`` says. What is None is as the environment's section ``tuning`` has it.

    Attributes:
        alias: which answers from the tuned model if that is better.
        base_model: the catalogue's id, as ``amazon.nova-micro-v1:0``.
        method: how it is tuned.
        training, test, validation: keys of data sets in the bucket, below ``data/``. On ``test``, which the training
            must not have, base and tuned model are compared.
        hyperparameters: by Bedrock's names; numbers are handed on as strings.
        hosting: on_demand bills per token; provisioned per hour, until ``max_hours`` are over.
        model_units: of provisioned throughput.
        commitment: of provisioned throughput: cannot be ended before its time. None: it has none.
        commitment_usd: what the whole commitment costs, typed in by whoever asks for it; else it is refused.
        metric: by which tuned and base model are compared.
        margin: by how much tuned has to be better, 0 to 1.
        judge_alias: an alias whose model judges answers too.
        max_training_usd: as the environment's, and no more than that.
        again: 1 and so on make a new run of the same request and data.
    """

    alias: str
    base_model: str
    training: str
    test: str
    validation: str | None = None
    method: Method = "fine_tuning"
    hyperparameters: dict[str, str | int | float] = {}
    hosting: Hosting | None = None
    max_hours: float | None = None
    model_units: int | None = None
    commitment: Commitment | None = None
    commitment_usd: float | None = None
    metric: Metric | None = None
    margin: float | None = None
    judge_alias: str | None = None
    max_training_usd: float | None = None
    again: int = 0

    @property
    def data(self) -> tuple[str, ...]:
        """The keys of its data sets."""
        return tuple(key for key in (self.training, self.validation, self.test) if key)

    @property
    def hyperparameter_strings(self) -> dict[str, str]:
        """The hyperparameters as Bedrock takes them: 1e-05 and 0.00001 alike are ``0.00001``."""
        return {name: _as_string(value) for name, value in sorted(self.hyperparameters.items())}


class Range(Struct, frozen=True):
    """From the least to the most that it may be."""

    low: float
    high: float


class HostingCost(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What hosting costs. Per hour only where it is provisioned; ``max_usd`` is that until its end."""

    kind: Hosting
    usd_per_hour: float = 0.0
    max_usd: float = 0.0


class Cost(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """US dollars: an estimate with the day of its prices, never a bill. None: the price is not known."""

    training_usd: Range | None = None
    storage_usd_per_month: float | None = None
    hosting: HostingCost | None = None
    as_of: str | None = None


class RunStatus(Struct, frozen=True, kw_only=True):
    """What ``status.json`` says.

    Attributes:
        state: ``running``; ``stopping`` while what it made is taken away; else how it ended.
        phase: what it does, or did when it failed or was stopped.
        reason: why it failed or stopped, and what to do; or why nothing was promoted; "" otherwise.
        promoted: whether the alias answers from the tuned model by this run's doing.
        started, updated: ISO 8601, UTC.
        job_arn, model_arn, hosted_arn: what it has made so far; what is gone again is None.
        until: when provisioned throughput ends, ISO 8601, UTC.
        details: Bedrock's status details of the job: {"validation", "data_processing", "training"}.
        scores: {"base": {metric: 0 to 1}, "tuned": {...}}.
        report: key of the readable report.
        execution_arn: of the pipeline, for 90 days after its end.
        warnings: what is no error, as of the data.
    """

    run: str
    state: State
    phase: Phase
    reason: str = ""
    cost: Cost = Cost()
    alias: str = ""
    base_model: str = ""
    promoted: bool = False
    started: str = ""
    updated: str = ""
    job_arn: str | None = None
    model_arn: str | None = None
    hosted_arn: str | None = None
    until: str | None = None
    details: dict[str, str] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    report: str | None = None
    execution_arn: str | None = None
    warnings: list[str] = field(default_factory=list)
    request: RunRequest | None = None


def parse_request(content: bytes) -> RunRequest:
    """Read a ``run.yaml``.

    Raises:
        RequestError: it is no YAML, is too large, lacks something, or has something that is not accepted.
    """
    # Imported here: what only looks at a status need not have it.
    import yaml

    if len(content) > MAX_REQUEST_BYTES:
        raise RequestError(f"run.yaml has {len(content):,} bytes; {MAX_REQUEST_BYTES:,} are accepted")
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        place = f" in line {where.line + 1}" if where else ""
        raise RequestError(f"run.yaml is no YAML{place}: {getattr(error, 'problem', None) or error}") from error
    try:
        request = msgspec.convert(document, RunRequest)
    except msgspec.ValidationError as error:
        raise RequestError(f"run.yaml: {error}") from error
    _check(request)
    return request


def encode_request(request: RunRequest) -> bytes:
    """Return ``run.yaml`` for a request: what is as it is by default is left out."""
    import yaml

    document: dict[str, Any] = msgspec.to_builtins(request)
    default: dict[str, Any] = msgspec.to_builtins(RunRequest(alias="", base_model="", training="", test=""))
    said = {name: value for name, value in document.items() if value != default[name]}
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True).encode()


def run_id(request: RunRequest, etags: Sequence[str]) -> str:
    """Return the run's id, ``<alias>-<12 digits>``: the same for the same request over the same data.

    So what is started twice is one execution, and one job.

    Args:
        etags: S3's of ``request.data``, in that order.
    """
    same = msgspec.structs.replace(request, again=0)
    said = msgspec.json.encode(msgspec.to_builtins(same), order="sorted")
    parts = [said, *(etag.strip('"').encode() for etag in etags)]
    digits = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
    return f"{request.alias}-{digits}" + (f"-{request.again + 1}" if request.again else "")


def decode_status(content: bytes) -> RunStatus:
    """Read a ``status.json``; of a later version's, what is known of it.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(content, type=RunStatus)


def encode_status(status: RunStatus) -> bytes:
    """Return a ``status.json``."""
    return msgspec.json.format(msgspec.json.encode(status), indent=2)


def now() -> str:
    """Return this second, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed(status: RunStatus, changes: Mapping[str, Any]) -> RunStatus:
    """Return the status with these changes and the time of now."""
    return msgspec.structs.replace(status, **{**changes, "updated": now()})


def _check(request: RunRequest) -> None:
    if not _ALIAS.fullmatch(request.alias):
        raise RequestError(
            f"run.yaml: alias: {request.alias!r} is not accepted: expected small letters, digits, hyphens"
        )
    for name in ("training", "validation", "test"):
        key = getattr(request, name)
        if key is None:
            continue
        if not key.startswith(DATA_PREFIX) or not _KEY.fullmatch(key) or key.endswith("/"):
            raise RequestError(
                f"run.yaml: {name}: {key!r} is not accepted: expected a key below {DATA_PREFIX} of letters, digits, "
                "and _ - / ."
            )
    if request.test == request.training:
        raise RequestError("run.yaml: test: is the training data itself; what was trained on shows nothing")
    bounds: dict[str, tuple[float, float]] = {"margin": (0, 1), "again": (0, 999), "max_hours": (0.25, 720)}
    bounds |= {"model_units": (1, 100), "max_training_usd": (0, 1_000_000)}
    for name, (least, most) in bounds.items():
        value = getattr(request, name)
        if value is not None and not least <= value <= most:
            raise RequestError(f"run.yaml: {name}: {value!r} is not accepted: expected {least:g} to {most:g}")
    if request.commitment and (request.hosting == "on_demand" or request.commitment_usd is None):
        raise RequestError(
            "run.yaml: commitment: needs hosting: provisioned, and commitment_usd, what it costs in all and cannot be "
            "taken back; `quarry tune estimate` names it"
        )
    if request.metric == "judge" and not request.judge_alias:
        raise RequestError("run.yaml: metric: judge needs judge_alias, the alias whose model judges")


def _as_string(value: str | float) -> str:
    if isinstance(value, float):
        text = f"{value:.12f}".rstrip("0").rstrip(".")
        return text or "0"
    return str(value)
