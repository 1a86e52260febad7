"""Bedrock's tuning, a bucket and a scheduler in memory. Calls of a shape that AWS refuses are refused."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lambdas.chat.promotions import Promotions, path_of
from lambdas.tuning import names
from lambdas.tuning import run as runs
from lambdas.tuning.conductor import Conductor
from lambdas.tuning.run import RunRequest, RunStatus
from lambdas.tuning.schedules import Schedules
from lambdas.tuning.settings import ConductorSettings
from lambdas.tuning.store import RunStore
from tests.lambdas.fakes import client_error
from tests.lambdas.parameter_store import FakeParameterStore
from tests.lambdas.service_model import check

BUCKET = "tuning-bucket"
ENVIRONMENT = "dev"
ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/job"
SCHEDULE_ROLE = "arn:aws:iam::123456789012:role/schedule"
REMOVAL = "arn:aws:states:us-east-1:123456789012:stateMachine:removal"
NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


class Body(io.BytesIO):
    """An object's content, as botocore streams it."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        while chunk := self.read(size):
            yield chunk


@dataclass
class FakeBucket:
    """A bucket of S3: key -> content."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def get_object(self, **kwargs: Any) -> Any:
        check("s3", "GetObject", kwargs)
        content = self._there(kwargs)
        if "Range" in kwargs:
            first, _, last = kwargs["Range"].removeprefix("bytes=").partition("-")
            content = content[int(first) : int(last) + 1]
        return {"Body": Body(content)}

    def head_object(self, **kwargs: Any) -> Any:
        check("s3", "HeadObject", kwargs)
        if kwargs["Key"] not in self.objects:
            raise client_error("404")
        return {"ETag": f'"{hash(self.objects[kwargs["Key"]]):x}"'}

    def put_object(self, **kwargs: Any) -> Any:
        check("s3", "PutObject", kwargs)
        assert kwargs["Bucket"] == BUCKET
        self.objects[kwargs["Key"]] = kwargs["Body"]
        return {}

    def list_objects_v2(self, **kwargs: Any) -> Any:
        check("s3", "ListObjectsV2", kwargs)
        found = sorted(key for key in self.objects if key.startswith(kwargs["Prefix"]))
        start = int(kwargs.get("ContinuationToken", 0))
        more = {"IsTruncated": True, "NextContinuationToken": str(start + 2)} if start + 2 < len(found) else {}
        return {"Contents": [{"Key": key} for key in found[start : start + 2]], **more}

    def _there(self, kwargs: Any) -> bytes:
        if kwargs["Key"] not in self.objects:
            raise client_error("NoSuchKey")
        return self.objects[kwargs["Key"]]


@dataclass
class FakeTuning:
    """Bedrock: jobs, models, deployments and provisioned throughputs of an account.

    Attributes:
        things: kind -> name -> what Bedrock shows of it.
        tags: ARN -> tags.
        taken: names that were ever given.
        refuse: operation -> errors that its next calls fail with.
        calls: (operation, arguments) of what changes something.
    """

    things: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"job": {}, "model": {}, "deployment": {}, "throughput": {}}
    )
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    refuse: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    meanwhile: Callable[[str], None] = lambda _operation: None

    def did(self, operation: str) -> list[dict[str, Any]]:
        """Return the arguments of an operation's calls."""
        return [arguments for name, arguments in self.calls if name == operation]

    def names(self, kind: str) -> list[str]:
        """Return the names of what there is of a kind."""
        return list(self.things[kind])

    def add(self, kind: str, name: str, *, environment: str = ENVIRONMENT, run: str = "", **shown: Any) -> str:
        """Put something there, as if it had been made."""
        path = {
            "job": "model-customization-job/amazon.nova-micro-v1:0:128k",
            "model": "custom-model/amazon.nova-micro-v1:0:128k",
            "deployment": "custom-model-deployment",
            "throughput": "provisioned-model",
        }[kind]
        arn = f"{ACCOUNT}:{path}/{len(self.taken):012}"
        self.taken.add(f"{kind} {name}")
        self.things[kind][name] = {"arn": arn, **shown}
        self.tags[arn] = {names.ENVIRONMENT_TAG: environment, names.RUN_TAG: run}
        return arn

    def finish(self, name: str, *, status: str = "Completed", message: str = "") -> str:
        """Let a job end; return its model's ARN."""
        job = self.things["job"][name]
        job["status"] = status
        job["failureMessage"] = message
        if status == "Completed":
            job["model"] = self.add("model", name, run=self.tags[job["arn"]][names.RUN_TAG], status="Active")
        return str(job.get("model", ""))

    def create_model_customization_job(self, **kwargs: Any) -> Any:
        self._called("CreateModelCustomizationJob", kwargs)
        if f"job {kwargs['jobName']}" in self.taken:
            raise client_error("ValidationException", "The provided job name is currently in use.")
        arn = self.add("job", kwargs["jobName"], run=_tag(kwargs["jobTags"], names.RUN_TAG), status="InProgress")
        return {"jobArn": arn}

    def get_model_customization_job(self, **kwargs: Any) -> Any:
        check("bedrock", "GetModelCustomizationJob", kwargs)
        name, job = self._by("job", kwargs["jobIdentifier"])
        shown = {"jobArn": job["arn"], "jobName": name, "status": job["status"], **job.get("more", {})}
        if job.get("model"):
            shown["outputModelArn"] = job["model"]
        if job.get("failureMessage"):
            shown["failureMessage"] = job["failureMessage"]
        return shown

    def list_model_customization_jobs(self, **kwargs: Any) -> Any:
        found = self._listed("ListModelCustomizationJobs", "job", kwargs)
        rows = [
            {"jobArn": job["arn"], "jobName": name, "status": job["status"]}
            for name, job in found
            if kwargs.get("statusEquals") in (None, job["status"])
        ]
        return self._page("modelCustomizationJobSummaries", rows, kwargs)

    def stop_model_customization_job(self, **kwargs: Any) -> Any:
        self._called("StopModelCustomizationJob", kwargs)
        _, job = self._by("job", kwargs["jobIdentifier"])
        if job["status"] != "InProgress":
            raise client_error("ConflictException")
        job["status"] = "Stopped"
        return {}

    def list_custom_models(self, **kwargs: Any) -> Any:
        found = self._listed("ListCustomModels", "model", kwargs)
        rows = [{"modelArn": one["arn"], "modelName": name, "modelStatus": one["status"]} for name, one in found]
        return self._page("modelSummaries", rows, kwargs)

    def delete_custom_model(self, **kwargs: Any) -> Any:
        self._called("DeleteCustomModel", kwargs)
        name, model = self._by("model", kwargs["modelIdentifier"])
        hosts = [*self.things["deployment"].values(), *self.things["throughput"].values()]
        if any(one["model"] == model["arn"] for one in hosts):
            raise client_error("ConflictException")
        del self.things["model"][name]
        return {}

    def create_custom_model_deployment(self, **kwargs: Any) -> Any:
        self._called("CreateCustomModelDeployment", kwargs)
        name, run = kwargs["modelDeploymentName"], _tag(kwargs["tags"], names.RUN_TAG)
        arn = self.add("deployment", name, run=run, status="Active", model=kwargs["modelArn"])
        return {"customModelDeploymentArn": arn}

    def get_custom_model_deployment(self, **kwargs: Any) -> Any:
        check("bedrock", "GetCustomModelDeployment", kwargs)
        name, one = self._by("deployment", kwargs["customModelDeploymentIdentifier"])
        return {"modelDeploymentName": name, "status": one["status"], "modelArn": one["model"]}

    def list_custom_model_deployments(self, **kwargs: Any) -> Any:
        found = self._listed("ListCustomModelDeployments", "deployment", kwargs)
        rows = [
            {
                "customModelDeploymentArn": one["arn"],
                "customModelDeploymentName": name,
                "modelArn": one["model"],
                "status": one["status"],
            }
            for name, one in found
        ]
        return self._page("modelDeploymentSummaries", rows, kwargs)

    def update_custom_model_deployment(self, **kwargs: Any) -> Any:
        self._called("UpdateCustomModelDeployment", kwargs)
        _, one = self._by("deployment", kwargs["customModelDeploymentIdentifier"])
        one["model"] = kwargs["modelArn"]
        return {"customModelDeploymentArn": one["arn"]}

    def delete_custom_model_deployment(self, **kwargs: Any) -> Any:
        self._called("DeleteCustomModelDeployment", kwargs)
        name, one = self._by("deployment", kwargs["customModelDeploymentIdentifier"])
        if one["status"] == "Creating":
            raise client_error("ConflictException")
        del self.things["deployment"][name]
        return {}

    def create_provisioned_model_throughput(self, **kwargs: Any) -> Any:
        self._called("CreateProvisionedModelThroughput", kwargs)
        run = _tag(kwargs["tags"], names.RUN_TAG)
        more = {"units": kwargs["modelUnits"], "commitment": kwargs.get("commitmentDuration")}
        name = kwargs["provisionedModelName"]
        arn = self.add("throughput", name, run=run, status="InService", model=kwargs["modelId"], **more)
        return {"provisionedModelArn": arn}

    def list_provisioned_model_throughputs(self, **kwargs: Any) -> Any:
        found = self._listed("ListProvisionedModelThroughputs", "throughput", kwargs)
        rows = [
            {
                "provisionedModelArn": one["arn"],
                "provisionedModelName": name,
                "modelArn": one["model"],
                "status": one["status"],
                "modelUnits": one.get("units", 1),
                **({"commitmentDuration": one["commitment"]} if one.get("commitment") else {}),
            }
            for name, one in found
        ]
        return self._page("provisionedModelSummaries", rows, kwargs)

    def delete_provisioned_model_throughput(self, **kwargs: Any) -> Any:
        self._called("DeleteProvisionedModelThroughput", kwargs)
        name, _ = self._by("throughput", kwargs["provisionedModelId"])
        del self.things["throughput"][name]
        return {}

    def list_tags_for_resource(self, **kwargs: Any) -> Any:
        check("bedrock", "ListTagsForResource", kwargs)
        if kwargs["resourceARN"] not in self.tags:
            raise client_error("ResourceNotFoundException")
        return {"tags": [{"key": key, "value": value} for key, value in self.tags[kwargs["resourceARN"]].items()]}

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        check("bedrock", operation, arguments)
        self.calls.append((operation, arguments))
        self.meanwhile(operation)
        errors = self.refuse.get(operation)
        if errors:
            raise errors.pop(0)

    def _by(self, kind: str, identifier: str) -> tuple[str, dict[str, Any]]:
        for name, one in self.things[kind].items():
            if identifier in (name, one["arn"]):
                return name, one
        raise client_error("ResourceNotFoundException")

    def _listed(self, operation: str, kind: str, kwargs: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        check("bedrock", operation, kwargs)
        errors = self.refuse.get(operation)
        if errors:
            raise errors.pop(0)
        return [(name, one) for name, one in self.things[kind].items() if kwargs.get("nameContains", "") in name]

    def _page(self, member: str, rows: list[dict[str, Any]], kwargs: dict[str, Any]) -> Any:
        """Return two at a time, so that whoever forgets the next page loses something."""
        start = int(kwargs.get("nextToken", 0))
        more = {"nextToken": str(start + 2)} if start + 2 < len(rows) else {}
        return {member: rows[start : start + 2], **more}


@dataclass
class FakeScheduler:
    """EventBridge Scheduler: schedules of one group by name."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def create_schedule(self, **kwargs: Any) -> Any:
        check("scheduler", "CreateSchedule", kwargs)
        if kwargs["Name"] in self.schedules:
            raise client_error("ConflictException")
        self.schedules[kwargs["Name"]] = kwargs
        return {}

    def get_schedule(self, **kwargs: Any) -> Any:
        check("scheduler", "GetSchedule", kwargs)
        if kwargs["Name"] not in self.schedules:
            raise client_error("ResourceNotFoundException")
        return self.schedules[kwargs["Name"]]

    def update_schedule(self, **kwargs: Any) -> Any:
        check("scheduler", "UpdateSchedule", kwargs)
        self.schedules[kwargs["Name"]] = kwargs
        return {}

    def delete_schedule(self, **kwargs: Any) -> Any:
        check("scheduler", "DeleteSchedule", kwargs)
        if self.schedules.pop(kwargs["Name"], None) is None:
            raise client_error("ResourceNotFoundException")
        return {}

    def list_schedules(self, **kwargs: Any) -> Any:
        check("scheduler", "ListSchedules", kwargs)
        return {"Schedules": [{"Name": name} for name in self.schedules]}


@dataclass
class FakeTopic:
    """A topic: what was told."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False

    def publish(self, **kwargs: Any) -> Any:
        check("sns", "Publish", kwargs)
        if self.down:
            raise client_error("InternalError")
        self.messages.append(kwargs)
        return {}


@dataclass
class World:
    """Everything that the conductor works with."""

    bedrock: FakeTuning = field(default_factory=FakeTuning)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    ssm: FakeParameterStore = field(default_factory=FakeParameterStore)
    topic: FakeTopic = field(default_factory=FakeTopic)

    @property
    def store(self) -> RunStore:
        return RunStore(BUCKET, self.bucket)

    @property
    def promotions(self) -> Promotions:
        tags = {names.ENVIRONMENT_TAG: ENVIRONMENT}
        return Promotions(client=lambda: self.ssm, path=path_of(ENVIRONMENT), tags=tags, clock=lambda: NOW)

    @property
    def conductor(self) -> Conductor:
        return Conductor(
            settings=ConductorSettings(
                data_bucket=BUCKET,
                environment=ENVIRONMENT,
                owner="owner@example.com",
                job_role_arn=ROLE,
                schedule_role_arn=SCHEDULE_ROLE,
                drain_seconds=150,
                topic_arn="arn:aws:sns:us-east-1:123456789012:topic",
            ),
            store=self.store,
            bedrock=self.bedrock,
            schedules=Schedules(environment=ENVIRONMENT, scheduler=self.scheduler),
            promotions=self.promotions,
            sns=self.topic,
            clock=lambda: NOW,
        )

    def begin(self, run: str = "tweets-0123456789ab", **changes: Any) -> str:
        """Write the status of a run that was prepared."""
        asked = request(**changes)
        status = RunStatus(
            run=run,
            state="running",
            phase="validating",
            alias=asked.alias,
            base_model=asked.base_model,
            started=runs.now(),
            request=asked,
        )
        self.store.write(status)
        return run

    def status(self, run: str) -> RunStatus:
        return self.store.status(run)

    def trained(self, run: str) -> str:
        """Take a run to where its model is there; return its job's ARN."""
        arn = self.conductor.create_job({"run": run})["job_arn"]
        self.bedrock.finish(names.job_name(ENVIRONMENT, run))
        return str(arn)

    def hosted(self, run: str) -> str:
        """Take a run to where its model is hosted; return the ARN of what hosts it."""
        arn = self.trained(run)
        return str(self.conductor.host({"run": run, "job_arn": arn, "removal_arn": REMOVAL})["hosted_arn"])

    def promoted(self, run: str) -> dict[str, Any]:
        """Take a run to where its alias answers from its model; return what promoting said."""
        self.hosted(run)
        moved = self.conductor.move({"run": run})
        said = self.conductor.promote({"run": run, "hosted_arn": moved["hosted_arn"]})
        self.clear(run, "promoted")
        return said

    def clear(self, run: str, outcome: str, **more: Any) -> dict[str, Any]:
        """Have what the outcome does not keep taken away."""
        return self.conductor.clear({"run": run, "outcome": outcome, **more})


def request(**changes: Any) -> RunRequest:
    """Return a request with all defaults filled in."""
    given: dict[str, Any] = {
        "alias": "tweets",
        "base_model": "amazon.nova-micro-v1:0",
        "training": "data/train.jsonl",
        "test": "data/test.jsonl",
        "hosting": "on_demand",
        "max_hours": 4.0,
        "model_units": 1,
        "metric": "token_f1",
        "margin": 0.02,
        "max_training_usd": 50.0,
    }
    return RunRequest(**{**given, **changes})


def conversation(asked: str, answer: str) -> bytes:
    """Return a record of the conversation schema."""
    said = [{"role": "user", "content": [{"text": asked}]}, {"role": "assistant", "content": [{"text": answer}]}]
    return json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": said}).encode()


def _tag(tags: list[dict[str, str]], key: str) -> str:
    return next(tag["value"] for tag in tags if tag["key"] == key)
