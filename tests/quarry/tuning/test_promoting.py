"""``quarry tune promote``: an alias's one deployment gets the run's model, and the alias answers from it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.chat.promotions import FallenBack, Promotion, parse
from tests.lambdas import service_model
from tests.quarry.conftest import Run
from tests.quarry.tuning.account import ARN, RUN, FakeTuning
from tests.quarry.tuning.test_watch import status

NAME = "/quarry/dev/aliases/fast"
MODEL = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
EARLIER = MODEL.replace("abcdefghijkl", "earlierearli")
THROUGHPUT = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl"


class FakeBedrock:
    """The alias's deployment and one provisioned throughput. Each look at the deployment takes its change a step on.

    Attributes:
        deployment: as GetCustomModelDeployment tells it; None if there is none.
        throughput: status of the throughput; None if there is none.
        made: names, models and tags of deployments that were created.
        fails: whether changes fail.
    """

    def __init__(self) -> None:
        self.deployment: dict[str, Any] | None = None
        self.throughput: str | None = None
        self.made: list[dict[str, Any]] = []
        self.updates = 0
        self.fails = False

    def get_custom_model_deployment(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock", "GetCustomModelDeployment", kwargs)
        assert kwargs == {"customModelDeploymentIdentifier": "quarry-dev-fast"}
        if self.deployment is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "Get")
        shown = json.loads(json.dumps(self.deployment))
        update = self.deployment.get("updateDetails")
        if self.deployment["status"] == "Creating":
            self.deployment["status"] = "Failed" if self.fails else "Active"
        if update and update["updateStatus"] == "Updating":
            update["updateStatus"] = "UpdateFailed" if self.fails else "UpdateCompleted"
            if not self.fails:
                self.deployment["modelArn"] = update["modelArn"]
        return dict(shown)

    def create_custom_model_deployment(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock", "CreateCustomModelDeployment", kwargs)
        self.made.append(kwargs)
        self.deployment = {"customModelDeploymentArn": ARN, "modelArn": kwargs["modelArn"], "status": "Creating"}
        return {"customModelDeploymentArn": ARN}

    def update_custom_model_deployment(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock", "UpdateCustomModelDeployment", kwargs)
        assert self.deployment is not None
        self.updates += 1
        self.deployment["updateDetails"] = {"modelArn": kwargs["modelArn"], "updateStatus": "Updating"}
        return {"customModelDeploymentArn": ARN}

    def get_provisioned_model_throughput(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock", "GetProvisionedModelThroughput", kwargs)
        if self.throughput is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "Get")
        return {"status": self.throughput, "provisionedModelArn": THROUGHPUT}


@pytest.fixture
def bedrock(tuning: FakeTuning) -> FakeBedrock:
    fake = FakeBedrock()
    tuning.clients["bedrock"] = fake
    return fake


def standing(tuning: FakeTuning) -> Promotion:
    entry = parse(tuning.parameters.value(NAME))
    assert isinstance(entry, Promotion)
    return entry


def test_a_model_without_hosting_is_deployed_and_promoted(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL))

    ran = run("tune", "promote", RUN, "-e", "dev")

    assert ran.code == 0, ran.err
    assert f"fast answers from {RUN} ({ARN})" in ran.out
    (made,) = bedrock.made
    assert (made["modelDeploymentName"], made["modelArn"]) == ("quarry-dev-fast", MODEL)
    assert {"key": "quarry:environment", "value": "dev"} in made["tags"]
    assert (standing(tuning).tuned.arn, standing(tuning).tuned.run, standing(tuning).until) == (ARN, RUN, None)
    assert {"Key": "quarry:environment", "Value": "dev"} in tuning.parameters.tags[NAME]
    assert told(run) == (True, ARN)


def told(run: Run) -> tuple[bool, str]:
    """Return what the run's status says of its promotion."""
    found = run("tune", "status", RUN, "-e", "dev", "--json").json
    return found["promoted"], found["hosted_arn"]


def test_an_earlier_run_rolls_back_by_the_deployments_model(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL))
    tuning.write(status(run="fast-eeeeeeeeeeee", state="succeeded", phase="done", model_arn=EARLIER, hosted_arn=ARN))
    run("tune", "promote", RUN, "-e", "dev")

    ran = run("tune", "promote", "fast-eeeeeeeeeeee", "-e", "dev", "--json")

    assert ran.code == 0, ran.err
    assert (ran.json["alias"], ran.json["promotion"]["tuned"]["run"]) == ("fast", "fast-eeeeeeeeeeee")
    assert bedrock.deployment is not None
    assert (bedrock.updates, bedrock.deployment["modelArn"]) == (1, EARLIER)
    # The other one does not answer any more.
    assert told(run) == (False, ARN)
    # While the model was changed, the configured candidates answered.
    entries = [parse(value) for value in tuning.parameters.versions[NAME]]
    assert [type(entry) for entry in entries] == [Promotion, FallenBack, Promotion]


def test_what_is_promoted_already_is_left_as_it_is(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL))
    run("tune", "promote", RUN, "-e", "dev")

    assert run("tune", "promote", RUN, "-e", "dev").code == 0
    assert (len(bedrock.made), bedrock.updates, len(tuning.parameters.versions[NAME])) == (1, 0, 1)


def test_throughput_is_promoted_until_its_end(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    bedrock.throughput = "InService"
    tuning.write(
        status(
            state="succeeded", phase="done", model_arn=MODEL, hosted_arn=THROUGHPUT, until="2026-11-30T16:00:00+00:00"
        )
    )

    assert run("tune", "promote", RUN, "-e", "dev").code == 0

    until = standing(tuning).until
    assert standing(tuning).tuned.arn == THROUGHPUT
    assert until is not None
    assert until.isoformat() == "2026-11-30T16:00:00+00:00"


@pytest.mark.parametrize(("throughput", "said"), [(None, "is gone"), ("Creating", "not in service: Creating")])
def test_throughput_that_is_not_there_is_not_promoted(
    run: Run, tuning: FakeTuning, bedrock: FakeBedrock, throughput: str | None, said: str
) -> None:
    bedrock.throughput = throughput
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL, hosted_arn=THROUGHPUT))

    ran = run("tune", "promote", RUN, "-e", "dev")

    assert ran.code == 1
    assert said in ran.err
    assert tuning.parameters.versions == {}


def test_a_deployment_that_fails_promotes_nothing(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    bedrock.fails = True
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL))

    ran = run("tune", "promote", RUN, "-e", "dev")

    assert ran.code == 1
    assert "The deployment quarry-dev-fast failed" in ran.err
    assert tuning.parameters.versions == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "running", "model_arn": MODEL}, "is not over (training)"),
        ({"state": "failed", "reason": "It stalled."}, "has no model (any more). It stalled."),
    ],
)
def test_a_run_without_a_model_is_not_promoted(
    run: Run, tuning: FakeTuning, bedrock: FakeBedrock, changes: dict[str, Any], said: str
) -> None:
    tuning.write(status(execution_arn=None, **changes))

    ran = run("tune", "promote", RUN, "-e", "dev")

    assert ran.code == 1
    assert said in ran.err


def test_an_alias_is_given_back_to_its_candidates(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    tuning.write(status(state="succeeded", phase="done", model_arn=MODEL))
    run("tune", "promote", RUN, "-e", "dev")

    ran = run("tune", "promote", "--fall-back", "fast", "-e", "dev")

    assert ran.code == 0
    assert "fast answers from its configured candidates" in ran.out
    assert isinstance(parse(tuning.parameters.value(NAME)), FallenBack)
    assert told(run) == (False, ARN)
    assert "already" in run("tune", "promote", "--fall-back", "fast", "-e", "dev").out


@pytest.mark.parametrize("arguments", [[], [RUN, "--fall-back", "fast"], ["--fall-back", "nope"]])
def test_what_cannot_be_promoted_is_told(run: Run, tuning: FakeTuning, arguments: list[str]) -> None:
    assert run("tune", "promote", *arguments, "-e", "dev").code == 2
