"""What AWS refuses about vector indexes, and about the knowledge bases and data sources that stand on them.

Each function takes a resource's model and raises RefusedError. A collection without an encryption policy needs no
rule here: MiniStack's CreateCollection refuses it itself.
"""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from ministack.services import bedrock_agent, opensearchserverless

from sandbox.resources import record_store
from sandbox.resources.resource_type import Model
from sandbox.resources.rules import RefusedError

_SEARCH_INDEX = "AWS::OpenSearchServerless::Index"
_S3_INDEX = "AWS::S3Vectors::Index"
_INVALID_STORAGE = "The knowledge base storage configuration provided is invalid..."

# Dimensions that a model gives when the knowledge base asks for none (Bedrock guide, knowledge-base-supported).
_DEFAULT_DIMENSIONS = {
    "amazon.titan-embed-text-v1": 1536,
    "amazon.titan-embed-g1-text-02": 1536,
    "amazon.titan-embed-text-v2": 1024,
    "amazon.titan-embed-image-v1": 1024,
    "cohere.embed-english-v3": 1024,
    "cohere.embed-multilingual-v3": 1024,
    "cohere.embed-v4": 1536,
}


def search_index(model: Model) -> None:
    """An index needs an ACTIVE collection at its endpoint, a data policy for it, and k-NN for vector methods."""
    collection = _collection("collectionEndpoint", model["CollectionEndpoint"])
    if collection is None or collection["status"] != "ACTIVE":
        raise RefusedError(f"No ACTIVE collection answers at {model['CollectionEndpoint']}")
    _refuse_without_access(collection["name"], model["IndexName"], "aoss:CreateIndex")
    fields = ((model.get("Mappings") or {}).get("Properties") or {}).values()
    has_method = any("Method" in spec for spec in fields)
    knn = ((model.get("Settings") or {}).get("Index") or {}).get("Knn")
    if has_method and knn is not True:
        raise RefusedError("Cannot set modelId or method parameters when index.knn setting is false")


def search_index_update(model: Model) -> None:
    """Changing an index needs access to it as well."""
    collection = _collection("collectionEndpoint", model["CollectionEndpoint"])
    if collection is None:
        raise RefusedError(f"No ACTIVE collection answers at {model['CollectionEndpoint']}")
    _refuse_without_access(collection["name"], model["IndexName"], "aoss:UpdateIndex")


def search_index_delete(model: Model) -> None:
    """Deleting an index needs access to it, unless it went with its collection."""
    collection = _collection("collectionEndpoint", model["CollectionEndpoint"])
    if collection is not None:
        _refuse_without_access(collection["name"], model["IndexName"], "aoss:DeleteIndex")


def knowledge_base(model: Model) -> None:
    """The name is free, the vector index exists, its role may use it, and its dimension is the embedding's."""
    taken = {record["Name"] for record in bedrock_agent._knowledge_bases.values()}
    if model["Name"] in taken:
        raise RefusedError(f"KnowledgeBase with name {model['Name']} already exists.")
    storage = model.get("StorageConfiguration") or {}
    found: int | None = None
    if "OpensearchServerlessConfiguration" in storage:
        found = _search_dimension(storage["OpensearchServerlessConfiguration"], model["RoleArn"])
    elif "S3VectorsConfiguration" in storage:
        found = find_s3_index(storage["S3VectorsConfiguration"])["Dimension"]
    wanted = embedding_dimension(model["KnowledgeBaseConfiguration"])
    if found is not None and wanted is not None and found != wanted:
        raise RefusedError(
            f"{_INVALID_STORAGE} the vector index has dimension {found}, the embedding model gives {wanted}"
        )


def knowledge_base_delete(model: Model) -> None:
    """A knowledge base goes after its data sources."""
    left = [
        record["Name"]
        for record in bedrock_agent._data_sources.values()
        if record["KnowledgeBaseId"] == model["KnowledgeBaseId"]
    ]
    if left:
        raise RefusedError(f"Knowledge base {model['KnowledgeBaseId']} still has data sources: {', '.join(left)}")


def data_source(model: Model) -> None:
    """The name of a data source is free in its knowledge base."""
    for record in bedrock_agent._data_sources.values():
        if record["KnowledgeBaseId"] == model["KnowledgeBaseId"] and record["Name"] == model["Name"]:
            raise RefusedError(f"DataSource with name {model['Name']} already exists.")


def data_source_delete(model: Model) -> None:
    """With the deletion policy DELETE (the default) the vector index must still be there to be emptied."""
    base = bedrock_agent._knowledge_bases.get(model["KnowledgeBaseId"])
    source = bedrock_agent._data_sources.get(f"{model['KnowledgeBaseId']}/{model['DataSourceId']}")
    if base is None or source is None or source.get("DataDeletionPolicy") != "DELETE":
        return
    storage = base.get("StorageConfiguration") or {}
    search = storage.get("opensearchServerlessConfiguration")
    vectors = storage.get("s3VectorsConfiguration")
    try:
        if search is not None:
            _search_dimension(capitalised(search), base["RoleArn"])
        elif vectors is not None:
            find_s3_index(capitalised(vectors))
    except RefusedError as error:
        raise RefusedError(
            f"Unable to delete data from vector store for data source with ID {model['DataSourceId']}. Check your "
            "vector store configurations and permissions and retry your request. If the issue persists, consider "
            "updating the dataDeletionPolicy of the data source to RETAIN and retry your request."
        ) from error


def _search_dimension(configuration: dict[str, Any], role_arn: str) -> int:
    """The dimension of the vector field a knowledge base names in an OpenSearch Serverless index it may read."""
    collection, index = find_search_index(configuration)
    if not may(collection["name"], index["IndexName"], "aoss:ReadDocument", role_arn):
        raise RefusedError(forbidden(collection["name"], index["IndexName"], "read", role_arn))
    return search_dimension(index, configuration)


def find_search_index(configuration: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The collection and the index of an OpensearchServerlessConfiguration. Raises RefusedError without one."""
    name = configuration["VectorIndexName"]
    collection = _collection("arn", configuration["CollectionArn"])
    if collection is None:
        raise RefusedError(f"{_INVALID_STORAGE} the collection {configuration['CollectionArn']} does not exist")
    for index in record_store.of_type(_SEARCH_INDEX):
        if index["IndexName"] == name and index["CollectionEndpoint"] == collection["collectionEndpoint"]:
            return collection, index
    raise RefusedError(f"{_INVALID_STORAGE} Dependency error document status code: 404, error: no such index [{name}]")


def search_dimension(index: dict[str, Any], configuration: dict[str, Any]) -> int:
    """The dimension of an index's vector field. Raises RefusedError for a field that Bedrock cannot use."""
    name = configuration["FieldMapping"]["VectorField"]
    vector = ((index.get("Mappings") or {}).get("Properties") or {}).get(name) or {}
    if vector.get("Type") != "knn_vector":
        raise RefusedError(f"{_INVALID_STORAGE} {name} is not a knn_vector")
    if (vector.get("Method") or {}).get("Engine") != "faiss":
        raise RefusedError(f"{_INVALID_STORAGE} the engine of the vector field must be faiss")
    return int(vector["Dimension"])


def find_s3_index(configuration: dict[str, Any]) -> dict[str, Any]:
    """The index of an S3VectorsConfiguration. Raises RefusedError where it is missing."""
    bucket, name = configuration.get("VectorBucketArn"), configuration.get("IndexName")
    arn = configuration.get("IndexArn") or f"{bucket}/index/{name}"
    for index in record_store.of_type(_S3_INDEX):
        if index["IndexArn"] == arn:
            return index
    raise RefusedError(f"{_INVALID_STORAGE} The specified index could not be found: no such index [{arn}]")


def embedding_dimension(configuration: dict[str, Any]) -> int | None:
    """The length of the vectors of a KnowledgeBaseConfiguration, or None for a model that is not known here."""
    vectors = configuration.get("VectorKnowledgeBaseConfiguration") or {}
    settings = (vectors.get("EmbeddingModelConfiguration") or {}).get("BedrockEmbeddingModelConfiguration") or {}
    if "Dimensions" in settings:
        return int(settings["Dimensions"])
    model_id = vectors.get("EmbeddingModelArn", "").rpartition("/")[2].partition(":")[0]
    return _DEFAULT_DIMENSIONS.get(model_id)


def forbidden(collection: str, index: str, what: str, role_arn: str) -> str:
    """What Bedrock says when no data access policy lets its role do ``what`` with an index."""
    return (
        f"{_INVALID_STORAGE} Request failed: [security_exception] 403 Forbidden: no data access policy lets "
        f"{role_arn} {what} index/{collection}/{index}"
    )


def _collection(member: str, value: str) -> dict[str, Any] | None:
    found = (record for record in opensearchserverless._collections.values() if record[member] == value)
    return next(found, None)


def _refuse_without_access(collection: str, index: str, permission: str) -> None:
    # CloudFormation's caller is not known to a handler here, so any principal's access counts.
    if not may(collection, index, permission, None):
        operation = permission.removeprefix("aoss:")
        raise RefusedError(
            f"Access denied for operation '{operation}': no data access policy grants {permission} on "
            f"index/{collection}/{index}"
        )


def may(collection: str, index: str, permission: str, principal: str | None) -> bool:
    """Whether a data access policy grants ``permission`` on an index, to ``principal`` when one is given."""
    for record in opensearchserverless._access_policies.values():
        policy = record["policy"]
        for statement in json.loads(policy) if isinstance(policy, str) else policy:
            if principal is not None and principal not in statement["Principal"]:
                continue
            for rule in statement["Rules"]:
                granted = rule["ResourceType"] == "index" and {"aoss:*", permission} & set(rule["Permission"])
                if granted and covers(rule["Resource"], f"index/{collection}/{index}"):
                    return True
    return False


def covers(patterns: list[str], resource: str) -> bool:
    """Whether one of a policy rule's resource patterns fits a resource, for example ``index/documents/*``."""
    return any(fnmatch.fnmatchcase(resource, each) for each in patterns)


def capitalised(value: Any) -> Any:
    """Members of the API as CloudFormation spells them, with a capital first letter, at every depth."""
    if not isinstance(value, dict):
        return value
    return {f"{key[:1].upper()}{key[1:]}": capitalised(item) for key, item in value.items()}
