"""Names of what tuning makes at run time, so that it is found again: by name, by tag and by schedule.

Everything begins with ``quarry-<environment>-`` and carries the tags of ``tags``. Bedrock takes 63 characters of each,
no underscore in a job's name, no dot and no two hyphens in a row in a model's: what is too long is cut, and told apart
by six digits of its SHA-256.
"""

import hashlib
import json
import re
from typing import Final

# Source: botocore's model of bedrock, jobName, customModelName, modelDeploymentName and provisionedModelName.
LIMIT: Final = 63
_HYPHENS: Final = re.compile("-{2,}")

RUN_TAG: Final = "quarry:run"
ALIAS_TAG: Final = "quarry:alias"
ENVIRONMENT_TAG: Final = "quarry:environment"
OWNER_TAG: Final = "quarry:owner"


def prefix(environment: str) -> str:
    """Return what all names of an environment begin with, as ``quarry-dev-``."""
    return f"quarry-{environment}-"


def job_name(environment: str, run: str, attempt: int = 1) -> str:
    """Return the name of a run's customization job, and of the custom model that it makes: never used twice."""
    return _fitting(f"{prefix(environment)}{run}", f"-{attempt}")


def deployment_name(environment: str, alias: str) -> str:
    """Return the name of an alias's one custom model deployment, whose model is changed by an update."""
    return _fitting(f"{prefix(environment)}{alias}", "")


def candidate_name(environment: str, alias: str, run: str) -> str:
    """Return the name of a run's own deployment or provisioned throughput: the alias's, and 6 digits."""
    return _fitting(f"{prefix(environment)}{alias}", f"-{_digits(run)}")


def schedule_group(environment: str) -> str:
    """Return the group of the schedules that end provisioned throughput: it carries the tags, schedules take none."""
    return f"{prefix(environment)}tuning"


def schedule_name(throughput_name: str) -> str:
    """Return the name of the schedule that ends a provisioned throughput."""
    return f"end-{throughput_name}"[:64]


def ending(*, throughput: str, alias: str, run: str) -> str:
    """Return what the state machine that ends hosting is started with, to end a provisioned throughput."""
    return json.dumps({"end": {"throughput": throughput, "alias": alias, "run": run}})


def tags(*, environment: str, owner: str, run: str, alias: str) -> list[dict[str, str]]:
    """Return the tags of what a run makes, as Bedrock wants them: [{"key", "value"}]."""
    pairs = {ENVIRONMENT_TAG: environment, OWNER_TAG: owner, RUN_TAG: run, ALIAS_TAG: alias}
    return [{"key": key, "value": value} for key, value in pairs.items()]


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def _fitting(text: str, end: str) -> str:
    whole = _HYPHENS.sub("-", f"{text}{end}").strip("-")
    if len(whole) <= LIMIT:
        return whole
    end = f"-{_digits(text)}{end}"
    return _HYPHENS.sub("-", text)[: LIMIT - len(end)].rstrip("-") + end
