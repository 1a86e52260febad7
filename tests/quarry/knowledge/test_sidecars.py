"""Sidecars as Bedrock takes them, and the sentence for those that it does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarry.knowledge import sidecars
from quarry.knowledge.sidecars import MAX_BYTES, SidecarError


def sidecar(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_values_have_the_types_of_filters() -> None:
    values = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": ["x", "y"], "f": ""}

    assert sidecars.parse(sidecar({"metadataAttributes": values})).types == {
        "a": "string",
        "b": "number",
        "c": "number",
        "d": "boolean",
        "e": "list",
        "f": "string",
    }


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"type": "STRING", "stringValue": "x"}, "string"),
        ({"type": "NUMBER", "numberValue": 3}, "number"),
        ({"type": "BOOLEAN", "booleanValue": False}, "boolean"),
        ({"type": "STRING_LIST", "stringListValue": ["x"]}, "list"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"includeForEmbedding": True}])
def test_values_may_be_written_out(value: dict[str, Any], kind: str, more: dict[str, Any]) -> None:
    parsed = sidecars.parse(sidecar({"metadataAttributes": {"a": {"value": value, **more}}}))

    assert parsed.types == {"a": kind}


def test_only_a_csv_may_describe_its_columns() -> None:
    content = sidecar({"metadataAttributes": {"a": 1}, "documentStructureConfiguration": {"type": "x"}})

    assert sidecars.parse(content, csv=True).types == {"a": "number"}
    with pytest.raises(SidecarError, match="has documentStructureConfiguration beside metadataAttributes"):
        sidecars.parse(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "not valid JSON in UTF-8"),
        (b"\xff\xfe{}", "not valid JSON in UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"[" * 9_000, "not valid JSON in UTF-8"),
        (b"[]", "has to be"),
        (b"{}", "has to be"),
        (b'{"metadataAttributes": {}}', "has to be"),
        (b'{"metadataAttributes": [1]}', "has to be"),
        (b'{"metadataAttributes": {"a": NaN}}', "NaN is no number"),
        (b'{"metadataAttributes": {"a": 1e999}}', "a has to be a string, a number"),
        (b'{"metadataAttributes": {"a": null}}', "a has to be a string, a number"),
        (b'{"metadataAttributes": {"a": []}}', "a has to be a string, a number"),
        (b'{"metadataAttributes": {"a": [1]}}', "a has to be a string, a number"),
        (b'{"metadataAttributes": {"a": 1, "a": 2}}', "has a twice"),
        (b'{"metadataAttributes": {" ": 1}}', "' ' cannot be the name"),
        (b'{"metadataAttributes": {"\\u001b[1m": 1}}', "cannot be the name"),
        (b'{"metadataAttributes": {"a": "\\ud800"}}', "half of a surrogate pair"),
        (b'{"metadataAttributes": {"x-amz-bedrock-kb-source-uri": "x"}}', "a name that Bedrock keeps for itself"),
        (b'{"metadataAttributes": {"a": 1}, "owner": "x"}', "has owner beside metadataAttributes"),
        (b'{"metadataAttributes": {"a": {}}}', "a: an object has to be"),
        (b'{"metadataAttributes": {"a": {"value": 1}}}', "a: an object has to be"),
        (b'{"metadataAttributes": {"a": {"value": {"type": "DATE", "dateValue": 1}}}}', "a: an object has to be"),
        (b'{"metadataAttributes": {"a": {"value": {"type": "NUMBER", "stringValue": "1"}}}}', "a: an object has"),
        (b'{"metadataAttributes": {"a": {"value": {"type": "NUMBER", "numberValue": "1"}}}}', "a: an object has"),
        (
            b'{"metadataAttributes": {"a": {"value": {"type": "BOOLEAN", "booleanValue": true}, "embed": true}}}',
            "a: an object has",
        ),
        (
            b'{"metadataAttributes":{"a":{"value":{"type":"STRING","stringValue":""},"includeForEmbedding":1}}}',
            "a: an object has",
        ),
    ],
)
def test_what_bedrock_would_not_take_is_said(content: bytes, says: str) -> None:
    with pytest.raises(SidecarError) as refused:
        sidecars.parse(content)

    assert says in str(refused.value)


def test_eleven_kilobytes_are_too_many() -> None:
    fits = sidecar({"metadataAttributes": {"a": "x" * (MAX_BYTES - 33)}})
    assert len(fits) == MAX_BYTES
    assert sidecars.parse(fits).types == {"a": "string"}

    with pytest.raises(SidecarError, match="11,264 bytes; Bedrock takes 10,240 at most"):
        sidecars.parse(b" " * 11 * 1024)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_is_taken_or_refused_with_a_sentence(attributes: Any) -> None:
    content = json.dumps({"metadataAttributes": attributes}).encode()

    refused = False
    try:
        taken = set(sidecars.parse(content).types)
    except SidecarError:
        refused = True

    assert refused or taken == set(attributes)


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(SidecarError):
        sidecars.parse(content)
