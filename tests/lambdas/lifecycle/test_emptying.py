"""Emptying: everything, in batches, again and again until nothing is left or the time is over."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError
from lambdas.lifecycle.emptying import ROUNDS_IN_VAIN, empty
from tests.lambdas.lifecycle.fakes import FakeBucket, Time


def emptied(bucket: FakeBucket, *, time: Time | None = None) -> int:
    passing = time or Time(left=500)
    return empty("data", s3=bucket, left=passing, sleep=passing.sleep)


def versions(count: int) -> list[tuple[str, str]]:
    return [(f"documents/{number // 3}.md", f"v{number}") for number in range(count)]


def test_versions_markers_and_uploads_go() -> None:
    bucket = FakeBucket(versions=versions(4), markers=[("documents/1.md", "m1")], uploads=[("big.pdf", "u1")])

    assert emptied(bucket) == 6
    assert bucket.is_empty


@pytest.mark.parametrize(
    ("count", "batches"), [(0, []), (1, [1]), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500])]
)
def test_a_thousand_go_at_a_time(count: int, batches: list[int]) -> None:
    bucket = FakeBucket(versions=versions(count))

    emptied(bucket)

    assert bucket.deletions == batches
    assert bucket.is_empty


@settings(max_examples=25)
@given(st.integers(0, 2300), st.integers(0, 1200), st.integers(0, 1200))
def test_any_mixture_goes(objects: int, markers: int, uploads: int) -> None:
    bucket = FakeBucket(
        versions=versions(objects),
        markers=[("gone.md", f"m{number}") for number in range(markers)],
        uploads=[("big.pdf", f"u{number}") for number in range(uploads)],
    )

    assert emptied(bucket) == objects + markers + uploads
    assert bucket.is_empty


def test_what_is_written_meanwhile_goes_too() -> None:
    bucket = FakeBucket(versions=versions(3))
    late = [("ingestions/1.json", "a"), ("ingestions/2.json", "b")]
    bucket.on_delete = lambda: bucket.versions.extend([late.pop()] if late else [])

    assert emptied(bucket) == 5
    assert bucket.is_empty


def test_keys_that_xml_cannot_carry_go_one_by_one() -> None:
    bucket = FakeBucket(versions=[("documents/bell\x07.md", "v1"), ("documents/plain.md", "v2"), ("\x01", "v3")])

    assert emptied(bucket) == 3
    assert bucket.is_empty


@pytest.mark.parametrize("calls", range(5))
def test_a_bucket_that_is_not_there_is_empty(calls: int) -> None:
    deleted = emptied(FakeBucket(versions=versions(2), uploads=[("big.pdf", "u1")], gone_after=calls))

    # An upload is listed and aborted, then versions are listed: what was deleted before the bucket went is counted.
    assert deleted == (0 if calls < 2 else 1)


def test_an_upload_that_is_gone_meanwhile_is_no_error() -> None:
    bucket = FakeBucket(uploads=[("big.pdf", "u1")], errors={"big.pdf": ["NoSuchUpload"]})

    emptied(bucket)

    assert bucket.is_empty


def test_what_s3_cannot_delete_just_now_is_tried_again() -> None:
    bucket = FakeBucket(versions=versions(6), errors={"documents/0.md": ["InternalError", "SlowDown"]})
    time = Time(left=500)

    assert emptied(bucket, time=time) == 6
    assert bucket.is_empty
    assert time.slept


def test_it_gives_up_what_s3_never_can() -> None:
    bucket = FakeBucket(versions=versions(3), errors={"*": ["SlowDown"] * 999})

    with pytest.raises(CustomResourceError, match="3 x SlowDown"):
        emptied(bucket)
    assert len(bucket.deletions) == ROUNDS_IN_VAIN


def test_what_s3_refuses_is_told_with_counts_an_example_and_what_to_do() -> None:
    bucket = FakeBucket(versions=versions(9), errors={"documents/1.md": ["AccessDenied"] * 9, "*": ["SlowDown"]})

    with pytest.raises(CustomResourceError) as told:
        emptied(bucket)

    assert "The bucket data cannot be emptied: S3 refused 3 x AccessDenied, 1 x SlowDown" in str(told.value)
    assert "'documents/1.md'; 5 of its versions and uploads were deleted" in str(told.value)
    assert "object lock" in str(told.value)


def test_what_somebody_else_deleted_is_no_error() -> None:
    bucket = FakeBucket(versions=versions(1), errors={"*": ["NoSuchVersion"]})

    emptied(bucket)

    assert bucket.is_empty


def test_it_stops_in_time_and_says_how_far_it_got() -> None:
    bucket = FakeBucket(versions=versions(9_000))

    with pytest.raises(CustomResourceError, match=r"not empty yet: 4,000 of .* Destroy the stack again"):
        emptied(bucket, time=Time(left=50, step=10))

    assert emptied(bucket) == 5_000
    assert bucket.is_empty


def test_a_bucket_that_others_keep_filling_does_not_keep_it_for_ever() -> None:
    bucket = FakeBucket(versions=versions(1))
    bucket.on_delete = lambda: bucket.versions.append(("again", "v"))

    with pytest.raises(CustomResourceError, match="not empty yet"):
        emptied(bucket, time=Time(left=1_000, step=1))


@pytest.mark.parametrize("operation", ["ListObjectVersions", "DeleteObjects", "ListMultipartUploads"])
def test_a_call_that_s3_refuses_is_its_own_error(operation: str) -> None:
    bucket = FakeBucket(versions=versions(2), errors={operation: ["AccessDenied"]})

    with pytest.raises(ClientError, match="AccessDenied"):
        emptied(bucket)


def test_an_upload_that_s3_refuses_to_abort_is_its_own_error() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        emptied(FakeBucket(uploads=[("big.pdf", "u")], errors={"big.pdf": ["AccessDenied"]}))


def test_it_is_s3s_language() -> None:
    """The same against moto, with the client that the function makes; CloudFormation can delete the bucket then."""
    with mock_aws():
        s3: Any = aws.client("s3", read_timeout=1)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="documents/before versions.md", Body=b"null version")
        s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        for body in (b"1", b"2", b"3"):
            s3.put_object(Bucket="data", Key="documents/größe & <maß>.md", Body=body)
        s3.delete_object(Bucket="data", Key="documents/größe & <maß>.md")
        s3.create_multipart_upload(Bucket="data", Key="documents/big.pdf")

        assert empty("data", s3=s3, left=lambda: 100) == 6

        s3.delete_bucket(Bucket="data")
        assert empty("data", s3=s3, left=lambda: 100) == 0
