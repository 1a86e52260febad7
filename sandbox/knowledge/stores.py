"""The vector store behind a knowledge base: where it is, what it holds, and who may read and write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import opensearchserverless

from sandbox.resources import vector_rules
from sandbox.resources.rules import RefusedError
from sandbox.service_role import ServiceRole

_BEDROCK = "bedrock.amazonaws.com"
_VECTORS_WRITE = ("s3vectors:GetIndex", "s3vectors:PutVectors", "s3vectors:DeleteVectors")
_VECTORS_READ = ("s3vectors:QueryVectors", "s3vectors:GetVectors")


class StoreError(Exception):
    """The vector store is missing, unfit, or out of reach; worded as Bedrock words it."""


@dataclass(frozen=True)
class Store:
    """An index that holds passages. ``key`` is another one when an index is made anew under the same name."""

    key: str
    resource: str
    dimension: int
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field -> type, of the fields that an OpenSearch index maps explicitly."""
    collection: str | None = None
    index: str = ""
    binary: bool = False
    """Whether vectors are compared bit by bit."""

    @property
    def is_search(self) -> bool:
        """Return whether this is an OpenSearch Serverless index; else it is an S3 vector index."""
        return self.collection is not None

    def require_write(self, role: ServiceRole) -> None:
        """Check that ``role`` may put passages into the index and remove them.

        Raises:
            NotAuthorizedError: an IAM action is missing.
            StoreError: a policy of the collection keeps the role or Bedrock out.
        """
        for action in ("aoss:APIAccessAll",) if self.is_search else _VECTORS_WRITE:
            role.require(action, self.resource)
        self._require_collection(role, {"aoss:ReadDocument": "read", "aoss:WriteDocument": "write"})

    def require_read(self, role: ServiceRole) -> None:
        """Check that ``role`` may search the index. Raises as ``require_write`` does."""
        for action in ("aoss:APIAccessAll",) if self.is_search else _VECTORS_READ:
            role.require(action, self.resource)
        self._require_collection(role, {"aoss:ReadDocument": "read"})

    def _require_collection(self, role: ServiceRole, permissions: Mapping[str, str]) -> None:
        if self.collection is None:
            return
        if not _reachable(self.collection):
            raise StoreError(
                f"Request failed: [security_exception] 403 Forbidden: no network policy of the collection "
                f"{self.collection} lets {_BEDROCK} reach it"
            )
        for permission, verb in permissions.items():
            if not vector_rules.may(self.collection, self.index, permission, role.arn):
                raise StoreError(vector_rules.forbidden(self.collection, self.index, verb, role.arn))


def of(knowledge_base: Mapping[str, Any]) -> Store:
    """Return the store of MiniStack's record of a knowledge base.

    Raises:
        StoreError: there is none, it is of a kind that is not emulated, or its dimension is not the embedding's.
    """
    storage = vector_rules.capitalised(knowledge_base.get("StorageConfiguration") or {})
    try:
        if "OpensearchServerlessConfiguration" in storage:
            found = _search(storage["OpensearchServerlessConfiguration"])
        elif "S3VectorsConfiguration" in storage:
            found = _vectors(storage["S3VectorsConfiguration"])
        else:
            raise StoreError(f"This local AWS has no vector store of type {storage.get('Type')}")
    except RefusedError as error:
        raise StoreError(str(error)) from error
    configuration = vector_rules.capitalised(knowledge_base["KnowledgeBaseConfiguration"])
    wanted = vector_rules.embedding_dimension(configuration)
    if wanted is not None and wanted != found.dimension:
        raise StoreError(
            f"Query vector has invalid dimension: {wanted}. Dimension should be: {found.dimension} "
            f"(index {found.index}; the embedding model gives {wanted})"
        )
    return found


def _search(configuration: dict[str, Any]) -> Store:
    collection, index = vector_rules.find_search_index(configuration)
    mapping = (index.get("Mappings") or {}).get("Properties") or {}
    return Store(
        key=f"{collection['arn']}/{index['IndexName']}/{index['Uuid']}",
        resource=collection["arn"],
        dimension=vector_rules.search_dimension(index, configuration),
        fields={name: spec["Type"] for name, spec in mapping.items()},
        collection=collection["name"],
        index=index["IndexName"],
        binary=any((spec.get("Method") or {}).get("SpaceType") == "hamming" for spec in mapping.values()),
    )


def _vectors(configuration: dict[str, Any]) -> Store:
    index = vector_rules.find_s3_index(configuration)
    return Store(
        key=f"{index['IndexArn']}/{index['CreationTime']}",
        resource=index["IndexArn"],
        dimension=int(index["Dimension"]),
        index=index["IndexName"],
    )


def _reachable(collection: str) -> bool:
    """Whether a network policy lets Bedrock reach a collection: from anywhere, or as a service."""
    resource = f"collection/{collection}"
    for name, record in opensearchserverless._security_policies.items():
        if not name.startswith("network/"):
            continue
        policy = record["policy"]
        for statement in json.loads(policy) if isinstance(policy, str) else policy:
            rules = (rule for rule in statement["Rules"] if rule["ResourceType"] == "collection")
            covered = any(vector_rules.covers(rule["Resource"], resource) for rule in rules)
            if covered and (statement.get("AllowFromPublic") or _BEDROCK in statement.get("SourceServices", ())):
                return True
    return False
