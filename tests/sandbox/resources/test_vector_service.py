"""Vector buckets and indexes are listed, read and deleted by the API of S3 Vectors."""

import pytest

from sandbox.resources import vector_service
from sandbox.resources.service_api import ApiError, call
from tests.sandbox.resources import engine

STORE = {
    "Bucket": {"Type": "AWS::S3Vectors::VectorBucket", "Properties": {"VectorBucketName": "vectors"}},
    "Index": {
        "Type": "AWS::S3Vectors::Index",
        "DependsOn": "Bucket",
        "Properties": {
            "VectorBucketName": "vectors",
            "IndexName": "documents",
            "DataType": "float32",
            "Dimension": 8,
            "DistanceMetric": "cosine",
        },
    },
}


def test_what_a_stack_made_is_listed_and_goes_index_first() -> None:
    vector_service.install()
    assert engine.deploy(STORE) == "CREATE_COMPLETE", engine.reasons()
    (bucket,) = call("s3vectors", "ListVectorBuckets", {})["vectorBuckets"]
    (index,) = call("s3vectors", "ListIndexes", {"vectorBucketName": "vectors"})["indexes"]

    assert (
        call("s3vectors", "GetVectorBucket", {"vectorBucketName": "vectors"})["vectorBucket"]["vectorBucketArn"]
        == (bucket["vectorBucketArn"])
    )
    assert call("s3vectors", "GetIndex", {"indexArn": index["indexArn"]})["index"]["indexName"] == "documents"
    with pytest.raises(ApiError, match="not empty"):
        call("s3vectors", "DeleteVectorBucket", {"vectorBucketName": "vectors"})
    call("s3vectors", "DeleteIndex", {"vectorBucketName": "vectors", "indexName": "documents"})
    call("s3vectors", "DeleteVectorBucket", {"vectorBucketArn": bucket["vectorBucketArn"]})
    assert call("s3vectors", "ListVectorBuckets", {})["vectorBuckets"] == []


@pytest.mark.parametrize("operation", ["GetVectorBucket", "DeleteVectorBucket", "ListIndexes"])
def test_what_is_not_there_is_not_found(operation: str) -> None:
    vector_service.install()
    with pytest.raises(ApiError, match="could not be found"):
        call("s3vectors", operation, {"vectorBucketName": "gone"})
