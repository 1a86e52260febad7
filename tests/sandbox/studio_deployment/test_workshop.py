"""A workshop of forty, from `quarry workshop up` to nothing left; with IAM enforced, and quotas as AWS has them."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from configuration.studio.names import secret_name
from tests.sandbox.studio_deployment.room import ENVIRONMENT, STACK, Room, room_in

pytestmark = pytest.mark.studio

PEOPLE = 40
NAMES = [f"Person {number}" for number in range(PEOPLE)]
ANA, BEN = "person-0", "person-1"
GOES, COMES = f"person-{PEOPLE - 1}", f"person-{PEOPLE}"
REQUESTS_PER_MINUTE = 3
SECTION: dict[str, Any] = {"allowance": {"usd": 0.5, "requests_per_minute": REQUESTS_PER_MINUTE}}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """The room with everybody in it, each with a key."""
    with room_in(tmp_path_factory.mktemp("room")) as room:
        room.invite(NAMES, **SECTION)
        room.raise_quotas(PEOPLE)
        made = room.quarry("workshop", "up")
        assert (made["participants"], len(made["new_keys"])) == (PEOPLE, PEOPLE)
        yield room


@pytest.fixture(scope="module")
def ana(room: Room) -> boto3.Session:
    return room.as_participant(ANA)


def denied(call: Callable[..., Any], **arguments: Any) -> bool:
    """Return whether IAM is what keeps a call from being done."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


def handed_out(room: Room, folder: Path, *arguments: str) -> dict[str, str]:
    """Return id -> the key that the handout shows."""
    room.quarry("workshop", "handout", "--out", str(folder), *arguments)
    with (folder / "handout.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["api_key"] for row in csv.DictReader(file)}


def changed_in_studio(room: Room) -> set[str]:
    """Return whose profile, space or app SageMaker was asked to make, change or delete; or the domain's id."""
    reading = ("Describe", "List")
    requests = [one["request"] for one in room.control("GET", "calls") if not one["operation"].startswith(reading)]
    return {str(one.get("SpaceName") or one.get("UserProfileName") or one.get("DomainId")) for one in requests}


def test_everybody_has_a_private_space(room: Room) -> None:
    rows = room.quarry("workshop", "status")
    people = rows["participants"] if isinstance(rows, dict) else rows

    assert len(people) == PEOPLE
    sagemaker, domain_id = room.client("sagemaker"), room.outputs()["DomainId"]
    space = sagemaker.describe_space(DomainId=domain_id, SpaceName=ANA)
    assert space["Status"] == "InService"
    assert space["OwnershipSettings"] == {"OwnerUserProfileName": ANA}
    assert space["SpaceSharingSettings"] == {"SharingType": "Private"}


def test_what_is_ours_says_so(room: Room) -> None:
    sagemaker, domain_id = room.client("sagemaker"), room.outputs()["DomainId"]
    arns = [
        sagemaker.describe_domain(DomainId=domain_id)["DomainArn"],
        sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=ANA)["UserProfileArn"],
        sagemaker.describe_space(DomainId=domain_id, SpaceName=ANA)["SpaceArn"],
    ]

    for arn in arns:
        tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
        assert tags["quarry:environment"] == ENVIRONMENT, arn


def test_a_participant_reads_their_own_key_and_no_other(room: Room, ana: boto3.Session) -> None:
    secrets = room.client_of(ana, "secretsmanager")

    assert "qk-" in secrets.get_secret_value(SecretId=secret_name(ENVIRONMENT, ANA))["SecretString"]
    assert denied(secrets.get_secret_value, SecretId=secret_name(ENVIRONMENT, BEN))
    assert denied(secrets.put_secret_value, SecretId=secret_name(ENVIRONMENT, ANA), SecretString="mine")
    assert denied(secrets.list_secrets)
    assert denied(room.client_of(ana, "dynamodb").list_tables)


def test_a_participant_keeps_files_under_their_own_prefix_only(room: Room, ana: boto3.Session) -> None:
    s3, bucket = room.client_of(ana, "s3"), room.outputs()["NotebookBucketName"]
    mine, others = f"participants/{ANA}/notes.txt", f"participants/{BEN}/notes.txt"
    room.client("s3").put_object(Bucket=bucket, Key=others, Body=b"theirs")

    s3.put_object(Bucket=bucket, Key=mine, Body=b"mine")
    assert s3.get_object(Bucket=bucket, Key=mine)["Body"].read() == b"mine"
    assert s3.list_objects_v2(Bucket=bucket, Prefix=f"participants/{ANA}/")["KeyCount"] == 1
    assert denied(s3.get_object, Bucket=bucket, Key=others)
    assert denied(s3.put_object, Bucket=bucket, Key=others, Body=b"mine now")
    assert denied(s3.delete_object, Bucket=bucket, Key=others)
    assert denied(s3.list_objects_v2, Bucket=bucket, Prefix=f"participants/{BEN}/")
    assert denied(s3.list_objects_v2, Bucket=bucket)


def test_a_participant_opens_their_own_session_only(room: Room, ana: boto3.Session) -> None:
    sagemaker, domain_id = room.client_of(ana, "sagemaker"), room.outputs()["DomainId"]
    app = {"DomainId": domain_id, "AppType": "JupyterLab", "AppName": "default"}

    assert sagemaker.create_presigned_domain_url(DomainId=domain_id, UserProfileName=ANA, SpaceName=ANA)
    sagemaker.create_app(SpaceName=ANA, **app)
    assert sagemaker.describe_app(SpaceName=ANA, **app)["Status"] in ("Pending", "InService")
    assert denied(sagemaker.create_presigned_domain_url, DomainId=domain_id, UserProfileName=BEN)
    assert denied(sagemaker.create_app, SpaceName=BEN, **app)
    assert denied(sagemaker.delete_app, SpaceName=BEN, **app)
    assert denied(sagemaker.describe_space, DomainId=domain_id, SpaceName=BEN)
    assert denied(sagemaker.create_app, **{**app, "UserProfileName": ANA, "AppType": "Canvas"})
    assert denied(sagemaker.create_space, DomainId=domain_id, SpaceName="another")
    assert denied(sagemaker.update_space, DomainId=domain_id, SpaceName=ANA)


def test_a_participant_calls_the_models_of_the_aliases_only(room: Room, ana: boto3.Session) -> None:
    bedrock = room.client_of(ana, "bedrock-runtime")
    hello = [{"role": "user", "content": [{"text": "Say hello."}]}]

    assert bedrock.converse(modelId="amazon.nova-micro-v1:0", messages=hello)["output"]
    assert denied(bedrock.converse, modelId="amazon.nova-pro-v1:0", messages=hello)


def test_a_handed_out_key_works_and_is_bounded(room: Room, tmp_path: Path) -> None:
    key = handed_out(room, tmp_path)[BEN]

    replies = [room.ask(key).status_code for _ in range(REQUESTS_PER_MINUTE + 1)]

    assert replies == [200] * REQUESTS_PER_MINUTE + [429]
    told = {one["id"]: one for one in room.quarry("workshop", "status")}
    assert (told[BEN]["requests_today"], told[BEN]["errors_today"]) == (REQUESTS_PER_MINUTE, 1)


def test_nobody_sees_anothers_session_at_the_endpoint(room: Room, tmp_path: Path) -> None:
    keys = handed_out(room, tmp_path, "--again")
    first, second = ({"Authorization": f"Bearer {keys[one]}"} for one in ("person-2", "person-3"))
    made = httpx.post(f"{room.url}/sessions", json={"system": "Be short."}, headers=first, timeout=300).json()["id"]

    assert httpx.get(f"{room.url}/sessions/{made}", headers=first, timeout=300).status_code == 200
    assert httpx.get(f"{room.url}/sessions/{made}", headers=second, timeout=300).status_code == 404


def test_who_goes_with_a_running_app_and_who_comes_touch_nobody_else(room: Room, tmp_path: Path) -> None:
    key = handed_out(room, tmp_path, "--again")[GOES]
    app = {"DomainId": room.outputs()["DomainId"], "AppType": "JupyterLab", "AppName": "default"}
    room.client("sagemaker").create_app(SpaceName=GOES, **app)
    # CloudFormation makes the new before it deletes the old.
    room.raise_quotas(PEOPLE + 1)
    before = room.physical_ids()
    room.control("DELETE", "calls")

    room.invite([*NAMES[:-1], f"Person {PEOPLE}"], **SECTION)
    changed = room.quarry("workshop", "up")

    assert (changed["new_keys"], changed["revoked"]) == ([COMES], [GOES])
    after = room.physical_ids()
    came, went = after.keys() - before.keys(), before.keys() - after.keys()
    assert len(came) == len(went) == 4
    assert all(id_.startswith(f"Participants{COMES.replace('-', '')}") for id_ in came)
    assert all(id_.startswith(f"Participants{GOES.replace('-', '')}") for id_ in went)
    assert all(before[id_] == after[id_] for id_ in before.keys() & after.keys())
    assert changed_in_studio(room) == {COMES, GOES}
    spaces = room.client("sagemaker").get_paginator("list_spaces").paginate(DomainIdEquals=app["DomainId"])
    names = {space["SpaceName"] for page in spaces for space in page["Spaces"]}
    assert (len(names), COMES in names, GOES in names) == (PEOPLE, True, False)
    assert room.ask(key).status_code == 401


def test_down_leaves_nothing_of_the_workshop_and_destroy_nothing_at_all(room: Room, tmp_path: Path) -> None:
    keys = handed_out(room, tmp_path, "--again")
    room.quarry("workshop", "start")

    ended = room.quarry("workshop", "down", "--yes")

    assert ended == {"keys_revoked": PEOPLE, "stack_destroyed": True}
    assert room.ask(keys[ANA]).status_code == 401
    left = room.inventory()
    assert not [line for line in left if line.startswith(("sagemaker", "secretsmanager", "efs")) or STACK in line]
    room.cdk("destroy", "--all", "--force")
    assert room.inventory() == []
