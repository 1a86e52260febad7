"""S3 in memory, as far as emptying a bucket goes, that can refuse as S3 can; and a function's time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.service_model import check


@dataclass
class FakeBucket:
    """The bucket "data".

    Attributes:
        versions: (key, version id) of objects.
        markers: the same of delete markers.
        uploads: (key, upload id).
        errors: key -> codes that its next deletions fail with; "*" is for any key.
        gone_after: calls after which the bucket is not there any more.
        on_delete: called after each deletion: what others do meanwhile.
    """

    versions: list[tuple[str, str]] = field(default_factory=list)
    markers: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[tuple[str, str]] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    gone_after: int | None = None
    on_delete: Callable[[], None] = lambda: None
    deletions: list[int] = field(default_factory=list)
    calls: int = 0

    def list_object_versions(self, **kwargs: Any) -> dict[str, Any]:
        self._called("ListObjectVersions", kwargs)
        listed = [("Versions", one) for one in self.versions] + [("DeleteMarkers", one) for one in self.markers]
        reply: dict[str, Any] = {}
        for name, (key, version) in listed[: kwargs["MaxKeys"]]:
            reply.setdefault(name, []).append({"Key": key, "VersionId": version})
        return reply

    def delete_objects(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DeleteObjects", kwargs)
        assert kwargs["Delete"]["Quiet"]
        asked = kwargs["Delete"]["Objects"]
        assert 0 < len(asked) <= 1000
        assert all(one["Key"].isprintable() for one in asked), "MalformedXML"
        self.deletions.append(len(asked))
        errors = []
        for one in asked:
            codes = self.errors.get(one["Key"]) or self.errors.get("*")
            if codes:
                errors.append({"Key": one["Key"], "VersionId": one["VersionId"], "Code": codes.pop(0)})
            else:
                self._drop(one["Key"], one["VersionId"])
        self.on_delete()
        return {"Errors": errors} if errors else {}

    def delete_object(self, **kwargs: Any) -> None:
        self._called("DeleteObject", kwargs)
        self._drop(kwargs["Key"], kwargs["VersionId"])

    def list_multipart_uploads(self, **kwargs: Any) -> dict[str, Any]:
        self._called("ListMultipartUploads", kwargs)
        listed = [{"Key": key, "UploadId": upload} for key, upload in self.uploads[: kwargs["MaxUploads"]]]
        return {"Uploads": listed} if listed else {}

    def abort_multipart_upload(self, **kwargs: Any) -> None:
        self._called("AbortMultipartUpload", kwargs)
        self.uploads.remove((kwargs["Key"], kwargs["UploadId"]))
        if codes := self.errors.get(kwargs["Key"]):
            raise refused(codes.pop(0), "AbortMultipartUpload")

    @property
    def is_empty(self) -> bool:
        return not (self.versions or self.markers or self.uploads)

    def _drop(self, key: str, version: str) -> None:
        (self.versions if (key, version) in self.versions else self.markers).remove((key, version))

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        check("s3", operation, arguments)
        assert arguments["Bucket"] == "data"
        self.calls += 1
        if self.gone_after is not None and self.calls > self.gone_after:
            raise refused("NoSuchBucket", operation)
        if codes := self.errors.get(operation):
            raise refused(codes.pop(0), operation)


@dataclass
class Time:
    """A function's time: it passes while the function sleeps, and with each look at it if ``step`` says so."""

    left: float
    step: float = 0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        self.left -= self.step
        return self.left

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.left -= seconds
