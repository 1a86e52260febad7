"""Where what a run is lies in the bucket of the Tuning stack.

data/...                      data sets, uploaded by people
runs/<any>/run.yaml           a request; when it is written, the pipeline starts
output/<run>/...              Bedrock's
reports/<run>/status.json     ``lambdas.tuning.run.RunStatus``, written anew by each step
reports/<run>/report.json     what the evaluation measured; report.html is the same to read
"""

from typing import Final, Literal

DATA_PREFIX: Final = "data/"
RUNS_PREFIX: Final = "runs/"
OUTPUT_PREFIX: Final = "output/"
REPORTS_PREFIX: Final = "reports/"
REQUEST_SUFFIX: Final = "/run.yaml"


def request_key(run: str) -> str:
    """Return the key under which a request is written."""
    return f"{RUNS_PREFIX}{run}{REQUEST_SUFFIX}"


def folder_of(key: str) -> str | None:
    """Return the folder of a request's key, or None if it is no request's: ``runs/<folder>/run.yaml``."""
    if not key.startswith(RUNS_PREFIX) or not key.endswith(REQUEST_SUFFIX):
        return None
    folder = key[len(RUNS_PREFIX) : -len(REQUEST_SUFFIX)]
    return folder if folder and "/" not in folder else None


def status_key(run: str) -> str:
    """Return the key of a run's status."""
    return f"{REPORTS_PREFIX}{run}/status.json"


def report_key(run: str, suffix: Literal["json", "html"] = "json") -> str:
    """Return the key of a run's report."""
    return f"{REPORTS_PREFIX}{run}/report.{suffix}"


def output_prefix(run: str) -> str:
    """Return the prefix where Bedrock writes a run's output."""
    return f"{OUTPUT_PREFIX}{run}/"
