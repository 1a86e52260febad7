"""Synth: all stacks of one environment with all checks, against a CDK app that has one empty stack."""

import json
import sys
import tempfile
from typing import Any, Final

from benchmarks.child_process import PROJECT, TOOLS_ENVIRONMENT, milliseconds_to_end
from benchmarks.measurement import Measurement, interleaved, row
from benchmarks.node_profile import explain_synth

TARGET: Final = 3.0
ENVIRONMENT: Final = "dev"

APP: Final = [sys.executable, "app.py"]
EMPTY: Final = "from aws_cdk import App, Stack\napp = App()\nStack(app, 'Empty')\napp.synth()"

NOTE: Final = (
    f"synth: whole processes, environments/{ENVIRONMENT}.yaml, everything but the layer's bundling. The floor has no "
    "context; CDK's own validator runs there too, cdk-nag and cdk-preflight do not."
)


def measure(rounds: int, explain: bool) -> Measurement:
    """Measure ``rounds`` processes of each kind.

    Raises:
        MeasurementError: a synth failed.
    """
    empty, ours = interleaved(rounds, lambda: _synth([sys.executable, "-c", EMPTY], {}), lambda: _synth(APP, context()))
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        notes = [NOTE, *([explain_synth(APP, env=_environment(folder, context()))] if explain else [])]
    synth = row(
        "synth", measured="all stacks and checks", floor="an empty CDK app", ours=ours, base=empty, target=TARGET
    )
    return Measurement(rows=[synth], notes=notes)


def context() -> dict[str, Any]:
    """Return the context that the CDK CLI hands to the app: cdk.json's, the environment, and no bundling."""
    flags: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {
        **flags,
        "environment": ENVIRONMENT,
        "aws:cdk:enable-path-metadata": True,
        "aws:cdk:enable-asset-metadata": True,
        "aws:cdk:bundling-stacks": [],
    }


def _synth(command: list[str], context: dict[str, Any]) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        return milliseconds_to_end(command, env=_environment(folder, context))


def _environment(outdir: str, context: dict[str, Any]) -> dict[str, str]:
    return {**TOOLS_ENVIRONMENT, "CDK_OUTDIR": outdir, "CDK_CONTEXT_JSON": json.dumps(context)}
