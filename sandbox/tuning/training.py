"""What a job does while it runs: it goes through its phases, checks its data, and leaves a model and its outputs."""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import eventbridge

from sandbox import clock
from sandbox.model import customization
from sandbox.model.customization import BaseModel
from sandbox.model.errors import AwsError, Json
from sandbox.model.tuned import Tuned
from sandbox.tuning import access, data_sets, outputs, script, store
from sandbox.tuning.data_sets import DataError
from sandbox.tuning.script import PHASES
from sandbox.tuning.store import Entry

_logger = logging.getLogger(__name__)


def begin(job: Entry) -> None:
    """Start the first phase of a new job, and tell EventBridge."""
    job.settle = settle
    job.status = "InProgress"
    job.hidden["phases"] = {name: {"status": "NotStarted"} for name in PHASES}
    _enter(job, 0, job.created)
    announce(job)


def ask_to_stop(job: Entry) -> None:
    """Let the phase that a job is in stop."""
    job.status, job.modified = "Stopping", clock.now()
    phase = _phase(job)
    phase |= {"status": "Stopping", "lastModifiedTime": store.time(job.modified)}
    job.step, job.ends = None, job.modified + script.delay("stopping")
    announce(job)


def settle(job: Entry) -> None:
    """Bring a job to the present: each phase that has come to its end does its work, and the next begins."""
    while job.is_due:
        at = clock.now() if job.step is not None and job.step.do == "hold" else job.ends
        if job.status == "Stopping":
            _end(job, at, "Stopped")
        elif job.step is not None and job.step.do == "fail":
            _end(job, at, "Failed", job.step.reason)
        else:
            _work(job, at)


def _work(job: Entry, at: float) -> None:
    """Do what the phase that has come to its end is for."""
    place: int = job.hidden["place"]
    try:
        if PHASES[place] == "validation":
            _validate(job)
        elif PHASES[place] == "training":
            _finish(job, at)
    except (DataError, AwsError) as error:
        _end(job, at, "Failed", error.message if isinstance(error, AwsError) else str(error))
        return
    except Exception:
        _logger.exception("customization job %s failed", job.name)
        _end(job, at, "Failed", "Internal error of this local AWS; its log has the details.")
        return
    _phase(job).update(status="Completed", lastModifiedTime=store.time(at))
    if place + 1 < len(PHASES):
        _enter(job, place + 1, at)
    else:
        _end(job, at, "Completed")


def _enter(job: Entry, place: int, at: float) -> None:
    step = job.hidden.get("step")
    name = PHASES[place]
    job.hidden["place"] = place
    job.step = step if step is not None and (step.phase or "training") == name else None
    seconds = job.step.seconds if job.step is not None and job.step.do == "take" else script.delay(name)
    job.target, job.ends, job.modified = "next", at + seconds, at
    moment = store.time(at)
    job.hidden["phases"][name] = {"status": "InProgress", "creationTime": moment, "lastModifiedTime": moment}


def _end(job: Entry, at: float, status: str, failure: str = "") -> None:
    if status != "Completed":
        _phase(job).update(status=status, lastModifiedTime=store.time(at))
    job.status, job.reason, job.target, job.step = status, failure, None, None
    job.modified = job.ended = at
    announce(job)


def _phase(job: Entry) -> Json:
    found: Json = job.hidden["phases"][PHASES[job.hidden["place"]]]
    return found


def _validate(job: Entry) -> None:
    role = access.assume(job.members["roleArn"], job.arn)
    found = data_sets.check(_base(job), job.hidden["request"], role)
    outputs.write_manifests(_root(job), found, role)
    job.hidden["data"] = found


def _finish(job: Entry, at: float) -> None:
    """Write the metrics, and make the custom model."""
    role = access.assume(job.members["roleArn"], job.arn)
    found = job.hidden.pop("data")
    epochs = int(job.members.get("hyperParameters", {}).get("epochCount", 1))
    training, validation = outputs.write_metrics(_root(job), found, epochs, role)
    job.members["trainingMetrics"] = {"trainingLoss": training}
    job.members["validationMetrics"] = [{"validationLoss": loss} for loss in validation]
    arn = store.new_arn(f"custom-model/{_base(job).model_id}")
    copied = ("hyperParameters", "trainingDataConfig", "validationDataConfig", "outputDataConfig", "trainingMetrics")
    members = {name: job.members[name] for name in (*copied, "validationMetrics", "customizationType", "baseModelArn")}
    members |= {name: job.members[name] for name in ("customizationConfig",) if name in job.members}
    members |= {"jobName": job.name, "jobArn": job.arn}
    model = Entry(store.MODEL, job.members["outputModelName"], arn, members, job.hidden["modelTags"], "Active")
    model.created = model.modified = at
    model.hidden = {"base": _base(job).model_id, "tuned": Tuned(found[0].examples)}
    store.put(model)
    job.members["outputModelArn"] = arn


def _base(job: Entry) -> BaseModel:
    return customization.base_models()[job.hidden["base"]]


def _root(job: Entry) -> access.Place:
    place = access.parse(job.members["outputDataConfig"]["s3Uri"], is_object=False)
    return place.below(f"model-customization-job-{job.id}")


def announce(job: Entry) -> None:
    """Send the event of a job's new state to the account's default bus, as AWS does with its best effort."""
    detail: Json = {
        "version": "0.0",
        "jobName": job.name,
        "jobArn": job.arn,
        "outputModelName": job.members["outputModelName"],
        "outputModelArn": job.members.get("outputModelArn", ""),
        "roleArn": job.members["roleArn"],
        "jobStatus": job.status,
        "failureMessage": job.reason,
        "creationTime": int(job.created * 1000),
        "lastModifiedTime": int(job.modified * 1000),
        "endTime": int(job.ended * 1000) if job.ended else None,
        "baseModelArn": job.members["baseModelArn"],
        "hyperParameters": job.members.get("hyperParameters", {}),
        "trainingDataConfig": job.members["trainingDataConfig"],
        "validationDataConfig": job.members["validationDataConfig"],
        "outputDataConfig": job.members["outputDataConfig"],
    }
    entry: dict[str, Any] = {
        "Source": "aws.bedrock",
        "DetailType": "Model Customization Job State Change",
        "Detail": json.dumps({name: value for name, value in detail.items() if value is not None}),
        "Resources": [job.arn],
    }
    # On a thread of its own: what the event starts may ask for the job, and wait for whoever changes it.
    spawn_background(eventbridge._put_events, {"Entries": [entry]}, allow_aws_source=True, thread_name="tuning-event")
