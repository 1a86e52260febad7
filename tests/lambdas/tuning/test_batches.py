"""A test set is cut into pieces of whole lines, which together are all of its records and no more than is wanted."""

from hypothesis import given
from hypothesis import strategies as st

from lambdas.tuning import batches

LINES = st.lists(st.sampled_from([b"x\n", b"longer line\n", b"\n", b"  \n", b"\xc3\xa9\n"]), max_size=60)


@given(LINES, st.integers(1, 70), st.integers(1, 9), st.booleans())
def test_pieces_are_the_records(lines: list[bytes], most: int, size: int, open_end: bool) -> None:
    if lines and open_end:
        lines[-1] = lines[-1].rstrip(b"\n")
    content = b"".join(lines)

    found, records = batches.plan(lines, most=most, size=size)

    whole = [line for line in lines if line.strip()]
    pieces = [content[piece.start : piece.end].split(b"\n") for piece in found]
    asked = [line for piece in pieces for line in piece if line.strip()]
    assert asked == [line.strip(b"\n") for line in whole[:most]]
    assert records == len(asked)
    assert all(sum(1 for line in piece if line.strip()) <= size for piece in pieces)
    assert [piece.index for piece in found] == list(range(len(found)))
    for piece in found:
        assert content[: piece.start].count(b"\n") + 1 == piece.line


def test_keys_sort_as_pieces_do() -> None:
    keys = [batches.measured_key("r", index) for index in (0, 9, 10, 5000)]

    assert keys == sorted(keys)
    assert all(key.startswith(batches.measured_prefix("r")) for key in keys)
