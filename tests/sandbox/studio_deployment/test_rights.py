"""Studio's roles against what is asked for with them, from the stack's creation to its end.

What functions ask for, their own code asks. What participants may is for people, their notebooks and Studio's page: for
what each right is there, is asked for in their stead.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from configuration.studio.names import APP_NAME, APP_TYPE, own_prefix, secret_name
from tests.sandbox import rights
from tests.sandbox.rights import FROM_AWS, Unseen
from tests.sandbox.studio_deployment.room import ENVIRONMENT, STACK
from tests.sandbox.studio_deployment.stack_alone import StackAlone, stack_alone

pytestmark = pytest.mark.studio

ANA, BEN = "ana", "ben"
APP: Final = {"AppType": APP_TYPE, "AppName": APP_NAME}
ADDED: Final = (
    "a file system that somebody added to the domain has tests with fakes: MiniStack knows no condition of it"
)
WAYS: Final = "written in one way in some places of AWS's documentation, and in the other in others"
UNSEEN: Final = (
    *(one for one in rights.UNSEEN if one.role == "*" and not one.action.startswith(("kms:", "sqs:"))),
    Unseen("LifecycleFunctionRole", "lambda:InvokeFunction", "*", "goes on by itself after minutes"),
    Unseen(
        "LifecycleFunctionRole", "sagemaker:Describe[ASU]*", "*", "asked why something does not go, when it gives up"
    ),
    Unseen("LifecycleFunctionRole", "elasticfilesystem:De*", "*", ADDED),
    Unseen("LifecycleFunctionRole", "ec2:De*", "*", ADDED),
    Unseen("LifecycleFunctionRole", "ec2:Revoke*", "*", ADDED),
    Unseen("LifecycleFunctionRole", "sagemaker:DeleteDomain", "*", ADDED),
    Unseen(
        "Participants*", "bedrock:InvokeModel*", "*nova-lite*", "an alias's second model answers when its first fails"
    ),
    Unseen("Participants*", "bedrock:InvokeModel*", "*anthropic*", "as above, and in each region of a profile"),
    Unseen("Participants*", "sagemaker:AddTags", "*", f"SageMaker hands a domain's tags on: {FROM_AWS}"),
    Unseen("Participants*", "sagemaker:*", "*/JupyterLab/default", WAYS),
    Unseen("Participants*", "sagemaker:CreatePresignedDomainUrl", "*:space/*", WAYS),
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackAlone]:
    with stack_alone(tmp_path_factory.mktemp("rights")) as found:
        found.deploy([ANA, BEN])
        yield found


def get_too_old(alone: StackAlone, participant: str) -> None:
    """Have an app stopped for its age."""
    alone.start(participant)
    functions, name = alone.client("lambda"), alone.only("AWS::Lambda::Function", "MaxAge")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "MAX_AGE_HOURS": "0"}}
    )
    assert json.loads(functions.invoke(FunctionName=name)["Payload"].read()) == {"stopped": 1}


def fetch_notebooks(alone: StackAlone, s3: Any) -> None:
    """Fetch what the start script fetches."""
    sagemaker = alone.client("sagemaker")
    (one,) = sagemaker.list_studio_lifecycle_configs()["StudioLifecycleConfigs"]
    config = sagemaker.describe_studio_lifecycle_config(StudioLifecycleConfigName=one["StudioLifecycleConfigName"])
    script = base64.b64decode(config["StudioLifecycleConfigContent"]).decode()
    found = re.search(r"'notebooks': 's3://([^/']+)/([^']+)'", script)
    assert found is not None
    s3.get_object(Bucket=found[1], Key=found[2])


def work(alone: StackAlone, participant: str) -> None:
    """Do what a participant, their notebook and its start script do, and leave something behind."""
    domain = {"DomainId": alone.domain}
    session, bucket = alone.as_participant(participant), alone.outputs()["NotebookBucketName"]
    alone.client_of(session, "secretsmanager").get_secret_value(SecretId=secret_name(ENVIRONMENT, participant))
    s3, prefix = alone.client_of(session, "s3"), own_prefix(participant)
    fetch_notebooks(alone, s3)
    for name in ("notes.txt", "kept.txt"):
        s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=b"mine")
    s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    s3.get_object(Bucket=bucket, Key=f"{prefix}notes.txt")
    s3.delete_object(Bucket=bucket, Key=f"{prefix}notes.txt")
    sagemaker = alone.client_of(session, "sagemaker")
    sagemaker.describe_domain(**domain)
    sagemaker.list_spaces(DomainIdEquals=domain["DomainId"])
    sagemaker.list_apps(DomainIdEquals=domain["DomainId"])
    sagemaker.describe_user_profile(UserProfileName=participant, **domain)
    sagemaker.describe_space(SpaceName=participant, **domain)
    sagemaker.create_presigned_domain_url(UserProfileName=participant, SpaceName=participant, **domain)
    sagemaker.create_app(SpaceName=participant, **APP, **domain)
    alone.control("POST", "clock", {"advance_seconds": 1})
    sagemaker.describe_app(SpaceName=participant, **APP, **domain)
    sagemaker.delete_app(SpaceName=participant, **APP, **domain)
    asked: dict[str, Any] = {
        "modelId": "amazon.nova-micro-v1:0",
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
    }
    bedrock = alone.client_of(session, "bedrock-runtime")
    bedrock.converse(**asked)
    list(bedrock.converse_stream(**asked)["stream"])


def leave_what_keeps_the_stack(alone: StackAlone) -> None:
    """Make what CloudFormation knows nothing of, and an upload that nobody ends."""
    alone.start(ANA)
    sagemaker = alone.client("sagemaker")
    sagemaker.create_user_profile(DomainId=alone.domain, UserProfileName="guest")
    alone.control("POST", "clock", {"advance_seconds": 1})
    alone.space("guests", "guest")
    alone.client("s3").create_multipart_upload(Bucket=alone.outputs()["NotebookBucketName"], Key="participants/large")


def test_every_right_is_used_and_nothing_is_asked_for_in_vain(alone: StackAlone) -> None:
    prefix = f"{STACK}-"
    grants = rights.granted(alone.client("iam"), prefix=prefix)
    get_too_old(alone, BEN)
    for participant in (ANA, BEN):
        work(alone, participant)
        alone.control("POST", "clock", {"advance_seconds": 1})
    leave_what_keeps_the_stack(alone)
    assert alone.destroy() == "DELETE_COMPLETE"
    told = alone.rights()

    assert rights.unused(grants, told, UNSEEN) == []
    assert rights.not_granted(grants, told, prefix=prefix) == []
    assert rights.needless(grants, UNSEEN) == []
