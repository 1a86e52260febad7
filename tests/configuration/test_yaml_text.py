"""Reading YAML: what is read, and one line for each text that cannot be."""

import pytest

from configuration.yaml_text import YamlError, read_mapping


@pytest.mark.parametrize("text", ["a: 1\nb: [x, null]", b"a: 1\nb: [x, null]", '{"a": 1, "b": ["x", null]}'])
def test_a_mapping_is_read(text: str | bytes) -> None:
    assert read_mapping(text, shown="f.yaml") == {"a": 1, "b": ["x", None]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "f.yaml: expected a mapping, found nothing"),
        ("- a", "f.yaml: expected a mapping, found list"),
        ("a", "f.yaml: expected a mapping, found str"),
        ("{", "f.yaml: not valid YAML: while parsing a flow node"),
        (b"a: \xff", "f.yaml: not valid YAML: unacceptable character #x00ff: invalid leading UTF-8"),
        ("a: \x07", "f.yaml: not valid YAML: unacceptable character"),
        ("a: !!python/object:os.system []", "f.yaml: not valid YAML: could not determine a constructor"),
        ("a: 1\nb: 2\na: 3", "f.yaml: line 3: 'a' is there twice (first in line 1); keep one"),
        ("a:\n  b: 1\n  b: 2", "f.yaml: line 3: 'b' is there twice (first in line 2); keep one"),
        ("a: {1: x}", "f.yaml: line 1: 1 cannot be a key; keys are words"),
        ("on: 1", "f.yaml: line 1: True cannot be a key; keys are words"),
        ("? [a]\n: b", "f.yaml: line 1: ['a'] cannot be a key; keys are words"),
    ],
)
def test_a_text_that_cannot_be_used_is_told_in_one_line(text: str | bytes, line: str) -> None:
    with pytest.raises(YamlError) as told:
        read_mapping(text, shown="f.yaml")

    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)
