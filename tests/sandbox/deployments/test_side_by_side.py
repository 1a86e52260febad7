"""Two environments in one account: each is edited, fails and goes, and the other one does not notice.

With the real CDK CLI, quarry's commands and IAM enforced. The environment ``one`` has documents and retains its data,
``two`` came later and is the one that goes.
"""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from lambdas.knowledge.current_id import CACHE_SECONDS
from sandbox.connection import ACCOUNT, REGION
from tests.sandbox.servers import running
from tests.sandbox.studio_deployment.room import Room
from tests.waiting import PATIENCE

pytestmark = pytest.mark.deployments

ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
Template = dict[str, Any]
# What AWS takes no create of, behind everything else.
FAILING: Template = {"Type": "AWS::Bedrock::ApplicationInferenceProfile", "Properties": {"InferenceProfileName": "x"}}


class Neighbours(Room):
    """The environments ``one`` and ``two``."""

    def write(self, name: str, **changes: Any) -> None:
        """Write an environment's file."""
        environments = self._project / "environments"
        document = yaml.safe_load((environments / "sandbox.yaml").read_text(encoding="utf-8"))
        knowledge = changes.pop("knowledge", {})
        document |= {"name": name, **changes}
        if knowledge is None:
            del document["knowledge"]
        else:
            document["knowledge"] |= knowledge
        (environments / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def keep_prompts(self, *names: str) -> None:
        """Have no other prompts than these."""
        for file in (self._project / "prompts").glob("*.yaml"):
            if file.stem not in names:
                file.unlink()

    def deploy(self, name: str, *stacks: str) -> None:
        """Deploy stacks of an environment, without those they need; all if none is named."""
        chosen = ("--context", f"environment={name}", "--output", f".cache-{name}")
        what = ("--exclusively", *stacks) if stacks else ("--all",)
        self.run("cdk", "deploy", *what, "--require-approval", "never", "--no-notices", *chosen)

    def of(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run ``quarry ... --json`` on an environment and return what it printed, parsed."""
        printed = self.run("quarry", *arguments, "--environment", name, "--json", code=code)
        return json.loads(printed[printed.index("{") : printed.rindex("}") + 1])

    def template(self, stack: str) -> Template:
        """Return a stack's template."""
        found: Template = self.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
        return found

    def update(self, stack: str, template: Template) -> str:
        """Update a stack, and return the status that it ends in."""
        cloudformation = self.client("cloudformation")
        key = f"{stack}.json"
        self.client("s3").put_object(Bucket=ASSETS, Key=key, Body=json.dumps(template).encode())
        url = f"{self._connection.aws_url}/{ASSETS}/{key}"
        cloudformation.update_stack(StackName=stack, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
        deadline, status = time.monotonic() + PATIENCE, "_IN_PROGRESS"
        while status.endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, f"{stack} is still {status}"
            (told,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
            status = str(told["StackStatus"])
            time.sleep(0.05)
        return status

    def parameter(self, name: str) -> str:
        """Return the value of an SSM parameter."""
        return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def versions(self, name: str) -> list[str]:
        """Return the numbers of the versions of an environment's guardrail, oldest first."""
        id_ = self.parameter(f"/quarry/{name}/guardrail/id")
        listed = self.client("bedrock").list_guardrails(guardrailIdentifier=id_)["guardrails"]
        return sorted((one["version"] for one in listed if one["version"] != "DRAFT"), key=int)

    def judged_by(self, name: str, version: str) -> int:
        """Have a version of an environment's guardrail judge something, and return the HTTP status."""
        reply = self.client("bedrock-runtime").apply_guardrail(
            guardrailIdentifier=self.parameter(f"/quarry/{name}/guardrail/id"),
            guardrailVersion=version,
            source="INPUT",
            content=[{"text": {"text": "Hello."}}],
        )
        return int(reply["ResponseMetadata"]["HTTPStatusCode"])

    def named(self, name: str) -> set[str]:
        """Return the versions that the functions of an environment name."""
        functions = self.client("lambda").get_paginator("list_functions").paginate()
        variables = [
            one.get("Environment", {}).get("Variables", {})
            for page in functions
            for one in page["Functions"]
            if one["FunctionName"].startswith(f"quarry-{name}-inference")
        ]
        return {one["GUARDRAIL_VERSION"] for one in variables if "GUARDRAIL_VERSION" in one}

    def found(self, key: str, question: str) -> tuple[int, list[str]]:
        """Ask the documents of ``one``, and return the HTTP status and the documents whose passages were found."""
        url, headers = f"{self.url}/knowledge/retrieve", {"Authorization": f"Bearer {key}"}
        reply = httpx.post(url, json={"query": question}, headers=headers, timeout=PATIENCE)
        return reply.status_code, [one["document"] for one in reply.json().get("data", [])]

    def role_for_logs(self) -> str:
        """Return the name of the role that API Gateway's account names."""
        return str(self.client("apigateway").get_account()["cloudwatchRoleArn"]).rpartition("/")[2]

    def log_lines(self, prefix: str) -> int:
        """Return how many lines there are in the log groups whose names begin so."""
        logs = self.client("logs")
        groups = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        assert groups, prefix
        return sum(len(logs.filter_log_events(logGroupName=one["logGroupName"])["events"]) for one in groups)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    folder: Path = tmp_path_factory.mktemp("neighbours")
    with running(folder / "sandbox", rest_api="quarry-one-api") as (state, record):
        made = Neighbours(folder, state, record)
        made.keep_prompts("weather")
        made.bootstrap()
        made.write("one", retain_data=True)
        made.write("two", knowledge=None)
        made.deploy("one")
        made.deploy("two")
        yield made


def edited(template: Template, kind: str, text: str) -> Template:
    """Return a template with another guardrail, or prompt, as another content has it."""
    resources = template["Resources"]
    mark = next(id_ for id_, one in resources.items() if one["Type"] == f"AWS::Bedrock::{kind}Version")[-8:]
    changed: Template = json.loads(json.dumps(template).replace(mark, text))
    (subject,) = [one["Properties"] for one in changed["Resources"].values() if one["Type"] == f"AWS::Bedrock::{kind}"]
    subject["Description"] = text
    return changed


def failing(template: Template) -> Template:
    """Return a template whose last resource fails."""
    return {
        **template,
        "Resources": {**template["Resources"], "Failing": {**FAILING, "DependsOn": list(template["Resources"])}},
    }


def test_tables_are_protected_where_data_is_retained_and_only_there(neighbours: Neighbours) -> None:
    dynamodb = neighbours.client("dynamodb")
    protected = {
        name: dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
        for name in dynamodb.list_tables()["TableNames"]
    }

    assert {name.split("-")[1] for name, is_protected in protected.items() if is_protected} == {"one"}
    assert sum(protected.values()) == 3


def test_twenty_five_edits_of_the_policy_in_a_row_are_deployed(neighbours: Neighbours) -> None:
    stack, template = "quarry-two-guardrails", neighbours.template("quarry-two-guardrails")
    other = neighbours.versions("one")
    assert neighbours.versions("two") == ["1"]

    for number in range(25):
        policy = edited(template, "Guardrail", f"{number:08x}")
        if number == 12:
            before = neighbours.versions("two")
            assert neighbours.update(stack, failing(edited(template, "Guardrail", "deadbeef"))) == (
                "UPDATE_ROLLBACK_COMPLETE"
            )
            # What it published is gone, and what stood before it is there.
            assert set(neighbours.versions("two")) <= set(before)
            assert neighbours.parameter("/quarry/two/guardrail/version") in neighbours.versions("two")
        assert neighbours.update(stack, policy) == "UPDATE_COMPLETE"
        assert neighbours.judged_by("two", "1") == 200

    versions, newest = neighbours.versions("two"), neighbours.parameter("/quarry/two/guardrail/version")
    assert versions[0] == "1"
    assert versions[-1] == newest
    assert len(versions) <= 12
    assert neighbours.versions("one") == other


def test_what_is_rolled_back_finds_its_version_and_what_moves_on_lets_it_go(neighbours: Neighbours) -> None:
    stack, template = "quarry-two-inference", neighbours.template("quarry-two-inference")
    newest = neighbours.parameter("/quarry/two/guardrail/version")

    assert neighbours.update(stack, failing(template)) == "UPDATE_ROLLBACK_COMPLETE"
    assert neighbours.named("two") == {"1"}
    assert neighbours.parameter("/quarry/two/guardrail/pins/inference") == "1"
    assert neighbours.judged_by("two", "1") == 200

    assert neighbours.update(stack, {**template, "Description": "once more"}) == "UPDATE_COMPLETE"
    assert neighbours.named("two") == {newest}
    policy = edited(neighbours.template("quarry-two-guardrails"), "Guardrail", "0000abcd")
    assert neighbours.update("quarry-two-guardrails", policy) == "UPDATE_COMPLETE"
    assert "1" not in neighbours.versions("two")
    assert newest in neighbours.versions("two")


def test_fifteen_edits_of_a_prompt_in_a_row_are_deployed_and_another_owner_makes_no_version(
    neighbours: Neighbours,
) -> None:
    stack = "quarry-two-prompts"
    for number in range(15):
        if number == 7:
            assert neighbours.update(stack, failing(edited(neighbours.template(stack), "Prompt", "deadbeef"))) == (
                "UPDATE_ROLLBACK_COMPLETE"
            )
        changed = edited(neighbours.template(stack), "Prompt", f"{number:08x}")
        assert neighbours.update(stack, changed) == "UPDATE_COMPLETE"
    arn = neighbours.parameter("/quarry/two/prompts/weather")
    agent = neighbours.client("bedrock-agent")
    assert agent.get_prompt(promptIdentifier=arn.rpartition(":")[0], promptVersion=arn.rpartition(":")[2])["id"]
    versions = [one for one in neighbours.inventory() if "prompt_versions/" in one]
    assert len(versions) == 2  # one in each environment

    owned = json.loads(json.dumps(neighbours.template(stack)).replace("sandbox@example.com", "other@example.com"))
    assert owned != neighbours.template(stack)
    assert neighbours.update(stack, owned) == "UPDATE_COMPLETE"
    assert neighbours.parameter("/quarry/two/prompts/weather") == arn


def test_a_knowledge_base_is_switched_under_questions_and_none_of_them_fails(neighbours: Neighbours) -> None:
    key, question = neighbours.of("one", "keys", "create", "bob")["api_key"], "Where is the porter's spare key?"
    outputs = neighbours.client("cloudformation").describe_stacks(StackName="quarry-one-knowledge")["Stacks"][0]
    told = {one["OutputKey"]: one["OutputValue"] for one in outputs["Outputs"]}
    body = b"The night porter of the observatory keeps the spare key in the blue teapot."
    neighbours.client("s3").put_object(Bucket=told["DataBucket"], Key=f"{told['DocumentsPrefix']}porter.md", Body=body)
    deadline = time.monotonic() + PATIENCE
    while (met := neighbours.found(key, question)) != (200, ["porter.md"]):
        assert met[0] == 200
        assert time.monotonic() < deadline
        time.sleep(0.5)
    answers: list[tuple[int, list[str]]] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            answers.append(neighbours.found(key, question))
            time.sleep(0.1)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        neighbours.write("one", retain_data=True, knowledge={"dimensions": 512})
        neighbours.deploy("one", "Knowledge")
        # The functions hear of nothing more, and have forgotten the former one by now.
        time.sleep(CACHE_SECONDS)
    finally:
        over.set()
        asking.join()

    assert neighbours.parameter("/quarry/one/knowledge/id") != told["KnowledgeBaseId"]
    bases = neighbours.client("bedrock-agent").list_knowledge_bases()["knowledgeBaseSummaries"]
    assert [one["knowledgeBaseId"] for one in bases] == [neighbours.parameter("/quarry/one/knowledge/id")]
    assert len(answers) > 20
    assert [one for one in answers if one != (200, ["porter.md"])] == []


def test_one_goes_and_the_other_does_not_notice(neighbours: Neighbours) -> None:
    key = neighbours.of("one", "keys", "create", "ann")["api_key"]

    def ask() -> int:
        url, headers = f"{neighbours.url}/models", {"Authorization": f"Bearer {key}"}
        return httpx.get(url, headers=headers, timeout=PATIENCE).status_code

    def standing() -> dict[str, Any]:
        watch = neighbours.client("cloudwatch")
        alarms = watch.describe_alarms(AlarmNamePrefix="quarry-one-")["MetricAlarms"]
        metrics = watch.list_metrics(Namespace="Quarry", Dimensions=[{"Name": "environment", "Value": "one"}])
        return {
            "alarms": sorted((one["AlarmName"], one["StateValue"]) for one in alarms),
            "metrics": sorted(one["MetricName"] for one in metrics["Metrics"]),
            "versions": neighbours.versions("one"),
            "role": neighbours.role_for_logs(),
        }

    groups = "/aws/cloudformation/quarry-one-inference"
    access, functions = f"{groups}/RestAccessLog", f"{groups}/InferenceLogs"
    assert ask() == 200
    before = standing()
    lines = neighbours.log_lines(access), neighbours.log_lines(functions)
    # The one that was deployed last is named, for both.
    assert before["role"].startswith("quarry-two-inference-")
    assert before["alarms"]

    verdict = neighbours.of("two", "teardown", "--yes", "--retain", "nothing")

    assert (verdict["left"], verdict["unknown"]) == ([], [])
    (shared,) = verdict["shared"]
    assert shared["id"] == before["role"]
    assert "as those of quarry-one-api" in shared["why"]
    assert ask() == 200
    after = standing()
    assert after == before | {"metrics": after["metrics"]}
    assert set(before["metrics"]) <= set(after["metrics"])
    assert neighbours.client("iam").get_role(RoleName=after["role"])
    assert neighbours.log_lines(access) == lines[0] + 1
    assert neighbours.log_lines(functions) > lines[1]
    of_two = ("quarry-two-", "/quarry/two/")
    left = [one for one in neighbours.inventory() if any(begins in one for begins in of_two)]
    assert [one for one in left if after["role"] not in one] == []


def test_the_last_one_goes_with_all_that_was_kept_for_it(neighbours: Neighbours) -> None:
    gone = neighbours.of("one", "teardown", "--yes", "--retain", "nothing")
    assert (gone["left"], gone["unknown"], gone["shared"]) == ([], [], [])

    # Nobody's logs need the role of the other one any more.
    last = neighbours.of("two", "teardown", "--yes", "--retain", "nothing")

    assert [one["type"] for one in last["deleted"]] == ["role"]
    assert neighbours.inventory() == []
