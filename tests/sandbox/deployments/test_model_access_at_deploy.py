"""The access check as a part of a deployment: a failed one says the fix, and is rolled back."""

import subprocess
from pathlib import Path

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform

pytestmark = pytest.mark.deployments

APP = """\
from aws_cdk import App
from configuration.environment_file import load
from stacks.inference.stack import InferenceStack

config = load("sandbox")
inference = config.inference.model_copy(update={"owns_api_gateway_account": False})
models = config.models.model_copy(update={"participants": PARTICIPANTS})
config = config.model_copy(update={"name": "refused", "inference": inference, "models": models, "knowledge": None})
app = App()
InferenceStack(app, "Inference", config=config, account="000000000000", prompts=[])
app.synth()
"""


def deploy_refused(platform: Platform, folder: Path, *, participants: int = 1) -> subprocess.CompletedProcess[str]:
    """Deploy the real inference stack under another name."""
    (folder / "app.py").write_text(APP.replace("PARTICIPANTS", str(participants)), encoding="utf-8")
    ssm = platform.client("ssm")
    for name in ("guardrail/id", "guardrail/version"):
        value = ssm.get_parameter(Name=f"/quarry/sandbox/{name}")["Parameter"]["Value"]
        ssm.put_parameter(Name=f"/quarry/refused/{name}", Value=value, Type="String", Overwrite=True)
    command = ("cdk", "deploy", "--app", f"python {folder / 'app.py'}", "--output", str(folder / "cdk.out"))
    return platform.run(
        "python", "-m", "sandbox", "exec", "--", *command, "--require-approval", "never", "--no-notices"
    )


def test_a_failed_check_of_an_update_rolls_back_although_the_models_of_old_fail_too(
    platform: Platform, model: ModelScript, tmp_path: Path
) -> None:
    ssm, cloudformation = platform.client("ssm"), platform.client("cloudformation")
    try:
        created = deploy_refused(platform, tmp_path)
        assert created.returncode == 0, created.stdout
        model.account([{"model": "anthropic.*", "useCaseForm": "NOT_SUBMITTED"}])
        updated = deploy_refused(platform, tmp_path, participants=2)
        (stack,) = cloudformation.describe_stacks(StackName="quarry-refused-inference")["Stacks"]
    finally:
        cloudformation.delete_stack(StackName="quarry-refused-inference")
        ssm.delete_parameters(Names=["/quarry/refused/guardrail/id", "/quarry/refused/guardrail/version"])

    assert updated.returncode != 0
    assert "anthropic_form_missing" in updated.stdout
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_failed_check_fails_the_deployment_with_the_fix_and_leaves_nothing(
    platform: Platform, model: ModelScript, tmp_path: Path
) -> None:
    ssm, cloudformation = platform.client("ssm"), platform.client("cloudformation")
    model.account([{"model": "anthropic.*", "useCaseForm": "NOT_SUBMITTED"}])
    try:
        deployed = deploy_refused(platform, tmp_path)
        resources = cloudformation.describe_stack_resources(StackName="quarry-refused-inference")["StackResources"]
        (stack,) = cloudformation.describe_stacks(StackName="quarry-refused-inference")["Stacks"]
        parameters = ssm.describe_parameters()["Parameters"]
        functions = platform.client("lambda").list_functions()["Functions"]
    finally:
        cloudformation.delete_stack(StackName="quarry-refused-inference")
        ssm.delete_parameters(Names=["/quarry/refused/guardrail/id", "/quarry/refused/guardrail/version"])

    assert deployed.returncode != 0
    reason = (
        "Model access: smart (anthropic.claude-haiku-4-5-20251001-v1:0): anthropic_form_missing. quarry check --enable"
    )
    assert reason in " ".join(deployed.stdout.split())
    assert "Traceback" not in deployed.stdout
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert {resource["ResourceStatus"] for resource in resources} <= {"DELETE_COMPLETE"}
    assert not any(one["Name"] == "/quarry/refused/model-access" for one in parameters)
    assert not any(one["FunctionName"].startswith("quarry-refused") for one in functions)
