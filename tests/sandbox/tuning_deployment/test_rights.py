"""Tuning's roles against what their code asked for in the other tests here, of which the last one destroys them."""

from pathlib import Path
from typing import Final

import pytest

from tests.sandbox import rights
from tests.sandbox.rights import FROM_AWS, Unseen
from tests.sandbox.tuning_deployment.tuned import STACK, Tuned

pytestmark = pytest.mark.tuning

UNSEEN: Final = (
    *(one for one in rights.UNSEEN if one.role == "*"),
    Unseen("JobRole", "s3:GetObject", "*/output/*", f"Bedrock's page has it in a job's role: {FROM_AWS}"),
    Unseen("*", "s3:ListBucket", "*", "makes a key that is not there a 404; MiniStack says so without"),
    Unseen("*", "iam:PassRole", "*", "MiniStack asks IAM nothing for it"),
    Unseen("*", "ssm:AddTagsToResource", "*", "MiniStack asks IAM nothing for it where a parameter is made with tags"),
    Unseen("LifecycleFunctionRole", "*", "*", "goes on by itself after minutes, ends uploads and removals under way"),
    Unseen("PipelineMachineRole", "states:*Execution", "*/Evaluate:*", f"a map's own runs: {FROM_AWS}"),
    Unseen("PipelineMachineRole", "states:StartExecution", "*RemovalMachine*", "ends throughput that another replaces"),
    Unseen("RemovalMachineRole", "sns:Publish", "*", "tells of a removal that does not come to its end"),
    Unseen(
        "StepsConductorRole", "bedrock:Create*", "*", "an action knows more kinds of resources than one hosting has"
    ),
    Unseen("StepsEvaluatorRole", "bedrock:InvokeModel", "*anthropic*", "the second model of an alias, in each region"),
)


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> None:
    """What only some tests ask for says nothing of what nobody needs."""
    here = Path(__file__).parent
    ran = {item.path.name for item in request.session.items if item.path.parent == here}
    if request.config.option.keyword or ran != {path.name for path in here.glob("test_*.py")}:
        pytest.skip("compares after all tests of this folder")


@pytest.mark.usefixtures("whole_run")
def test_every_right_is_used_and_nothing_is_asked_for_in_vain(deployed: Tuned) -> None:
    told = deployed.control("GET", "rights")["rights"]
    grants, prefix = deployed.grants, f"{STACK}-"

    assert rights.unused(grants, told, UNSEEN) == []
    assert rights.not_granted(grants, told, prefix=prefix) == []
