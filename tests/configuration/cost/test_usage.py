"""A mix of use: what is accepted, and what is refused in which words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from configuration.cost import usage
from configuration.environment_file import ConfigError

LEAST: dict[str, Any] = {
    "requests_per_day": 100,
    "aliases": {"fast": {"share": 1, "input_tokens": 10, "output_tokens": 5}},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mix.yaml"


def problems(file: Path, change: dict[str, Any]) -> str:
    file.write_text(yaml.safe_dump({**LEAST, **change}))
    with pytest.raises(ConfigError) as refused:
        usage.load(file)
    return str(refused.value).replace(str(file), "mix.yaml")


def test_the_sample_says_every_default_as_it_is() -> None:
    sample = usage.load()

    assert sample == usage.Usage(requests_per_day=sample.requests_per_day, aliases=sample.aliases)


def test_what_is_left_out_is_a_default(file: Path) -> None:
    file.write_text(yaml.safe_dump(LEAST))

    assert usage.load(file).functions.seconds == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"requests_per_day": -1}, "mix.yaml: requests_per_day: -1 is not accepted: expected"),
        ({"requests_per_day": "many"}, "mix.yaml: requests_per_day: 'many' is not accepted: expected number"),
        ({"aliases": {}}, "mix.yaml: aliases: {} is not accepted"),
        ({"streamed": 2}, "mix.yaml: streamed: 2 is not accepted"),
        ({"colour": "red"}, "mix.yaml: colour: unknown key; the file has no 'colour'"),
        ({"notebooks": {"hours_per_day": 25}}, "mix.yaml: notebooks.hours_per_day: 25 is not accepted"),
        (
            {"aliases": {"fast": {"share": 0.5, "input_tokens": 1, "output_tokens": 1}}},
            "mix.yaml: aliases: the shares make 0.5; they have to make 1",
        ),
        ({"aliases": {"fast": {"share": 1}}}, "mix.yaml: aliases.fast.input_tokens: required and missing"),
    ],
)
def test_what_a_mix_may_not_be(file: Path, change: dict[str, Any], said: str) -> None:
    assert said in problems(file, change)


def test_shares_may_be_rounded(file: Path) -> None:
    one = {"share": 0.333, "input_tokens": 1, "output_tokens": 1}
    file.write_text(yaml.safe_dump({**LEAST, "aliases": {"a": one, "b": one, "c": one}}))

    assert usage.load(file).aliases["c"].share == 0.333


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"mix\.yaml: no such file"):
        usage.load(file)


def test_what_is_no_yaml_is_told(file: Path) -> None:
    file.write_text("aliases: [")

    with pytest.raises(ConfigError, match=r"mix\.yaml: not valid YAML"):
        usage.load(file)
