"""The synth's own checks are switched on: each is shown stopping a bad stack."""

from collections.abc import Callable

import pytest
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from stacks.components.checks import acknowledge, add_checks
from tests.templates import new_app


def cdk_nag_finds_a_bucket_without_tls(stack: Stack) -> None:
    s3.Bucket(stack, "Open", removal_policy=RemovalPolicy.DESTROY)


def preflight_finds_what_only_the_service_knows(stack: Stack) -> None:
    bedrock.CfnGuardrail(
        stack,
        "Guardrail",
        name="g",
        blocked_input_messaging="no",
        blocked_outputs_messaging="no",
        content_policy_config=bedrock.CfnGuardrail.ContentPolicyConfigProperty(
            filters_config=[
                bedrock.CfnGuardrail.ContentFilterConfigProperty(
                    type="PROMPT_ATTACK", input_strength="HIGH", output_strength="HIGH"
                )
            ]
        ),
    )


def the_validator_finds_what_the_schema_forbids(stack: Stack) -> None:
    bedrock.CfnPrompt(stack, "Prompt", name="has spaces and is not allowed!")


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (cdk_nag_finds_a_bucket_without_tls, "AwsSolutions-S10"),
        (preflight_finds_what_only_the_service_knows, "PROMPT_ATTACK"),
        (the_validator_finds_what_the_schema_forbids, "has spaces"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_stack_stops_the_synth(
    mistake: Callable[[Stack], None], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    app = new_app()
    mistake(Stack(app, "Bad"))
    add_checks(app)

    with pytest.raises(RuntimeError) as stopped:
        app.synth()

    printed = capfd.readouterr()
    assert told in printed.out + printed.err + str(stopped.value)


def test_an_acknowledged_finding_does_not_stop_it() -> None:
    app = new_app()
    queue = sqs.Queue(Stack(app, "Stack"), "Queue", enforce_ssl=True)
    acknowledge(queue, "AwsSolutions-SQS3", because="a test")
    add_checks(app)

    assert app.synth().stacks
