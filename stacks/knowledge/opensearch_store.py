"""The vector store on OpenSearch Serverless, in the order that AWS wants and that nothing in a template implies.

encryption and network policy -> collection -> access policy -> wait -> index -> wait (that one is KnowledgeBase's).
Deleted in reverse: Bedrock empties the index when its data source goes, and needs all of this for it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, Literal, cast

from aws_cdk import CfnResource, Stack, Tags
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct

from configuration.knowledge.opensearch_mapping import METADATA_FIELD, TEXT_FIELD, VECTOR_FIELD, mapping
from configuration.knowledge.plan import KnowledgePlan
from stacks.components.checks import acknowledge
from stacks.components.lifecycle import Lifecycle
from stacks.knowledge import permissions

# The only service that a network policy can name.
BEDROCK: Final = "bedrock.amazonaws.com"


class OpenSearchStore(Construct):
    """A collection with one index, which ``role`` may use. See VectorStore for the attributes."""

    def __init__(
        self, scope: Construct, id_: str, *, plan: KnowledgePlan, role: iam.Role, lifecycle: Lifecycle
    ) -> None:
        super().__init__(scope, id_)
        self._plan, self._lifecycle = plan, lifecycle
        network = self._network_policy()
        collection = self._collection()
        collection.add_resource_dependency(self._encryption_policy())
        collection.add_resource_dependency(network)
        # The network policy once more, because the collection may stay when policy and index are replaced together.
        index = self._index(collection, after=(network, self._access_policy(role)))
        self.storage = bedrock.CfnKnowledgeBase.StorageConfigurationProperty(
            type="OPENSEARCH_SERVERLESS",
            opensearch_serverless_configuration=bedrock.CfnKnowledgeBase.OpenSearchServerlessConfigurationProperty(
                collection_arn=collection.attr_arn,
                vector_index_name=plan.names.index_name,
                field_mapping=bedrock.CfnKnowledgeBase.OpenSearchServerlessFieldMappingProperty(
                    vector_field=VECTOR_FIELD, text_field=TEXT_FIELD, metadata_field=METADATA_FIELD
                ),
            ),
        )
        self.access = permissions.searching_collection(collection)
        self.built: Sequence[CfnResource] = (index,)
        self.settle_seconds = plan.section.propagation_seconds

    def _encryption_policy(self) -> aoss.CfnSecurityPolicy:
        policy = {"Rules": [self._rule("collection")], "AWSOwnedKey": True}
        return self._security_policy(
            f"Encryption{self._plan.names.collection}", "encryption", self._plan.names.collection_name, policy
        )

    def _network_policy(self) -> aoss.CfnSecurityPolicy:
        endpoints = self._plan.section.vpc_endpoints
        reach: dict[str, Any] = (
            {"AllowFromPublic": False, "SourceVPCEs": endpoints, "SourceServices": [BEDROCK]}
            if endpoints
            # Public is the address: whoever is not in the access policy is refused.
            else {"AllowFromPublic": True}
        )
        policy = [{"Rules": [self._rule("collection")], **reach}]
        return self._security_policy(
            f"Network{self._plan.names.network}", "network", self._plan.names.network_policy, policy
        )

    def _rule(self, kind: str) -> dict[str, Any]:
        return {"ResourceType": kind, "Resource": [f"collection/{self._plan.names.collection_name}"]}

    def _security_policy(self, id_: str, kind: str, name: str, policy: Any) -> aoss.CfnSecurityPolicy:
        return aoss.CfnSecurityPolicy(self, id_, type=kind, name=name, policy=json.dumps(policy))

    def _collection(self) -> aoss.CfnCollection:
        collection = aoss.CfnCollection(
            self,
            f"Collection{self._plan.names.collection}",
            name=self._plan.names.collection_name,
            type="VECTORSEARCH",
            standby_replicas="ENABLED" if self._plan.section.standby else "DISABLED",
            description="Vectors of the knowledge base's documents",
        )
        # A collection cannot change its tags: another owner would cost the index. The environment's name stays.
        Tags.of(collection).remove("quarry:owner")
        return collection

    def _access_policy(self, role: iam.Role) -> aoss.CfnAccessPolicy:
        stack = Stack.of(self)
        policy = permissions.index_access(stack=stack, names=self._plan.names, role=role)
        return aoss.CfnAccessPolicy(
            self,
            f"Access{self._plan.names.index}",
            type="data",
            name=self._plan.names.access_policy,
            policy=stack.to_json_string(policy),
        )

    def _index(self, collection: aoss.CfnCollection, *, after: Sequence[CfnResource]) -> CfnResource:
        """Return the last thing that has to be there before Bedrock looks for the index."""
        mark, private = self._plan.names.index, bool(self._plan.section.vpc_endpoints)
        if private:
            after = (*after, self._leave_to_open())
        known = self._lifecycle.wait(
            self, f"AccessWait{mark}", seconds=self._plan.section.propagation_seconds, after=(collection, *after)
        )
        index = self._index_itself(collection)
        if not private:
            index.add_resource_dependency(known)
            return index
        # CloudFormation handles an index from outside, so a private collection is opened until the index is there. In
        # reverse, the resource that closes it opens it before the index is deleted, and the one that opens it, which
        # is deleted last, closes it for good.
        index.add_resource_dependency(self._gate("open", after=known))
        return self._gate("close", after=index)

    def _index_itself(self, collection: aoss.CfnCollection) -> CfnResource:
        id_, fields = (
            f"Index{self._plan.names.index}",
            mapping(self._plan.models.dimensions, self._plan.section.vector_type),
        )
        if self._plan.section.vector_type == "binary":
            # AWS::OpenSearchServerless::Index knows float and byte only.
            schema = {"settings": {"index": {"knn": True}}, "mappings": {"properties": fields}}
            return aoss.CfnCollectionIndex(
                self,
                id_,
                id=collection.attr_id,
                index_name=self._plan.names.index_name,
                index_schema=json.dumps(schema),
            )
        return aoss.CfnIndex(
            self,
            id_,
            collection_endpoint=collection.attr_collection_endpoint,
            index_name=self._plan.names.index_name,
            settings=aoss.CfnIndex.IndexSettingsProperty(index=aoss.CfnIndex.IndexProperty(knn=True)),
            mappings=aoss.CfnIndex.MappingsProperty(
                properties={name: _property(field) for name, field in fields.items()}
            ),
        )

    def _leave_to_open(self) -> CfnResource:
        """Allow the lifecycle function to open this collection, in a policy that goes with the index."""
        policy = iam.Policy(self, f"MayOpen{self._plan.names.index}", roles=[self._lifecycle.function.role])
        policy.add_statements(permissions.opening_collection(collection=self._plan.names.collection_name))
        acknowledge(
            policy,
            "AwsSolutions-IAM5[Resource::*]",
            because="OpenSearch's policies have no ARNs; a condition names the one collection.",
        )
        return cast(CfnResource, policy.node.default_child)

    def _gate(self, action: Literal["open", "close"], *, after: CfnResource) -> CfnResource:
        """Return a resource that makes the private collection public by a network policy, or ends that.

        "open" makes the policy, and deletes it when it is deleted itself; "close" does the opposite. After making it
        either waits.
        """
        return self._lifecycle.resource(
            self,
            f"{action.title()}{self._plan.names.index}",
            kind="PublicAccess",
            action=f"{action}_network",
            properties={
                "Collection": self._plan.names.collection_name,
                "Policy": self._plan.names.opening_policy,
                "Seconds": str(self._plan.section.propagation_seconds),
            },
            after=[after],
        )


def _property(field: dict[str, Any]) -> aoss.CfnIndex.PropertyMappingProperty:
    method = field.get("method")
    return aoss.CfnIndex.PropertyMappingProperty(
        type=field["type"],
        dimension=field.get("dimension"),
        index=field.get("index"),
        method=aoss.CfnIndex.MethodProperty(
            name=method["name"],
            engine=method["engine"],
            space_type=method["space_type"],
            parameters=aoss.CfnIndex.ParametersProperty(**method["parameters"]),
        )
        if method
        else None,
    )
