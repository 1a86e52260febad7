"""A workshop that is deployed, changed and taken down with the commands that an organiser types.

Its environment file and its roster change, so it works in a copy of the project.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
import httpx
import yaml

from configuration.environment_file import PROJECT
from configuration.studio.participants import Participant, of_people
from configuration.studio.person import Person
from sandbox.connection import ACCOUNT, REGION
from sandbox.state import Record, StateDirectory
from tests.sandbox.servers import ONE_ATTEMPT, running, session

ENVIRONMENT: Final = "room"
STACK: Final = f"quarry-{ENVIRONMENT}-studio"
# What is read, run or shipped.
_COPIED: Final = (
    *("app.py", "cdk.json", "configuration", "environments", "guardrails", "lambdas", "prompts", "quarry", "samples"),
    *("package-lock.json", "playground", "sandbox", "stacks"),
)
_QUOTAS: Final = ("L-AC46C40F", "L-8E5333B4", "L-71FAF417", "L-4E39DDC4")


class Room:
    """The environment ``room``: the sandbox's, without documents, and with a section studio.

    Attributes:
        url: the front door's base URL, which stands for the endpoint's.
    """

    def __init__(self, folder: Path, state: StateDirectory, record: Record) -> None:
        self._project = folder / "project"
        self._connection = record.connection
        self.url = f"{record.connection.url}/v1"
        self._copy()
        path = f"{PROJECT / '.venv/bin'}:{PROJECT / 'node_modules/.bin'}:{os.environ['PATH']}"
        self._environ = {
            **record.connection.client_environment(os.environ, state=state.path),
            "PATH": path,
            "PYTHONPATH": str(self._project),
            "QUARRY_STATE": str(folder / "quarry"),
            "COLUMNS": "200",
        }

    def _copy(self) -> None:
        self._project.mkdir()
        for name in _COPIED:
            source, target = PROJECT / name, self._project / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        # The dependency layer is built once, here or there.
        (PROJECT / ".cache").mkdir(exist_ok=True)
        (self._project / ".cache").symlink_to(PROJECT / ".cache")

    def invite(self, names: Sequence[str], **section: Any) -> tuple[Participant, ...]:
        """Write the roster, and the section with other values than the defaults; return who takes part."""
        environments = self._project / "environments"
        document = yaml.safe_load((environments / "sandbox-studio.yaml").read_text(encoding="utf-8"))
        del document["knowledge"]
        document |= {"name": ENVIRONMENT, "studio": {"roster": "people.csv", **section}}
        (environments / f"{ENVIRONMENT}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        (environments / "people.csv").write_text("name\n" + "\n".join(names) + "\n", encoding="utf-8")
        return of_people([Person(name=name) for name in names])

    def raise_quotas(self, value: int) -> None:
        """Let the account have this many profiles, spaces and apps."""
        self.control("PUT", "quotas", dict.fromkeys(_QUOTAS, value))

    def control(self, method: str, what: str, document: Any = None) -> Any:
        """Drive the sandbox's Studio: see ``sandbox.studio.control``."""
        url = f"{self._connection.aws_url}/_sandbox/studio/{what}"
        reply = httpx.request(method, url, json=document, timeout=60)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def rights(self) -> list[dict[str, Any]]:
        """Return what IAM decided about roles: see ``sandbox.used_rights``."""
        reply = httpx.get(f"{self._connection.aws_url}/_sandbox/rights", timeout=60)
        found: list[dict[str, Any]] = reply.json()["rights"]
        return found

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command in the project's copy, which has to end with this exit code; return what it printed."""
        done = subprocess.run(
            command, cwd=self._project, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def quarry(self, *arguments: str, code: int = 0) -> Any:
        """Run ``quarry ... --json`` on this environment and return what it printed, parsed."""
        command = ("quarry", *arguments, "--environment", ENVIRONMENT, "--json")
        done = subprocess.run(command, cwd=self._project, env=self._environ, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def cdk(self, verb: str, *arguments: str) -> str:
        """Run the CDK CLI on this environment."""
        return self.run("cdk", verb, *arguments, "--context", f"environment={ENVIRONMENT}", "--no-notices")

    def bootstrap(self) -> None:
        """Make what the CDK CLI deploys with."""
        # Where there is no app that would have to be synthesised for it.
        self.run("sh", "-c", f"cd environments && cdk bootstrap aws://{ACCOUNT}/{REGION} --no-notices")

    def inventory(self) -> list[str]:
        """Return what there is in the account besides what outlives all stacks, a line each.

        That is the CDK's own, and the role by which API Gateway's account writes logs (docs/operations.md).
        """
        done = subprocess.run(
            ("python", "-m", "sandbox", "inventory", "--except", "CDKToolkit"),
            cwd=self._project,
            env=self._environ,
            capture_output=True,
            text=True,
        )
        lines = [] if "nothing left" in done.stdout else done.stdout.splitlines()[:-1]
        role = str(self.client("apigateway").get_account().get("cloudwatchRoleArn") or "").rpartition("/")[2]
        return [line for line in lines if not role or role not in line]

    def client(self, service: str) -> Any:
        """Return a boto3 client of the administrator's."""
        aws: Any = session(self._connection)
        return aws.client(service, endpoint_url=self._connection.aws_url, config=ONE_ATTEMPT)

    def as_participant(self, participant_id: str) -> boto3.Session:
        """Return a session with the rights of a participant's notebook.

        SageMaker alone may take the role. For the test it lets the account in besides; its rights stay what they are.
        """
        profile = self.client("sagemaker").describe_user_profile(
            DomainId=self.outputs()["DomainId"], UserProfileName=participant_id
        )
        arn = profile["UserSettings"]["ExecutionRole"]
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        self.client("iam").update_assume_role_policy(
            RoleName=arn.rpartition("/")[2],
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=participant_id)["Credentials"]
        return boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=REGION,
        )

    def client_of(self, participant: boto3.Session, service: str) -> Any:
        """Return a client with a participant's rights."""
        anybody: Any = participant
        return anybody.client(service, endpoint_url=self._connection.aws_url, config=ONE_ATTEMPT)

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the Studio stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return logical id -> what CloudFormation knows of the Studio stack's resource."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {one["LogicalResourceId"]: one for page in pages for one in page["StackResourceSummaries"]}

    def physical_ids(self) -> dict[str, str]:
        """Return logical id -> physical id of the Studio stack's resources."""
        return {id_: one["PhysicalResourceId"] for id_, one in self.resources().items()}

    def ask(self, key: str) -> httpx.Response:
        """Ask the endpoint with a participant's key."""
        body = {"model": "fast", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 20}
        return httpx.post(
            f"{self.url}/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=300
        )


@contextmanager
def room_in(folder: Path) -> Iterator[Room]:
    """A sandbox that is bootstrapped, with nothing of ours in it yet."""
    with running(folder / "sandbox") as (state, record):
        room = Room(folder, state, record)
        room.bootstrap()
        yield room
