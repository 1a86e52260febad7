"""A knowledge base over HTTP: real SDK clients, signatures, and IAM for the caller as for the service role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.knowledge import bases
from tests.sandbox.resources.examples import Template, get
from tests.sandbox.servers import ONE_ATTEMPT, running, session, settled
from tests.waiting import eventually

Client = Callable[..., Any]

AGENT = "arn:aws:states:::aws-sdk:bedrockagent:"
WATCH = {
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Task",
            "Resource": f"{AGENT}getIngestionJob",
            "Parameters": {
                "KnowledgeBaseId.$": "$.knowledgeBaseId",
                "DataSourceId.$": "$.dataSourceId",
                "IngestionJobId.$": "$.ingestionJobId",
            },
            "ResultPath": "$.found",
            "Next": "Ended",
        },
        "Ended": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.found.IngestionJob.Status", "StringEquals": "COMPLETE", "Next": "Stop"}],
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 0, "Next": "Look"},
        "Stop": {
            "Type": "Task",
            "Resource": f"{AGENT}stopIngestionJob",
            "Parameters": {
                "KnowledgeBaseId.$": "$.knowledgeBaseId",
                "DataSourceId.$": "$.dataSourceId",
                "IngestionJobId.$": "$.ingestionJobId",
            },
            "End": True,
        },
    },
}


def _template() -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    watching = {
        "Effect": "Allow",
        "Action": ["bedrock:GetIngestionJob", "bedrock:StopIngestionJob"],
        "Resource": get("Base", "KnowledgeBaseArn"),
    }
    role = {
        "AssumeRolePolicyDocument": {"Statement": [trust]},
        "Policies": [{"PolicyName": "watch", "PolicyDocument": {"Version": "2012-10-17", "Statement": [watching]}}],
    }
    machine = {"RoleArn": get("Watcher", "Arn"), "DefinitionString": json.dumps(WATCH)}
    return {
        **bases.on_vectors(),
        "Watcher": {"Type": "AWS::IAM::Role", "Properties": role},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Make a client of a server of this module, of its administrator unless keys are given."""
    folder: Path = tmp_path_factory.mktemp("served") / ".sandbox"
    made: list[Any] = []
    with running(folder) as (_state, record):

        def make(service: str, **keys: str) -> Any:
            user: Any = session(record.connection)
            options = {"endpoint_url": record.connection.aws_url, "config": ONE_ATTEMPT, **keys}
            made.append(user.client(service, **options))
            return made[-1]

        yield make
        for each in made:
            each.close()


@pytest.fixture(scope="module")
def outputs(client: Client) -> dict[str, str]:
    """Deploy the knowledge base, fill its bucket, and return the names."""
    formation = client("cloudformation")
    wanted = {"Base": "Base", "Source": "Source", "Machine": "Machine"}
    body = {"Resources": _template(), "Outputs": {name: {"Value": {"Ref": ref}} for name, ref in wanted.items()}}
    formation.create_stack(StackName="kb", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
    settled(formation, "kb", "stack_create_complete")
    (stack,) = formation.describe_stacks(StackName="kb")["Stacks"]
    bucket = client("s3")
    for name, text in (("bells.md", "Bells are cast in bronze by founders."), ("reeds.md", "Reeds are cut from cane.")):
        bucket.put_object(Bucket=bases.BUCKET, Key=f"documents/{name}", Body=text)
    sidecar = json.dumps({"metadataAttributes": {"department": "Foundry"}})
    bucket.put_object(Bucket=bases.BUCKET, Key="documents/bells.md.metadata.json", Body=sidecar)
    found = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return {**found, "Source": found["Source"].rpartition("|")[2]}


@pytest.fixture(scope="module")
def job(client: Client, outputs: dict[str, str]) -> dict[str, str]:
    """A job that has ended: its names."""
    agent = client("bedrock-agent")
    names = {"knowledgeBaseId": outputs["Base"], "dataSourceId": outputs["Source"]}
    started: list[str] = []

    def conflicts() -> bool:
        """Start a job; while it runs, which is not long, no other can be started."""
        try:
            started.append(agent.start_ingestion_job(**names)["ingestionJob"]["ingestionJobId"])
        except agent.exceptions.ConflictException:
            return True
        return False

    def ended() -> str | None:
        status = agent.get_ingestion_job(**names, ingestionJobId=started[-1])["ingestionJob"]["status"]
        return str(status) if status in ("COMPLETE", "FAILED") else None

    eventually(conflicts, every=0.0)
    assert eventually(ended) == "COMPLETE"
    return {**names, "ingestionJobId": started[-1]}


@pytest.fixture
def user(client: Client) -> Iterator[tuple[Client, Callable[..., None]]]:
    """Clients of a user without rights, and a function that gives it (action, resource) statements."""
    iam = client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]

    def allow(*statements: tuple[str, str]) -> None:
        entries = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
        document = json.dumps({"Version": "2012-10-17", "Statement": entries})
        iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)

    def make(service: str) -> Any:
        return client(service, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    yield make, allow
    iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="reader", PolicyName="p")
    iam.delete_user(UserName="reader")


def test_documents_are_listed(client: Client, job: dict[str, str]) -> None:
    names = {name: job[name] for name in ("knowledgeBaseId", "dataSourceId")}
    details = client("bedrock-agent").list_knowledge_base_documents(**names)["documentDetails"]

    assert [(each["identifier"]["s3"]["uri"], each["status"]) for each in details] == [
        ("s3://library/documents/bells.md", "INDEXED"),
        ("s3://library/documents/reeds.md", "INDEXED"),
    ]


def test_retrieving_needs_the_right_on_the_knowledge_base(
    job: dict[str, str], user: tuple[Client, Callable[..., None]]
) -> None:
    make, allow = user
    runtime = make("bedrock-agent-runtime")
    asked = {"knowledgeBaseId": job["knowledgeBaseId"], "retrievalQuery": {"text": "Who casts bells?"}}
    wanted = {"filter": {"equals": {"key": "department", "value": "Foundry"}}}
    allow(("bedrock:Retrieve", "arn:aws:bedrock:us-east-1:000000000000:knowledge-base/OTHER"))
    with pytest.raises(ClientError, match="AccessDenied"):
        runtime.retrieve(**asked)

    allow(("bedrock:Retrieve", f"arn:aws:bedrock:us-east-1:000000000000:knowledge-base/{job['knowledgeBaseId']}"))
    reply = runtime.retrieve(**asked, retrievalConfiguration={"vectorSearchConfiguration": wanted})

    (found,) = reply["retrievalResults"]
    assert found["content"]["text"] == "Bells are cast in bronze by founders."
    assert found["metadata"]["department"] == "Foundry"


def test_reranking_needs_two_rights(job: dict[str, str], user: tuple[Client, Callable[..., None]]) -> None:
    make, allow = user
    arn = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
    asked = {
        "queries": [{"type": "TEXT", "textQuery": {"text": "bronze"}}],
        "sources": [
            {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": "bronze bells"}}}
        ],
        "rerankingConfiguration": {
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": arn}},
        },
    }
    runtime = make("bedrock-agent-runtime")
    allow(("bedrock:InvokeModel", arn))
    with pytest.raises(ClientError, match="bedrock:Rerank"):
        runtime.rerank(**asked)
    allow(("bedrock:Rerank", "*"))
    with pytest.raises(ClientError, match="bedrock:InvokeModel on resource"):
        runtime.rerank(**asked)
    allow(("bedrock:Rerank", "*"), ("bedrock:InvokeModel", arn))

    assert runtime.rerank(**asked)["results"][0]["relevanceScore"] == 1.0


def test_starting_a_job_needs_the_right(job: dict[str, str], user: tuple[Client, Callable[..., None]]) -> None:
    make, allow = user
    agent = make("bedrock-agent")
    names = {name: job[name] for name in ("knowledgeBaseId", "dataSourceId")}
    allow(("bedrock:GetIngestionJob", f"*{job['knowledgeBaseId']}"))

    assert agent.get_ingestion_job(**job)["ingestionJob"]["status"] == "COMPLETE"
    for refused in (agent.start_ingestion_job, agent.list_ingestion_jobs, agent.list_knowledge_base_documents):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused(**names)


def test_a_state_machine_watches_a_job_as_its_role(
    client: Client, outputs: dict[str, str], job: dict[str, str]
) -> None:
    states = client("stepfunctions")
    arn = states.start_execution(stateMachineArn=outputs["Machine"], input=json.dumps(job))["executionArn"]

    def ended() -> dict[str, Any] | None:
        execution: dict[str, Any] = states.describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    found = eventually(ended)

    # It read the job, which its role may; the job had ended, so that stopping it is a conflict.
    assert (found["status"], found["error"]) == ("FAILED", "BedrockAgent.ConflictException")
    assert "it is COMPLETE" in found["cause"]


def test_the_whole_stack_goes(client: Client, outputs: dict[str, str]) -> None:
    bucket = client("s3")
    for each in bucket.list_object_versions(Bucket=bases.BUCKET)["Versions"]:
        bucket.delete_object(Bucket=bases.BUCKET, Key=each["Key"], VersionId=each["VersionId"])
    formation = client("cloudformation")
    formation.delete_stack(StackName="kb")
    settled(formation, "kb", "stack_delete_complete")

    assert client("bedrock-agent").list_knowledge_bases()["knowledgeBaseSummaries"] == []
