"""Names of a knowledge base's parts, and the fingerprints in them.

Nearly all that these resources consist of is create-only. What decides a resource is part of its name and of its
logical id, so that a changed environment file makes a new resource beside the old one, which CloudFormation takes away
afterwards; under the old name the new one could not even be made. What does not decide it leaves it alone.
"""

from dataclasses import dataclass
from typing import Final

from configuration import fingerprint
from configuration.knowledge.models import KnowledgeModels
from configuration.knowledge.opensearch_mapping import mapping
from configuration.knowledge.section import Knowledge
from configuration.names import physical_name

# OpenSearch Serverless takes names of up to 32 characters: quarry-, so much of the environment's name, and 9 more.
_ENVIRONMENT_CHARACTERS: Final = 16


@dataclass(frozen=True, kw_only=True)
class KnowledgeNames:
    """Fingerprints of the parts, each including those of what it stands on.

    Attributes:
        environment: name of the environment.
        collection: of the OpenSearch collection and its encryption: what a collection cannot change.
        network: of the collection's network policy. A new one replaces the old, which is still needed while an index
            that goes with it is deleted.
        index: of the vector index, and of all that is there for it alone: the knowledge base, its role, the access
            policy. Two of them never share an index.
        source: of the data source.
    """

    environment: str
    collection: str
    network: str
    index: str
    source: str

    @property
    def collection_name(self) -> str:
        """Of the collection and of its encryption policy."""
        return self._short(self.collection)

    @property
    def network_policy(self) -> str:
        """Who reaches the collection."""
        return self._short(self.network)

    @property
    def opening_policy(self) -> str:
        """The network policy that is there while CloudFormation handles the index of a private collection."""
        return self._short(fingerprint.of_json([self.index, "open"]))

    @property
    def access_policy(self) -> str:
        """Who may do what with the index."""
        return self._short(self.index)

    @property
    def index_name(self) -> str:
        """Of the vector index, in either store."""
        return f"documents-{self.index}"

    @property
    def vector_bucket(self) -> str:
        """Of the S3 vector bucket, which nothing decides that can change."""
        return physical_name(self.environment, "vectors")

    @property
    def knowledge_base(self) -> str:
        """Of the knowledge base."""
        return physical_name(self.environment, f"knowledge-{self.index}")

    @property
    def data_source(self) -> str:
        """Of the data source."""
        return f"documents-{self.source}"

    def _short(self, mark: str) -> str:
        return physical_name(self.environment[:_ENVIRONMENT_CHARACTERS], mark)


def names_of(environment: str, knowledge: Knowledge, models: KnowledgeModels) -> KnowledgeNames:
    """Return the names of an environment's knowledge base."""
    # The whole name of the environment: collection names have only its beginning.
    collection = fingerprint.of_json([environment, knowledge.standby])
    vectors = [models.embedding.model_id, models.dimensions]
    if knowledge.vector_store == "opensearch_serverless":
        # The fields' types: what OpenSearch has once seen as text stays text.
        fields = sorted(knowledge.metadata.items())
        shape = mapping(models.dimensions, knowledge.vector_type)
        index = fingerprint.of_json([collection, *vectors, shape, fields])
    else:
        index = fingerprint.of_json([environment, *vectors])
    parser = [models.parser.callable_id, knowledge.parsing.prompt] if models.parser else None
    return KnowledgeNames(
        environment=environment,
        collection=collection,
        network=fingerprint.of_json([collection, sorted(knowledge.vpc_endpoints)]),
        index=index,
        source=fingerprint.of_json([index, knowledge.chunking.model_dump(), parser]),
    )
