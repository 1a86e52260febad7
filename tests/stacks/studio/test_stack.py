"""The Studio stack: the domain, what every participant is given, and what changes when somebody comes or goes."""

import json
import re
from typing import Any

import pytest

from configuration.studio.names import KEY_FIELD, NO_KEY_YET
from stacks.studio.stack import StudioStack
from tests.policy import rules
from tests.stacks.knowledge.variants import flat, needed_by, properties, references, the
from tests.stacks.studio.room import VARIANTS, config, people, variant
from tests.templates import new_app

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_the_rule_holds(name: str, rule: Any) -> None:
    assert rule(variant(name)) == []


def test_the_domain_has_no_file_system_and_no_way_but_sagemakers() -> None:
    domain = properties(variant("One"), "AWS::SageMaker::Domain")

    assert domain["AuthMode"] == "IAM"
    assert domain["HomeEfsFileSystemCreation"] == "Disabled"
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert domain["TagPropagation"] == "ENABLED"
    assert len(domain["SubnetIds"]) == 2


def test_its_network_costs_nothing_and_leads_nowhere() -> None:
    kinds = {resource["Type"] for resource in variant("One")["Resources"].values()}

    assert {kind for kind in kinds if kind.startswith("AWS::EC2::")} == {"AWS::EC2::VPC", "AWS::EC2::Subnet"}


def test_a_network_that_is_there_is_used() -> None:
    template = variant("Chosen")
    domain = properties(template, "AWS::SageMaker::Domain")

    assert (domain["VpcId"], domain["SubnetIds"]) == ("vpc-0123456789abcdef0", ["subnet-0123456789abcdef0"])
    assert not any(resource["Type"].startswith("AWS::EC2::") for resource in template["Resources"].values())


@pytest.mark.parametrize(("name", "minutes"), [("One", 60), ("Chosen", 120)])
def test_nobody_can_choose_another_idle_time(name: str, minutes: int) -> None:
    lab = properties(variant(name), "AWS::SageMaker::Domain")["DefaultUserSettings"]["JupyterLabAppSettings"]

    assert lab["AppLifecycleManagement"]["IdleSettings"] == {
        "LifecycleManagement": "ENABLED",
        "IdleTimeoutInMinutes": minutes,
        "MinIdleTimeoutInMinutes": minutes,
        "MaxIdleTimeoutInMinutes": minutes,
    }


def test_a_participant_has_a_private_space_on_the_chosen_machine() -> None:
    space = properties(variant("Chosen"), "AWS::SageMaker::Space")

    assert (space["SpaceName"], space["SpaceDisplayName"]) == ("participant-01", "Participant 01")
    assert space["OwnershipSettings"] == {"OwnerUserProfileName": "participant-01"}
    assert space["SpaceSharingSettings"] == {"SharingType": "Private"}
    settings = space["SpaceSettings"]
    assert settings["JupyterLabAppSettings"]["DefaultResourceSpec"]["InstanceType"] == "ml.t3.xlarge"
    assert settings["SpaceStorageSettings"]["EbsStorageSettings"]["EbsVolumeSizeInGb"] == 20


def test_a_participants_secret_holds_no_key_yet() -> None:
    secret = properties(variant("One"), "AWS::SecretsManager::Secret")

    assert secret["Name"] == "quarry/dev/participants/participant-01"
    assert json.loads(secret["SecretString"]) == {KEY_FIELD: NO_KEY_YET}


def test_what_is_deleted_before_what() -> None:
    template = variant("One")
    space = the(template, "AWS::SageMaker::Space")
    profile = the(template, "AWS::SageMaker::UserProfile")
    domain = the(template, "AWS::SageMaker::Domain")
    emptying = the(template, "Custom::QuarryEmptyBucket")
    role = the(template, "AWS::IAM::Role", "Participants")

    assert {profile, domain, emptying, role} <= needed_by(template, space)
    assert {domain, role} <= needed_by(template, profile)


def test_all_spaces_go_before_any_profile() -> None:
    template = variant("Five")
    profiles = {id_ for id_, _ in rules.of_type(template, "AWS::SageMaker::UserProfile")}
    spaces = [id_ for id_, _ in rules.of_type(template, "AWS::SageMaker::Space")]

    assert len(profiles) == len(spaces) == 5
    for space in spaces:
        assert profiles <= needed_by(template, space)


def test_everything_of_ours_is_tagged() -> None:
    kinds = ("Domain", "UserProfile", "Space")
    types = [f"AWS::SageMaker::{kind}" for kind in kinds]
    for _, resource in rules.of_type(variant("One"), *types, "AWS::SecretsManager::Secret", "AWS::EC2::VPC"):
        assert {"quarry:environment", "quarry:owner"} <= {tag["Key"] for tag in resource["Tags"]}


def test_a_hundred_participants_fit_into_a_stack() -> None:
    template = variant("Full")

    assert len(template["Resources"]) <= 450
    assert len(json.dumps(template)) < 1_000_000


def of_participants(name: str) -> dict[str, Any]:
    return {id_: resource for id_, resource in variant(name)["Resources"].items() if id_.startswith("Participants")}


def test_who_leaves_takes_four_resources_along_and_changes_nobody_elses() -> None:
    before, after = of_participants("Five"), of_participants("Four")

    gone = before.keys() - after.keys()

    assert sorted(before[id_]["Type"] for id_ in gone) == [
        "AWS::IAM::Role",
        "AWS::SageMaker::Space",
        "AWS::SageMaker::UserProfile",
        "AWS::SecretsManager::Secret",
    ]
    assert all(id_.startswith("Participantsperson2") for id_ in gone)
    assert after == {id_: resource for id_, resource in before.items() if id_ not in gone}


def test_of_the_rest_only_the_clean_up_knows_who_is_there() -> None:
    before, after = (variant(name)["Resources"] for name in ("Five", "Four"))

    def changed(part: str) -> set[str]:
        both = before.keys() & after.keys()
        return {before[id_]["Type"] for id_ in both if before[id_].get(part) != after[id_].get(part)}

    assert changed("Properties") == {"Custom::QuarryStudioCleanUp"}
    # CloudFormation changes nothing where only the order has changed.
    assert changed("DependsOn") == {"Custom::QuarryStudioCleanUp", "AWS::CloudFormation::WaitConditionHandle"}


def test_what_stands_between_profiles_and_spaces_has_nothing_that_could_change() -> None:
    app = new_app()
    # As the CDK CLI sets it, unless somebody switches it off.
    app.node.set_context("aws:cdk:enable-path-metadata", True)
    varied = config("One")
    assert varied.studio
    StudioStack(app, "One", config=varied, account=None, studio=varied.studio)
    (stack,) = app.synth().stacks
    resources = stack.template["Resources"].values()

    assert "Metadata" in next(one for one in resources if one["Type"] == "AWS::SageMaker::Space")
    (between,) = (one for one in resources if one["Type"] == "AWS::CloudFormation::WaitConditionHandle")
    assert between.keys() == {"Type", "DependsOn"}


def test_odd_names_become_names_that_sagemaker_takes() -> None:
    everybody = people("Odd")
    spaces = [space for _, space in rules.of_type(variant("Odd"), "AWS::SageMaker::Space")]

    assert len(everybody) >= 30
    assert len({space["SpaceName"] for space in spaces}) == len(spaces) == len(everybody)
    assert all(SAGEMAKER_NAME.fullmatch(space["SpaceName"]) for space in spaces)
    assert all(1 <= len(space["SpaceDisplayName"]) <= 64 for space in spaces)
    assert "=1+1" in {space["SpaceDisplayName"] for space in spaces}


def bedrock_actions(name: str) -> set[str]:
    template = variant(name)
    return {
        action
        for id_, policy in rules.of_type(template, "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::Policy")
        for document in [policy.get("PolicyDocument"), *(one["PolicyDocument"] for one in policy.get("Policies", []))]
        for statement in (document or {}).get("Statement", [])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("bedrock:")
    }


def test_whether_notebooks_may_call_models_past_the_endpoint_is_the_environments_choice() -> None:
    assert bedrock_actions("One") == {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
    assert bedrock_actions("Chosen") == set()


def test_the_lifecycle_configuration_has_another_name_when_it_has_another_content() -> None:
    one, chosen = (properties(variant(name), "AWS::SageMaker::StudioLifecycleConfig") for name in ("One", "Chosen"))
    key = "StudioLifecycleConfigName"

    assert one["StudioLifecycleConfigContent"] != chosen["StudioLifecycleConfigContent"]
    assert flat(one[key]).split("<")[0] != flat(chosen[key]).split("<")[0]
    assert one[key] == properties(variant("Five"), "AWS::SageMaker::StudioLifecycleConfig")[key]


def test_the_lifecycle_configuration_has_another_name_for_another_endpoint() -> None:
    template = variant("One")
    (parameter,) = (id_ for id_, one in template["Parameters"].items() if one["Default"] == "/quarry/dev/base-url")
    name = properties(template, "AWS::SageMaker::StudioLifecycleConfig")["StudioLifecycleConfigName"]

    assert parameter in references(name)


def test_spaces_start_with_the_script_that_the_domain_has() -> None:
    template = variant("One")
    config = the(template, "AWS::SageMaker::StudioLifecycleConfig")
    arn = {"Fn::GetAtt": [config, "StudioLifecycleConfigArn"]}
    lab = properties(template, "AWS::SageMaker::Domain")["DefaultUserSettings"]["JupyterLabAppSettings"]
    space = properties(template, "AWS::SageMaker::Space")["SpaceSettings"]["JupyterLabAppSettings"]

    assert lab["LifecycleConfigArns"] == [arn]
    assert lab["DefaultResourceSpec"]["LifecycleConfigArn"] == arn
    assert space["DefaultResourceSpec"]["LifecycleConfigArn"] == arn


def role_of(name: str, participant: str) -> Any:
    (role,) = (
        resource for id_, resource in of_participants(name).items() if id_.startswith(f"Participants{participant}Role")
    )
    return role["Properties"]


def test_a_participants_own_rights_name_nobody_else_and_end_in_a_wildcard_only_below_their_own_place() -> None:
    own = json.dumps(role_of("Five", "person2")["Policies"])

    assert not [number for number in (0, 1, 3, 4) if f"person-{number}" in own or f"person{number}" in own]
    for statement in role_of("Five", "person2")["Policies"][0]["PolicyDocument"]["Statement"]:
        for resource in statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]:
            assert "*" not in flat(resource) or flat(resource).endswith("/person-2/*")


def test_a_participant_starts_only_the_machine_of_the_section() -> None:
    (starting,) = (
        statement
        for statement in role_of("Chosen", "participant01")["Policies"][0]["PolicyDocument"]["Statement"]
        if "sagemaker:CreateApp" in statement["Action"]
    )

    assert starting["Condition"] == {"ForAllValues:StringEquals": {"sagemaker:InstanceTypes": ["ml.t3.xlarge"]}}


def test_a_name_that_looks_like_a_reference_is_text() -> None:
    names = {space["SpaceDisplayName"] for _, space in rules.of_type(variant("Odd"), "AWS::SageMaker::Space")}

    assert "{ {evil}} $ {AWS::AccountId}" in names
