"""What the stack deploys: who may do what, in which order it goes, what starts a run, and what it costs idle."""

import json
from typing import Any

import pytest

from tests import templates
from tests.policy.rules import of_type

ENVIRONMENT = "sandbox-tuning"
STATES = "AWS::StepFunctions::StateMachine"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return templates.of_environment(ENVIRONMENT)["Tuning"]


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {id_: one for id_, one in template["Resources"].items() if one["Type"] == kind}


def only(template: dict[str, Any], kind: str, part: str = "") -> str:
    """Return the logical id of the one resource of a type that has this in its id."""
    (found,) = (id_ for id_ in resources(template, kind) if part in id_)
    return found


def after(template: dict[str, Any], id_: str) -> set[str]:
    """Return everything that has to be there before a resource, and so goes after it."""
    found: set[str] = set()
    open_ = [id_]
    while open_:
        resource = template["Resources"][open_.pop()]
        text = json.dumps(resource)
        named = {one for one in template["Resources"] if f'"{one}"' in text} - found
        found |= named
        open_ += named
    return found - {id_}


def actions(template: dict[str, Any], role: str) -> dict[str, list[dict[str, Any]]]:
    """Return what a role may: action -> statements."""
    found: dict[str, list[dict[str, Any]]] = {}
    for _, policy in of_type(template, "AWS::IAM::Policy"):
        if any(role in one["Ref"] for one in policy["Roles"]):
            for statement in policy["PolicyDocument"]["Statement"]:
                listed = statement["Action"]
                for action in listed if isinstance(listed, list) else [listed]:
                    found.setdefault(action, []).append(statement)
    return found


def test_idle_it_costs_storage_only(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}

    assert kinds <= {
        "AWS::CDK::Metadata",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::StepFunctions::StateMachine",
        "Custom::QuarryEmptyBucket",
        "Custom::QuarryTuningCleanUp",
    }
    # AWS's own key: one of ours would be a dollar a month.
    (topic,) = resources(template, "AWS::SNS::Topic").values()
    assert "alias/aws/sns" in json.dumps(topic["Properties"]["KmsMasterKeyId"])


def test_only_a_request_starts_a_run(template: dict[str, Any]) -> None:
    patterns = [rule["Properties"]["EventPattern"] for rule in resources(template, "AWS::Events::Rule").values()]

    (of_objects,) = (one for one in patterns if one["source"] == ["aws.s3"])
    assert of_objects["detail"]["object"]["key"] == [{"wildcard": "runs/*/run.yaml"}]
    ends = [one["detail"]["status"] for one in patterns if one["source"] == ["aws.states"]]
    assert sorted(ends) == [["ABORTED"], ["FAILED"], ["TIMED_OUT"]]


def test_no_run_starts_while_the_stack_goes_and_everything_is_there_for_the_clean_up(template: dict[str, Any]) -> None:
    clean_up = only(template, "Custom::QuarryTuningCleanUp")

    for rule in resources(template, "AWS::Events::Rule"):
        assert clean_up in after(template, rule)
    kept = after(template, clean_up)
    assert set(resources(template, STATES)) <= kept
    assert set(resources(template, "AWS::Scheduler::ScheduleGroup")) <= kept
    assert only(template, "AWS::S3::Bucket") in kept
    assert only(template, "AWS::IAM::Policy", "MayCleanUp") in kept


def test_what_writes_to_the_bucket_goes_before_it_is_emptied(template: dict[str, Any]) -> None:
    empty = only(template, "Custom::QuarryEmptyBucket")

    for id_ in resources(template, "AWS::Lambda::Function"):
        assert (empty in after(template, id_)) is not id_.startswith("Lifecycle"), id_


def test_bedrock_takes_the_role_for_this_accounts_jobs_only(template: dict[str, Any]) -> None:
    role = template["Resources"][only(template, "AWS::IAM::Role", "JobRole")]

    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert "model-customization-job/*" in json.dumps(trust["Condition"]["ArnLike"]["aws:SourceArn"])
    may = actions(template, "JobRole")
    assert set(may) == {"s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    (writing,) = may["s3:PutObject"]
    assert json.dumps(writing["Resource"]).count("/output/*") == 1
    assert "runs/" not in json.dumps(may)


def test_what_deletes_is_bound_to_the_environments_tag(template: dict[str, Any]) -> None:
    for role in ("Conductor", "Lifecycle"):
        for action, statements in actions(template, role).items():
            if action.startswith(("bedrock:Delete", "bedrock:Stop", "bedrock:Update")):
                for statement in statements:
                    bound = statement["Condition"]["StringEquals"]["aws:ResourceTag/quarry:environment"]
                    assert bound == ENVIRONMENT, action


def test_only_the_conductor_makes_anything_and_it_asks_no_model(template: dict[str, Any]) -> None:
    for role in ("Preparer", "Evaluator", "Reporter", "Starter", "PipelineMachine", "RemovalMachine"):
        assert not [one for one in actions(template, role) if one.startswith(("bedrock:Create", "bedrock:Delete"))]
    assert "bedrock:InvokeModel" in actions(template, "Evaluator")
    assert "bedrock:InvokeModel" not in actions(template, "Conductor")
    assert "ssm:PutParameter" not in actions(template, "Evaluator")
    passed = [json.dumps(one["Condition"]) for one in actions(template, "Conductor")["iam:PassRole"]]
    assert sorted("bedrock" in one for one in passed) == [False, True]


def resources_of(template: dict[str, Any], role: str, action: str) -> str:
    return json.dumps([one["Resource"] for one in actions(template, role)[action]])


def test_what_only_looks_has_no_more_than_it_asks(template: dict[str, Any]) -> None:
    assert "bedrock:GetModelCustomizationJob" not in actions(template, "Lifecycle")
    read = resources_of(template, "Conductor", "bedrock:ListTagsForResource")
    assert ":custom-model-deployment/*" in read
    assert ":custom-model/*" not in read


def test_a_promotion_is_read_by_its_path_and_changed_below_it(template: dict[str, Any]) -> None:
    below = f"parameter/quarry/{ENVIRONMENT}/aliases"
    for role in ("Conductor", "Lifecycle"):
        for action in (one for one in actions(template, role) if one.startswith("ssm:")):
            named = resources_of(template, role, action)
            assert named.count(below) == 1, (role, action)
            assert (f"{below}/*" in named) is (action != "ssm:GetParametersByPath"), (role, action)


def test_eventbridge_takes_its_role_for_this_accounts_rules_only(template: dict[str, Any]) -> None:
    trusts = [
        statement
        for role in resources(template, "AWS::IAM::Role").values()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    ]

    assert trusts
    for trust in trusts:
        assert "aws:SourceAccount" in trust["Condition"]["StringEquals"]
        assert ":rule/*" in json.dumps(trust["Condition"]["ArnLike"]["aws:SourceArn"])


def test_logs_of_the_state_machines_are_vended_ones(template: dict[str, Any]) -> None:
    names = [
        json.dumps(group["Properties"].get("LogGroupName", ""))
        for group in resources(template, "AWS::Logs::LogGroup").values()
    ]

    assert sum("/aws/vendedlogs/states/" in name for name in names) == 2


def test_the_schedules_group_carries_the_tags_that_schedules_cannot(template: dict[str, Any]) -> None:
    (group,) = resources(template, "AWS::Scheduler::ScheduleGroup").values()

    assert group["Properties"]["Name"] == f"quarry-{ENVIRONMENT}-tuning"
    assert {tag["Key"] for tag in group["Properties"]["Tags"]} >= {"quarry:environment", "quarry:owner"}


def test_definitions_are_what_step_functions_reads(template: dict[str, Any]) -> None:
    for machine in resources(template, STATES).values():
        text = machine["Properties"]["DefinitionString"]
        joined = "".join(part if isinstance(part, str) else "arn" for part in text["Fn::Join"][1])
        definition = json.loads(joined)
        assert definition["StartAt"] in definition["States"]


def test_environments_without_the_section_have_no_stack() -> None:
    assert "Tuning" not in templates.of_environment("sandbox")
