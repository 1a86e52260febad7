"""Metrics of two environments never add up: each has the dimension, and there is one way to make one."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from lambdas.common import observability
from tests.lambdas.emitted import DIMENSIONS, emitted
from tests.structure import PROJECT

# A function's life: two invocations, one by the decorator and one by hand, and another object of Powertools.
CODE: Final = """
from aws_lambda_powertools import Metrics
from lambdas.common.observability import metrics

@metrics.log_metrics
def lambda_handler(event, context):
    metrics.add_metric(name="Requests", unit="Count", value=1)

lambda_handler({}, None)
metrics.clear_metrics()
metrics.add_metric(name="Requests", unit="Count", value=2)
metrics.flush_metrics()
Metrics().add_metric(name="Requests", unit="Count", value=3)
metrics.flush_metrics()
"""


def run(**environment: str) -> str:
    """Return what a new process prints with these variables."""
    inherited = {name: value for name, value in os.environ.items() if name != observability.ENVIRONMENT_VARIABLE}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(
        command, env={**inherited, **environment}, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_each_metric_has_the_environment_whatever_was_flushed_or_cleared_before() -> None:
    lines = emitted(run(METRICS_ENVIRONMENT=DIMENSIONS["environment"]))

    assert [line["Requests"] for line in lines] == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize("environment", [{}, {"METRICS_ENVIRONMENT": ""}])
def test_without_the_variable_metrics_are_printed_all_the_same(environment: dict[str, str]) -> None:
    printed = run(**environment)

    assert printed.count('"Dimensions":[["service"]]') == 3
    with pytest.raises(AssertionError):
        emitted(printed)


# What makes a metric, or takes the dimension from it.
MAKERS: Final = {
    "Metrics",
    "EphemeralMetrics",
    "SingleMetric",
    "single_metric",
    "AmazonCloudWatchEMFProvider",
    "DatadogMetrics",
    "add_dimensions",
    "set_default_dimensions",
    "clear_default_dimensions",
    "put_metric_data",
}


def makers(source: str) -> set[str]:
    """Return what else than our one object a module makes metrics with."""
    found: set[str] = set()
    if not any(word in source for word in (*MAKERS, "_aws")):  # reading it takes longer
        return found
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.alias(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                found |= {name.rpartition(".")[2]} & MAKERS
            case ast.Constant(value=str(text)) if re.search(r'^_aws$|"_aws"', text):
                found.add("_aws")
            case _:
                pass
    return found


def sources() -> list[Path]:
    return sorted((PROJECT / "lambdas").rglob("*.py"))


def test_metrics_are_made_in_one_place() -> None:
    found = {path.relative_to(PROJECT).as_posix(): makers(path.read_text(encoding="utf-8")) for path in sources()}

    assert {path: names for path, names in found.items() if names} == {
        "lambdas/common/observability.py": {"Metrics", "set_default_dimensions"}
    }


@pytest.mark.parametrize(
    "source",
    [
        "from aws_lambda_powertools import Metrics",
        "import aws_lambda_powertools as p\np.Metrics()",
        "from aws_lambda_powertools.metrics import single_metric as one",
        'print(json.dumps({"_aws": {}}))',
        """print('{"_aws": {}}')""",
        "metrics.clear_default_dimensions()",
        "client.put_metric_data(Namespace='Quarry')",
    ],
)
def test_another_way_is_found(source: str) -> None:
    assert makers(source)
