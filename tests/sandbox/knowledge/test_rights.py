"""What the service role of a knowledge base must be allowed, and what happens where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from ministack.services import iam, opensearchserverless, s3

from sandbox.model import account
from sandbox.resources import record_store
from sandbox.resources.service_api import ApiError
from tests.sandbox.knowledge import bases
from tests.sandbox.knowledge.conftest import Base
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import Template

pytestmark = pytest.mark.usefixtures("enforced")

SESSION = "arn:aws:sts::000000000000:assumed-role/librarian/"


def _without(*actions: str) -> None:
    iam._roles["librarian"]["InlinePolicies"]["reading"] = json.dumps(bases.policy(*actions))


@pytest.mark.parametrize("template", [bases.on_vectors(), bases.on_search()], ids=["s3-vectors", "opensearch"])
def test_all_rights_are_enough(deploy: Callable[[Template], Base], template: Template) -> None:
    base = deploy(template)
    base.put("a.md", "Tubas are heavy.", year=2024)

    assert base.counts()["NewDocumentsIndexed"] == 1
    assert base.found("tuba") == ["a.md"]


@pytest.mark.parametrize(
    "action", ["s3:ListBucket", "s3vectors:GetIndex", "s3vectors:PutVectors", "s3vectors:DeleteVectors"]
)
def test_a_missing_right_fails_the_job(base: Base, action: str) -> None:
    _without(action)

    job = base.sync()

    assert job["status"] == "FAILED"
    (reason,) = job["failureReasons"]
    assert f"User: {SESSION}DocumentLoaderTask-{job['ingestionJobId']} is not authorized to perform: {action}" in reason
    assert f"because no identity-based policy allows the {action} action" in reason


def test_unreadable_objects_fail_one_by_one(base: Base) -> None:
    base.put("a.md", "text")
    _without("s3:GetObject")

    job = base.sync()

    assert (job["status"], job["statistics"]["numberOfDocumentsFailed"]) == ("COMPLETE", 1)
    assert (
        "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::library/documents/a.md"
        in (base.documents()["a.md"][1])
    )
    assert "s3:GetObject" in job["failureReasons"][0]


def test_a_bucket_policy_can_deny(base: Base) -> None:
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::library"}
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3._bucket_policies["library"] = json.dumps({"Statement": [{**denied, **insecure}]})
    assert base.sync()["status"] == "COMPLETE"

    s3._bucket_policies["library"] = json.dumps({"Statement": [denied]})
    assert "s3:ListBucket" in base.sync()["failureReasons"][0]


def test_a_job_does_not_start_without_the_embedding_model(base: Base) -> None:
    _without("bedrock:InvokeModel")

    with pytest.raises(ApiError, match="is not able to call specified bedrock embedding model") as refused:
        base.start()
    assert refused.value.code == "ValidationException"
    with pytest.raises(ApiError, match="is not authorized to perform: bedrock:InvokeModel"):
        base.retrieve("anything")
    assert base.call("ListIngestionJobs")["ingestionJobSummaries"] == []


@pytest.mark.parametrize(
    "trust",
    [
        {**bases.TRUST["Statement"][0], "Principal": {"Service": "lambda.amazonaws.com"}},
        {**bases.TRUST["Statement"][0], "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}},
        {**bases.TRUST["Statement"][0], "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:bedrock:*:*:agent/*"}}},
    ],
)
def test_the_role_must_let_bedrock_in(base: Base, trust: dict[str, object]) -> None:
    iam._roles["librarian"]["AssumeRolePolicyDocument"] = json.dumps({"Statement": [trust]})

    with pytest.raises(ApiError, match="unable to assume the given role"):
        base.start()


@pytest.mark.parametrize("action", ["s3vectors:QueryVectors", "s3vectors:GetVectors"])
def test_retrieving_needs_to_read_the_vectors(base: Base, action: str) -> None:
    _without(action)

    assert base.sync()["status"] == "COMPLETE"
    with pytest.raises(ApiError, match=f"not authorized to perform: {action}") as refused:
        base.retrieve("anything")
    assert refused.value.code == "AccessDeniedException"


def test_opensearch_needs_its_iam_action(deploy: Callable[[Template], Base]) -> None:
    base = deploy(bases.on_search())
    _without("aoss:APIAccessAll")

    assert "is not authorized to perform: aoss:APIAccessAll" in base.sync()["failureReasons"][0]
    with pytest.raises(ApiError, match="aoss:APIAccessAll"):
        base.retrieve("anything")


def test_opensearch_needs_a_data_access_policy(deploy: Callable[[Template], Base]) -> None:
    base = deploy(bases.on_search())
    record = opensearchserverless._access_policies["data/docs-data"]
    rules = [{"ResourceType": "index", "Resource": ["index/docs/*"], "Permission": ["aoss:ReadDocument"]}]
    record["policy"] = json.dumps([{"Rules": rules, "Principal": [bases.ROLE]}])

    job = base.sync()

    assert job["status"] == "FAILED"
    assert f"no data access policy lets {bases.ROLE} write index/docs/documents" in job["failureReasons"][0]
    assert base.retrieve("anything") == []
    del opensearchserverless._access_policies["data/docs-data"]
    with pytest.raises(ApiError, match="403 Forbidden"):
        base.retrieve("anything")


@pytest.mark.parametrize(
    ("network", "reachable"),
    [
        ({"AllowFromPublic": False, "SourceVPCEs": ["vpce-1"]}, False),
        ({"AllowFromPublic": False, "SourceVPCEs": ["vpce-1"], "SourceServices": ["bedrock.amazonaws.com"]}, True),
    ],
)
def test_bedrock_must_reach_the_collection(
    deploy: Callable[[Template], Base], network: dict[str, object], *, reachable: bool
) -> None:
    base = deploy(bases.on_search(network=network))

    job = base.sync()

    assert job["status"] == ("COMPLETE" if reachable else "FAILED")
    words = "no network policy of the collection docs lets bedrock.amazonaws.com reach it"
    assert (words in str(job.get("failureReasons"))) is not reachable


@pytest.mark.parametrize("action", ["bedrock:Rerank", "bedrock:InvokeModel"])
def test_reranking_needs_rights_of_the_role(base: Base, action: str) -> None:
    embedding_only = [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*titan*"}]
    document = bases.policy(action)
    document["Statement"] += embedding_only
    iam._roles["librarian"]["InlinePolicies"]["reading"] = json.dumps(document)
    arn = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
    model = {"modelConfiguration": {"modelArn": arn}}

    with pytest.raises(ApiError, match=f"not authorized to perform: {action}"):
        base.retrieve(
            "anything",
            rerankingConfiguration={
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": model,
            },
        )


def test_reranking_needs_an_agreement_of_the_account(base: Base) -> None:
    model = {"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"}
    settings = {
        "type": "BEDROCK_RERANKING_MODEL",
        "bedrockRerankingConfiguration": {"modelConfiguration": model},
    }
    account.set_standings(account.parse([{"model": "cohere.*", "agreementAvailability": "NOT_AVAILABLE"}]))

    try:
        with pytest.raises(ApiError, match="AWS Marketplace"):
            base.retrieve("anything", rerankingConfiguration=settings)
    finally:
        account.set_standings([])


def test_a_dimension_that_changed_fails_the_job(base: Base) -> None:
    index = engine.physical_id("VectorIndex")
    record_store._store[f"AWS::S3Vectors::Index {index}"]["Dimension"] = 256

    job = base.sync()

    assert job["status"] == "FAILED"
    assert "invalid dimension: 1024. Dimension should be: 256" in job["failureReasons"][0]


def test_an_index_that_is_gone_fails_the_job(base: Base) -> None:
    record_store._store.pop(f"AWS::S3Vectors::Index {engine.physical_id('VectorIndex')}")

    assert "no such index" in base.sync()["failureReasons"][0]
    with pytest.raises(ApiError, match="no such index"):
        base.retrieve("anything")
