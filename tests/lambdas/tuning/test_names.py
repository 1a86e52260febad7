"""Names are such as Bedrock takes, whatever the environment and the alias are called, and never two the same."""

import re

import pytest

from lambdas.tuning import names

# botocore's model of bedrock: jobName; customModelName and modelDeploymentName; provisionedModelName.
JOB = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9\+\-\.])*")
MODEL = re.compile(r"([0-9a-zA-Z][_-]?){1,63}")

ENVIRONMENTS = ("dev", "a" * 20)
ALIASES = ("t", "tweets", "a" * 40, "a-" * 19 + "b", "a--b", "ends-")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("alias", ALIASES)
def test_bedrock_takes_them(environment: str, alias: str) -> None:
    run = f"{alias}-0123456789ab"
    for name in (
        names.job_name(environment, run),
        names.job_name(environment, run, 12),
        names.deployment_name(environment, alias),
        names.candidate_name(environment, alias, run),
    ):
        assert len(name) <= 63
        assert name.startswith(f"quarry-{environment}-")
        assert JOB.fullmatch(name), name
        assert MODEL.fullmatch(name), name
    assert len(names.schedule_name(names.candidate_name(environment, alias, run))) <= 64


def test_long_ones_stay_apart() -> None:
    one, other = "a" * 40, "a" * 39 + "b"

    assert names.deployment_name("e" * 20, one) != names.deployment_name("e" * 20, other)
    assert names.job_name("e" * 20, f"{one}-1") != names.job_name("e" * 20, f"{other}-1")
    assert names.job_name("dev", "t-1", 1) != names.job_name("dev", "t-1", 2)
    assert names.candidate_name("dev", "t", "t-1") != names.candidate_name("dev", "t", "t-2")
