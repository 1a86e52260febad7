"""The platform with tuning on a sandbox of its own, driven by the commands that people type, and by its clock."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from configuration.environment_file import PROJECT
from lambdas.tuning import places
from lambdas.tuning import run as runs
from lambdas.tuning.run import RunRequest
from sandbox.connection import ACCOUNT, REGION
from sandbox.state import Record, StateDirectory
from tests.sandbox.rights import Right, granted
from tests.sandbox.servers import ONE_ATTEMPT, running, session
from tests.waiting import PATIENCE

ENVIRONMENT: Final = "sandbox-tuning"
STACK: Final = f"quarry-{ENVIRONMENT}-tuning"
MICRO: Final = "amazon.nova-micro-v1:0"
LITE: Final = "amazon.nova-lite-v1:0"
SAMPLES: Final = PROJECT / "samples" / "tuning"
# Model units of provisioned throughput, of which a new account has none: in all, and of the model.
UNITS: Final = {"L-BE77399C": 9, "units:amazon.nova-lite-v1:0:300k": 9}
KINDS: Final = {
    "jobs": ("list_model_customization_jobs", "modelCustomizationJobSummaries"),
    "models": ("list_custom_models", "modelSummaries"),
    "deployments": ("list_custom_model_deployments", "modelDeploymentSummaries"),
    "throughputs": ("list_provisioned_model_throughputs", "provisionedModelSummaries"),
}


class Tuned:
    """The environment ``sandbox-tuning``.

    Attributes:
        url: the endpoint's base URL.
        outputs: of the Tuning stack.
        folder: for files of tests.
        grants: what the stack's roles were granted when it was deployed, by their names.
    """

    def __init__(self, folder: Path, state: StateDirectory, record: Record) -> None:
        self.folder = folder
        self.url = f"{record.connection.url}/v1"
        self._connection = record.connection
        path = f"{PROJECT / '.venv/bin'}:{PROJECT / 'node_modules/.bin'}:{os.environ['PATH']}"
        self._environ = {
            **record.connection.client_environment(os.environ, state=state.path),
            "PATH": path,
            "PYTHONPATH": str(PROJECT),
            "QUARRY_STATE": str(folder / "quarry"),
            "COLUMNS": "200",
        }
        self._key = ""
        self.outputs: dict[str, str] = {}
        self.grants: dict[str, list[Right]] = {}

    def deploy(self) -> None:
        """Deploy everything, and get a key."""
        # Where there is no app that would have to be synthesised for it.
        self.run("sh", "-c", f"cd environments && cdk bootstrap aws://{ACCOUNT}/{REGION} --no-notices")
        self.cdk("deploy", "--all", "--require-approval", "never", "--context", f"environment={ENVIRONMENT}")
        self.run("quarry", "connect", "--environment", ENVIRONMENT, "--base-url", self.url)
        saved = json.loads((self.folder / "quarry" / f"{ENVIRONMENT}.json").read_text(encoding="utf-8"))
        self._key = saved["api_key"]
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        self.grants = granted(self.client("iam"), prefix=f"{STACK}-")

    def cdk(self, verb: str, *arguments: str) -> None:
        """Run the CDK CLI."""
        self.run("cdk", verb, *arguments, "--output", str(self.folder / "cdk.out"), "--no-notices")

    def destroy(self, *stacks: str) -> None:
        """Destroy stacks as they were synthesised."""
        self.run("cdk", "destroy", *stacks, "--force", "--app", str(self.folder / "cdk.out"), "--no-notices")

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command in the project, which has to end with this exit code; return what it printed."""
        done = subprocess.run(
            command, cwd=PROJECT, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def quarry(self, *arguments: str, code: int = 0) -> Any:
        """Run ``quarry ... --json`` and return what it printed, parsed."""
        command = ("quarry", *arguments, "--environment", ENVIRONMENT, "--json")
        done = subprocess.run(command, cwd=PROJECT, env=self._environ, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def client(self, service: str) -> Any:
        """Return a boto3 client of the administrator's."""
        aws: Any = session(self._connection)
        return aws.client(service, endpoint_url=self._connection.aws_url, config=ONE_ATTEMPT)

    def control(self, method: str, what: str, document: Any = None) -> Any:
        """Drive the sandbox: ``tuning/script`` and so on, ``clock``."""
        reply = httpx.request(method, f"{self._connection.aws_url}/_sandbox/{what}", json=document, timeout=60)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def script(self, *steps: dict[str, Any]) -> None:
        """Say what is to happen to what tuning asks of Bedrock from now on."""
        self.control("PUT", "tuning/script", list(steps))

    def models_take(self, *, milliseconds: int) -> None:
        """Say how long a model takes for each token from now on."""
        self.control("PUT", "model/script", [{"do": "slow", "delay_ms": milliseconds}] if milliseconds else [])

    @property
    def bucket(self) -> str:
        """Tuning's bucket."""
        return self.outputs["TuningBucket"]

    def put(self, key: str, content: bytes) -> None:
        """Write an object into tuning's bucket."""
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content)

    def data(self, key: str) -> bytes:
        """Return an object of tuning's bucket."""
        content: bytes = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def start(self, **changes: Any) -> str:
        """Ask for a run by an object in the bucket; return the run's id."""
        given = {
            "alias": "fast",
            "base_model": MICRO,
            "training": "data/tweets/train.jsonl",
            "test": "data/tweets/test.jsonl",
        }
        request = RunRequest(**{**given, **changes})
        s3, bucket = self.client("s3"), self.bucket
        run = runs.run_id(request, [s3.head_object(Bucket=bucket, Key=key)["ETag"] for key in request.data])
        self.put(places.request_key(run), runs.encode_request(request))
        return run

    def status(self, run: str) -> dict[str, Any]:
        """Return a run's status; {} while there is none."""
        s3 = self.client("s3")
        try:
            reply = s3.get_object(Bucket=self.bucket, Key=places.status_key(run))
        except s3.exceptions.NoSuchKey:
            return {}
        found: dict[str, Any] = json.loads(reply["Body"].read())
        return found

    def report(self, run: str, name: str = "report.json") -> bytes:
        """Return a run's report."""
        return self.data(f"{places.REPORTS_PREFIX}{run}/{name}")

    def wait(self, run: str, *, until: Callable[[dict[str, Any]], bool] | None = None) -> dict[str, Any]:
        """Return the run's status when it is over, or when it is as it was waited for."""

        def over(status: dict[str, Any]) -> bool:
            return status.get("state") in runs.OVER

        found: dict[str, Any] = waited(lambda: self.status(run), until or over)
        return found

    def until_phase(self, run: str, phase: str) -> dict[str, Any]:
        """Return the run's status when it has come to a phase, or past it."""
        reached = runs.PHASES.index(phase)
        return self.wait(
            run,
            until=lambda one: bool(one) and (one["state"] != "running" or runs.PHASES.index(one["phase"]) >= reached),
        )

    def execution(self, run: str) -> dict[str, Any]:
        """Return the run's execution as Step Functions has it."""
        arn = f"{self.outputs['TuningPipelineArn'].replace(':stateMachine:', ':execution:')}:{run}"
        found: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=arn)
        return found

    def stop(self, run: str) -> None:
        """Stop a run as `quarry tune stop` does: the execution ends at once, the rest is taken away."""
        self.client("stepfunctions").stop_execution(executionArn=self.execution(run)["executionArn"])

    def executions(self, output: str = "TuningPipelineArn") -> list[dict[str, Any]]:
        """Return the executions of a state machine."""
        found: list[dict[str, Any]] = self.client("stepfunctions").list_executions(
            stateMachineArn=self.outputs[output]
        )["executions"]
        return found

    def settled(self) -> None:
        """Wait until nothing of tuning runs any more."""
        machines = ("TuningPipelineArn", "TuningRemovalArn")
        waited(
            lambda: [one["status"] for machine in machines for one in self.executions(machine)],
            lambda found: "RUNNING" not in found,
        )

    def there(self, kind: str) -> list[dict[str, Any]]:
        """Return what there is: jobs, models, deployments, throughputs."""
        operation, member = KINDS[kind]
        found: list[dict[str, Any]] = getattr(self.client("bedrock"), operation)()[member]
        return found

    def billing(self) -> dict[str, int]:
        """Return how much there is that works or costs, and how many ends are scheduled."""
        jobs = [job for job in self.there("jobs") if job["status"] in ("InProgress", "Stopping")]
        counts = {kind: len(self.there(kind)) for kind in ("models", "deployments", "throughputs")}
        schedules = self.client("scheduler").list_schedules(GroupName=f"quarry-{ENVIRONMENT}-tuning")["Schedules"]
        return {"jobs": len(jobs), **counts, "schedules": len(schedules)}

    def ask(self, text: str, *, alias: str = "fast") -> httpx.Response:
        """Ask an alias."""
        body = {"model": alias, "messages": [{"role": "user", "content": text}], "max_tokens": 40}
        headers = {"Authorization": f"Bearer {self._key}"}
        return httpx.post(f"{self.url}/chat/completions", json=body, headers=headers, timeout=PATIENCE)

    def answers_from(self, text: str, run: str | None) -> httpx.Response:
        """Return an answer of the alias when it comes from a run's model, or from none; it takes a while."""
        found: httpx.Response = waited(lambda: self.ask(text), lambda reply: reply.headers.get("x-quarry-tuned") == run)
        return found

    def inventory(self) -> str:
        """Return what lives in the account besides the CDK's own."""
        done = subprocess.run(
            ("python", "-m", "sandbox", "inventory", "--except", "CDKToolkit"),
            cwd=PROJECT,
            env=self._environ,
            capture_output=True,
            text=True,
        )
        return done.stdout


def waited(look: Callable[[], Any], found: Callable[[Any], bool]) -> Any:
    """Return what is looked at when it is as it was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not found(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


@contextmanager
def tuned_in(folder: Path) -> Iterator[Tuned]:
    """The platform on a server of its own."""
    with running(folder / "sandbox") as (state, record):
        made = Tuned(folder, state, record)
        made.deploy()
        yield made
