"""Environment files: what is wrong is told in one line with file, path, value and what is accepted."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from configuration import expiry
from configuration.environment_file import PROJECT, ConfigError, load, names
from configuration.schema import PATH, render

CUSTOM = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
GOOD = (PROJECT / "environments" / "dev.yaml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real guardrail policies and one environment file, dev.yaml."""
    shutil.copytree(PROJECT / "guardrails", tmp_path / "guardrails")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def problems(project: Path, text: str) -> list[str]:
    (project / "environments" / "dev.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load("dev", project=project)
    assert all("\n" not in line for line in refused.value.problems)
    return refused.value.problems


def changed(**changes: object) -> str:
    return yaml.safe_dump({**yaml.safe_load(GOOD), **changes})


@pytest.mark.parametrize("name", names())
def test_every_environment_loads(name: str) -> None:
    assert load(name).name == name


def test_the_schema_for_editors_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == render(), "run `make schema`"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"colour": "red"},
            "environments/dev.yaml: colour: unknown key; the file has no 'colour' (environments/schema.json",
        ),
        ({"inference": {"throttel": {}}}, "environments/dev.yaml: inference.throttel: unknown key; inference has no"),
        (
            {"inference": {"throttle": {"rate": "fast"}}},
            "environments/dev.yaml: inference.throttle.rate: 'fast' is not accepted: expected integer",
        ),
        (
            {"inference": {"throttle": {"rate": 0}}},
            "environments/dev.yaml: inference.throttle.rate: 0 is not accepted: expected greater than or equal to 1",
        ),
        (
            {"inference": {"keep_alive_seconds": 300}},
            "environments/dev.yaml: inference.keep_alive_seconds: 300 is not accepted: expected 1 to 240; API Gateway",
        ),
        ({"log_days": 8}, "environments/dev.yaml: log_days: 8 is not accepted: expected 1, 3, 5,"),
        (
            {"inference": {"log_days": 30}},
            "environments/dev.yaml: inference.log_days: moved to log_days at the top of the file",
        ),
        ({"retain_data": "yes"}, "environments/dev.yaml: retain_data: 'yes' is not accepted: expected boolean"),
        ({"region": "Virginia"}, "environments/dev.yaml: region: 'Virginia' is not accepted: expected pattern"),
        (
            {"region": "us-gov-west-1"},
            "environments/dev.yaml: region: 'us-gov-west-1' is not accepted: nothing of Quarry works there, for the "
            "region lacks AWS's Lambda Web Adapter as a layer",
        ),
        ({"region": "me-south-1"}, "environments/dev.yaml: region: 'me-south-1' is not accepted: nothing of Quarry"),
        (
            {"region": "cn-north-1"},
            "environments/dev.yaml: region: 'cn-north-1' is not accepted: nothing of Quarry works there, for the "
            "region lacks AWS's Lambda Web Adapter as a layer, which the answers are streamed through, and REST APIs",
        ),
        ({"name": "prod"}, "environments/dev.yaml: name: 'prod' is not accepted: expected 'dev'"),
        ({"models": {"aliases": {}}}, "environments/dev.yaml: models.aliases: {} is not accepted: "),
        (
            {"models": {"aliases": {"Fast!": ["amazon.nova-micro-v1:0"]}}},
            "environments/dev.yaml: models.aliases.Fast!:",
        ),
        (
            {"models": {"aliases": {"fast": ["amazon.nova-nano-v1"]}}},
            "environments/dev.yaml: models.aliases.fast: the catalogue has no model 'amazon.nova-nano-v1'",
        ),
        (
            {"region": "sa-east-1"},
            "environments/dev.yaml: models.aliases.fast: amazon.nova-micro-v1:0 cannot be called in sa-east-1; it can",
        ),
        ({"guardrail": "guardrails/nope.yaml"}, "environments/dev.yaml: guardrail: 'guardrails/nope.yaml': no such"),
        ({"guardrail": "../../etc/passwd"}, "environments/dev.yaml: guardrail: '../../etc/passwd': no such file"),
        ({"guardrail": 5}, "environments/dev.yaml: guardrail: 5 is not accepted: expected the path"),
        ({"inference": None}, "environments/dev.yaml: inference: None is not accepted: expected"),
    ],
)
def test_a_mistake_is_told_with_file_path_value_and_what_is_accepted(
    project: Path, changes: dict[str, object], line: str
) -> None:
    assert problems(project, changed(**changes))[0].startswith(line)


@pytest.mark.parametrize(
    "model_id",
    [
        "amazon.titan-text-express-v1",
        "anthropic.claude-v2",
        "anthropic.claude-3-haiku-20240307-v1:0",
        "anthropic.claude-3-sonnet-20240229-v1:0",
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
    ],
)
def test_a_model_that_has_ended_is_told_with_its_date_and_its_successor(project: Path, model_id: str) -> None:
    (told,) = problems(project, changed(models={"aliases": {"fast": ["amazon.nova-micro-v1:0", model_id]}}))

    assert told.startswith(f"environments/dev.yaml: models.aliases.fast: {model_id} ")
    assert re.search(r"end of life on 202\d-\d\d-\d\d; use \S+ instead$", told)


@pytest.mark.parametrize(
    ("candidate", "line"),
    [
        ({"arn": "arn:aws:s3:::bucket", "base": "amazon.nova-micro-v1:0"}, "models.aliases.fast.0.arn: 'arn:aws:s3:::"),
        ({"arn": CUSTOM, "base": "nope"}, "models.aliases.fast: the catalogue has no model 'nope'"),
        ({"arn": CUSTOM}, "models.aliases.fast.0.base: required and missing"),
        (5, "models.aliases.fast.0: 5 is not accepted"),
    ],
)
def test_a_wrong_custom_model_is_told(project: Path, candidate: object, line: str) -> None:
    told = problems(project, changed(models={"aliases": {"fast": [candidate]}}))

    assert told[0].startswith(f"environments/dev.yaml: {line}")


def test_what_is_missing_is_told(project: Path) -> None:
    told = problems(project, "name: dev\n")

    assert "environments/dev.yaml: region: required and missing" in told
    assert "environments/dev.yaml: guardrail: required and missing" in told


def test_an_environment_without_an_end_is_told_what_to_write(project: Path) -> None:
    told = problems(project, GOOD.replace("expires_after:", "# expires_after:"))

    assert told == [f"environments/dev.yaml: expires_after: required and missing; {expiry.ADVICE}"]


def test_all_mistakes_are_told_at_once(project: Path) -> None:
    assert len(problems(project, changed(region="x", retain_data=1, colour="red"))) == 3


def test_an_alias_given_twice_is_told_with_its_lines(project: Path) -> None:
    line = GOOD[: GOOD.index("    fast:")].count("\n") + 1
    twice = GOOD.replace("    smart:", "    fast: [amazon.nova-pro-v1:0]\n    smart:")

    assert problems(project, twice) == [
        f"environments/dev.yaml: line {line + 1}: 'fast' is there twice (first in line {line}); keep one"
    ]


@pytest.mark.parametrize("text", ["", "just text", "- a list", "a: [", "\t", "1: 2", "? [a]\n: b"])
def test_what_is_no_mapping_of_words_is_told(project: Path, text: str) -> None:
    assert problems(project, text)[0].startswith("environments/dev.yaml: ")


def test_what_is_not_utf8_is_told(project: Path) -> None:
    (project / "environments" / "dev.yaml").write_bytes(b"name: \xff\xfe")

    with pytest.raises(ConfigError, match="not valid YAML"):
        load("dev", project=project)


def test_a_mistake_in_the_policy_is_told_with_the_policys_file(project: Path) -> None:
    policy = project / "guardrails" / "default.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("EMAIL: anonymize", "EMAIL: hide"), encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load("dev", project=project)

    assert refused.value.problems == [
        "guardrails/default.yaml: pii.EMAIL: 'hide' is not accepted: expected 'block' or 'anonymize'"
    ]


@pytest.mark.parametrize("name", [None, "", "nope", "../dev", "schema"])
def test_an_unknown_environment_is_told_what_there_is(name: str | None) -> None:
    with pytest.raises(ConfigError, match="dev, production, sandbox, sandbox-studio, sandbox-tuning, workshop"):
        load(name)
