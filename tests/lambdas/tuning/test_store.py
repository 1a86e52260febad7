"""Objects are read as they are, whatever their size and their pages; what is not there is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.tuning import places
from lambdas.tuning.run import RequestError, RunStatus
from lambdas.tuning.store import NoSuchRunError, RunStore
from tests.lambdas.tuning.fakes import BUCKET, Body, FakeBucket, World, request


class Dripping(Body):
    """A body that comes in small pieces."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size, 3) if size and size > 0 else size)


class Slow(FakeBucket):
    def get_object(self, **kwargs: object) -> object:
        return {"Body": Dripping(self.objects[str(kwargs["Key"])])}


@given(st.lists(st.sampled_from([b"", b"a", b"long line", b"\r", b"\xc3\xa9"]), max_size=12), st.booleans())
def test_lines_are_whole_however_they_come(parts: list[bytes], ended: bool) -> None:
    content = b"\n".join(parts) + (b"\n" if ended else b"")
    store = RunStore(BUCKET, Slow({"data/x": content}))

    found = list(store.lines("data/x"))

    assert b"".join(found) == content
    assert all(line.endswith(b"\n") for line in found[:-1])
    assert all(line.count(b"\n") <= 1 for line in found)


def test_all_pages_are_read() -> None:
    store = RunStore(BUCKET, FakeBucket({f"reports/r/evaluation/{number}": b"x" for number in range(7)}))

    assert len(list(store.below("reports/r/evaluation/"))) == 7


def test_a_range_is_read_to_its_end() -> None:
    store = RunStore(BUCKET, FakeBucket({"data/x": b"0123456789"}))

    assert store.read("data/x", start=2, end=5) == b"234"


def test_a_run_that_is_not_there_or_cannot_be_read_is_told() -> None:
    world = World()
    world.bucket.objects[places.status_key("odd")] = b"{"

    for run, told in (("none", "There is no run none"), ("odd", "cannot be read")):
        with pytest.raises(NoSuchRunError, match=told):
            world.status(run)


def test_a_request_or_data_that_are_gone_are_told() -> None:
    store = World().store

    with pytest.raises(RequestError, match=r"there is no runs/x/run\.yaml any more"):
        store.request("runs/x/run.yaml")
    with pytest.raises(RequestError, match=r"there is no object data/train\.jsonl in the bucket tuning-bucket"):
        store.etags(request())


def test_a_change_keeps_all_else() -> None:
    store = World().store
    store.write(RunStatus(run="r", state="running", phase="training", reason="x"))

    assert store.change("r", phase="hosting").reason == "x"
    assert store.status("r").phase == "hosting"
