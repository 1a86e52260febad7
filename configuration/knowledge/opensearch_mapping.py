"""The mapping of an OpenSearch index that Bedrock keeps documents in, in OpenSearch's own words.

Sources: Bedrock user guide, knowledge-base-setup: the engine has to be faiss, l2 is recommended for floating-point
vectors, hamming is needed for binary ones, and fields to filter by need not be set up. They must not be, either:
Bedrock filters by a string's keyword subfield, which OpenSearch adds by itself to a field that it has not been told of,
and which AWS::OpenSearchServerless::Index cannot express.
"""

from typing import Any, Final, Literal

VECTOR_FIELD: Final = "bedrock-knowledge-base-default-vector"
TEXT_FIELD: Final = "AMAZON_BEDROCK_TEXT_CHUNK"
METADATA_FIELD: Final = "AMAZON_BEDROCK_METADATA"


def mapping(dimensions: int, vector_type: Literal["float32", "binary"]) -> dict[str, Any]:
    """Return field -> its mapping."""
    binary = vector_type == "binary"
    method = {
        "name": "hnsw",
        "engine": "faiss",
        "space_type": "hamming" if binary else "l2",
        "parameters": {"ef_construction": 512, "m": 16},
    }
    vector = {"type": "knn_vector", "dimension": dimensions, "method": method}
    return {
        VECTOR_FIELD: {**vector, "data_type": "binary"} if binary else vector,
        TEXT_FIELD: {"type": "text", "index": True},
        METADATA_FIELD: {"type": "text", "index": False},
    }
