"""Knowledge bases with what is in them, their stores, and prompts.

A data source that deletes its vectors cannot go once its store or role is gone, so it is told to keep them first: the
store goes anyway. Source: Bedrock user guide, "Delete a data source" (a failed deletion's remedy).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Deletes, Found, Kind, Looks, Phase
from lambdas.teardown.kinds.forms import by, call, nothing, split

_AGENT: Final = "bedrock-agent"
_SEARCH: Final = "opensearchserverless"
_VECTORS: Final = "s3vectors"
_RUNNING: Final = ("STARTING", "IN_PROGRESS", "STOPPING")
# Of a data source: an update replaces the whole of it.
_KEPT: Final = (
    "name",
    "description",
    "dataSourceConfiguration",
    "serverSideEncryptionConfiguration",
    "vectorIngestionConfiguration",
)
_BUSY: Final = frozenset({"CREATING", "UPDATING", "DELETING"})
# Collections that one BatchGetCollection describes. [API reference]
_AT_ONCE: Final = 100


def _bases(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_AGENT, "list_knowledge_bases", "knowledgeBaseSummaries"):
        id_ = one["knowledgeBaseId"]
        yield Found(id=id_, name=one["name"], arn=aws.arn("bedrock", f"knowledge-base/{id_}"), state=one["status"])


def _sources(aws: Aws) -> Iterator[Found]:
    for base in _bases(aws):
        for one in _if_there(aws, "list_data_sources", "dataSourceSummaries", knowledgeBaseId=base.id):
            id_ = f"{base.id}|{one['dataSourceId']}"
            yield Found(id=id_, name=base.name, of=(base.id,), state=one["status"])


def _ingestion(aws: Aws) -> Iterator[Found]:
    for source in _sources(aws):
        base, data_source = split(source.id, into=2)
        named = {"knowledgeBaseId": base, "dataSourceId": data_source}
        newest = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        for one in _if_there(aws, "list_ingestion_jobs", "ingestionJobSummaries", **named, sortBy=newest):
            if one["status"] in _RUNNING:
                id_ = f"{source.id}|{one['ingestionJobId']}"
                yield Found(id=id_, name=source.name, of=(base,), state=one["status"])


def _if_there(aws: Aws, operation: str, member: str, **arguments: Any) -> Iterator[Any]:
    """Yield what is listed of something that may go meanwhile."""
    try:
        yield from aws.pages(_AGENT, operation, member, **arguments)
    except ClientError as error:
        if not is_missing(error):
            raise


def _look_at_source(aws: Aws, id_: str) -> Found | None:
    base, source = split(id_, into=2)
    found = aws.described(_AGENT, "get_data_source", knowledgeBaseId=base, dataSourceId=source)
    return None if found is None else Found(id=id_, state=found["dataSource"]["status"], details=found["dataSource"])


def _delete_source(aws: Aws, id_: str) -> object:
    base, source = split(id_, into=2)
    agent, named = aws.client(_AGENT), {"knowledgeBaseId": base, "dataSourceId": source}
    found: Any = agent.get_data_source(**named)["dataSource"]
    if found.get("dataDeletionPolicy") != "RETAIN":
        whole = {name: found[name] for name in _KEPT if found.get(name)}
        agent.update_data_source(**named, **whole, dataDeletionPolicy="RETAIN")
    return agent.delete_data_source(**named)


def _look_at_job(aws: Aws, id_: str) -> Found | None:
    base, source, job = split(id_, into=3)
    named = {"knowledgeBaseId": base, "dataSourceId": source, "ingestionJobId": job}
    found = aws.described(_AGENT, "get_ingestion_job", **named)
    state = str(found["ingestionJob"]["status"]) if found else ""
    return Found(id=id_, state=state) if state in _RUNNING else None


def _stop_job(aws: Aws, id_: str) -> object:
    base, source, job = split(id_, into=3)
    named = {"knowledgeBaseId": base, "dataSourceId": source, "ingestionJobId": job}
    return aws.client(_AGENT).stop_ingestion_job(**named)


def _prompt_version(aws: Aws, id_: str) -> Found | None:
    prompt, _, version = id_.rpartition(":")
    found = aws.described(_AGENT, "get_prompt", promptIdentifier=prompt, promptVersion=version)
    return None if found is None else Found(id=id_)


def _delete_prompt_version(aws: Aws, id_: str) -> object:
    prompt, _, version = id_.rpartition(":")
    return aws.client(_AGENT).delete_prompt(promptIdentifier=prompt, promptVersion=version)


def _collections(aws: Aws) -> Iterator[Found]:
    listed = list(aws.pages(_SEARCH, "list_collections", "collectionSummaries"))
    for first in range(0, len(listed), _AT_ONCE):
        some = listed[first : first + _AT_ONCE]
        described = aws.client(_SEARCH).batch_get_collection(ids=[one["id"] for one in some])
        # The list does not tell of replicas, which are half of the price.
        details = {one["id"]: one for one in described.get("collectionDetails", [])}
        for one in some:
            told = details.get(one["id"], one)
            yield Found(id=one["id"], name=one["name"], arn=one["arn"], state=one["status"], details=told)


def _policies(operation: str, member: str, *types: str) -> Callable[[Aws], Iterator[Found]]:
    def finds(aws: Aws) -> Iterator[Found]:
        for type_ in types:
            for one in aws.pages(_SEARCH, operation, member, type=type_):
                yield Found(id=f"{type_}|{one['name']}", name=one["name"])

    return finds


def _policy(operation: str, member: str, *types: str) -> Looks:
    def look(aws: Aws, id_: str) -> Found | None:
        for type_, name in _named(id_, types):
            found = aws.described(_SEARCH, operation, type=type_, name=name)
            if found is not None and found.get(member):
                return Found(id=id_, name=name)
        return None

    return look


def _policy_goes(operation: str, *types: str) -> Deletes:
    def delete(aws: Aws, id_: str) -> object:
        for type_, name in _named(id_, types):
            try:
                getattr(aws.client(_SEARCH), operation)(type=type_, name=name)
            except ClientError as error:
                if not is_missing(error):
                    raise
        return None

    return delete


def _named(id_: str, types: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield type and name: an id has both, in either order, or the name alone, which may be one of each type."""
    parts = id_.split("|")
    given = [part for part in parts if part in types] if len(parts) > 1 else []
    name = next(part for part in parts if part not in given)
    yield from ((type_, name) for type_ in given or types)


def _type_first(id_: str) -> str:
    """Return a policy's type and name in this order; CloudFormation has them in either, or the name alone."""
    types = ("encryption", "network", "data")
    return "|".join(sorted(id_.split("|"), key=lambda part: part not in types))


def _indexes(aws: Aws) -> Iterator[Found]:
    for bucket in _vector_buckets(aws):
        for one in aws.pages(_VECTORS, "list_indexes", "indexes", vectorBucketName=bucket.name):
            yield Found(id=one["indexArn"], arn=one["indexArn"], name=bucket.name, of=(bucket.arn, bucket.name))


def _vector_buckets(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_VECTORS, "list_vector_buckets", "vectorBuckets"):
        yield Found(id=one["vectorBucketArn"], name=one["vectorBucketName"], arn=one["vectorBucketArn"])


KINDS: Final = (
    Kind(
        service=_AGENT,
        type="ingestion-job",
        phase=Phase.JOBS,
        finds=_ingestion,
        looks=_look_at_job,
        deletes=_stop_job,
        busy=frozenset({"STOPPING"}),
        run_time=True,
    ),
    Kind(
        service=_AGENT,
        type="data-source",
        phase=Phase.SOURCES,
        resource="AWS::Bedrock::DataSource",
        finds=_sources,
        looks=_look_at_source,
        deletes=_delete_source,
        busy=frozenset({"DELETING"}),
    ),
    Kind(
        service=_AGENT,
        type="knowledge-base",
        phase=Phase.BASES,
        resource="AWS::Bedrock::KnowledgeBase",
        arn=r"knowledge-base/([^/]+)",
        arn_service="bedrock",
        finds=_bases,
        looks=by(_AGENT, "get_knowledge_base", "knowledgeBaseId", member="knowledgeBase", state="status"),
        deletes=call(_AGENT, "delete_knowledge_base", "knowledgeBaseId"),
        busy=_BUSY,
    ),
    Kind(
        service=_AGENT,
        type="prompt-version",
        phase=Phase.SOURCES,
        resource="AWS::Bedrock::PromptVersion",
        arn=r"prompt/(\w+:\d+)",
        arn_service="bedrock",
        id_is_arn=True,
        finds=nothing,
        looks=_prompt_version,
        deletes=_delete_prompt_version,
    ),
    Kind(
        service=_AGENT,
        type="prompt",
        phase=Phase.BASES,
        resource="AWS::Bedrock::Prompt",
        arn=r"prompt/(\w+)",
        arn_service="bedrock",
        id_is_arn=True,
        finds=nothing,
        looks=by(_AGENT, "get_prompt", "promptIdentifier"),
        deletes=call(_AGENT, "delete_prompt", "promptIdentifier"),
    ),
    Kind(
        service=_SEARCH,
        type="collection",
        phase=Phase.STORES,
        resource="AWS::OpenSearchServerless::Collection",
        arn=r"collection/(.+)",
        arn_service="aoss",
        finds=_collections,
        looks=by(_SEARCH, "batch_get_collection", "ids[]", member="collectionDetails", state="status"),
        deletes=call(_SEARCH, "delete_collection", "id"),
        # It can be deleted when it is ACTIVE or FAILED only.
        busy=frozenset({"CREATING", "UPDATING", "DELETING"}),
    ),
    Kind(
        service=_SEARCH,
        type="security-policy",
        phase=Phase.REST,
        resource="AWS::OpenSearchServerless::SecurityPolicy",
        same=_type_first,
        finds=_policies("list_security_policies", "securityPolicySummaries", "encryption", "network"),
        looks=_policy("get_security_policy", "securityPolicyDetail", "encryption", "network"),
        deletes=_policy_goes("delete_security_policy", "encryption", "network"),
    ),
    Kind(
        service=_SEARCH,
        type="access-policy",
        phase=Phase.REST,
        resource="AWS::OpenSearchServerless::AccessPolicy",
        same=_type_first,
        finds=_policies("list_access_policies", "accessPolicySummaries", "data"),
        looks=_policy("get_access_policy", "accessPolicyDetail", "data"),
        deletes=_policy_goes("delete_access_policy", "data"),
    ),
    Kind(
        service=_VECTORS,
        type="index",
        phase=Phase.SOURCES,
        resource="AWS::S3Vectors::Index",
        arn=r"bucket/([^/]+/index/.+)",
        id_is_arn=True,
        finds=_indexes,
        looks=by(_VECTORS, "get_index", "indexArn", member="index"),
        deletes=call(_VECTORS, "delete_index", "indexArn"),
    ),
    Kind(
        service=_VECTORS,
        type="vector-bucket",
        phase=Phase.STORES,
        resource="AWS::S3Vectors::VectorBucket",
        arn=r"bucket/([^/]+)",
        id_is_arn=True,
        finds=_vector_buckets,
        looks=by(_VECTORS, "get_vector_bucket", "vectorBucketArn", member="vectorBucket"),
        deletes=call(_VECTORS, "delete_vector_bucket", "vectorBucketArn"),
    ),
)
