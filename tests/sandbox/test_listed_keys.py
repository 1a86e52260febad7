"""Buckets with keys that XML cannot carry, over a real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.lifecycle import emptying
from tests.sandbox.servers import running, session

ODD = ["a\x01b", "\x1b[31mred.md", "a b+c/ü", "</Key>", "plain"]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running(tmp_path_factory.mktemp("listed")) as (_, record):
        yield session(record.connection).client("s3", endpoint_url=record.connection.aws_url)


def test_every_key_is_listed_as_it_is_and_a_bucket_with_them_is_emptied(s3: Any, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="odd")
    s3.put_bucket_versioning(Bucket="odd", VersioningConfiguration={"Status": "Enabled"})
    for key in ODD:
        s3.put_object(Bucket="odd", Key=key, Body=b"x")
        s3.delete_object(Bucket="odd", Key=key)

    found = s3.list_object_versions(Bucket="odd")
    assert sorted(one["Key"] for one in found["Versions"]) == sorted(ODD)
    assert sorted(one["Key"] for one in found["DeleteMarkers"]) == sorted(ODD)

    assert emptying.empty("odd", s3=s3, left=lambda: 60.0) == 2 * len(ODD)
    s3.delete_bucket(Bucket="odd")
