"""Where a synth goes: what its Node process does, from V8's own profiler."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.child_process import milliseconds_to_end
from benchmarks.measurement import MeasurementError

# Time counts for the first of these that the running function or one of its callers is in; the rest is jsii's kernel.
SHARES: Final = {
    "cdk-preflight/": "cdk-preflight",
    "cdk-nag/": "cdk-nag",
    "validation/cloudformation-validate-plugin": "CDK's validator",
    "aws-cdk-lib/": "CDK",
    "constructs/": "CDK",
}
IDLE: Final = "waiting for Python"


def explain_synth(command: list[str], *, env: Mapping[str, str]) -> str:
    """Return a note with each part's share of the synth's Node process.

    Raises:
        MeasurementError: the synth failed or wrote no profile.
    """
    with tempfile.TemporaryDirectory(prefix="quarry-bench-") as folder:
        milliseconds_to_end(command, env={**env, "NODE_OPTIONS": f"--cpu-prof --cpu-prof-dir={folder}"})
        profiles = sorted(Path(folder).glob("*.cpuprofile"), key=lambda path: path.stat().st_size)
        if not profiles:
            raise MeasurementError("Node wrote no profile of the synth")
        # jsii starts two Node processes; the kernel's profile is by far the larger.
        shares = by_part(json.loads(profiles[-1].read_text(encoding="utf-8")))
    total = sum(shares.values())
    parts = ", ".join(f"{part} {100 * taken / total:.0f} %" for part, taken in Counter(shares).most_common())
    return f"synth's {total / 1000:.1f} s in Node (under its profiler, which slows it): {parts}."


def by_part(profile: dict[str, Any]) -> dict[str, float]:
    """Return part -> milliseconds, of a V8 CPU profile (times in microseconds)."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}
    names: dict[int, str] = {}
    times: Counter[str] = Counter()
    for sampled, taken in zip(profile["samples"], profile["timeDeltas"], strict=True):
        if sampled not in names:
            names[sampled] = _part(sampled, nodes, parents)
        times[names[sampled]] += taken
    return {part: microseconds / 1000 for part, microseconds in times.items()}


def _part(sampled: int, nodes: dict[int, dict[str, Any]], parents: dict[int, int]) -> str:
    frame = nodes[sampled]["callFrame"]
    if frame["functionName"] in ("read", "(idle)") and not frame["url"]:
        return IDLE
    if frame["functionName"] == "(garbage collector)":
        return "garbage collection"
    urls = []
    node: int | None = sampled
    while node is not None:
        urls.append(nodes[node]["callFrame"]["url"])
        node = parents.get(node)
    return next((part for needle, part in SHARES.items() if any(needle in url for url in urls)), "jsii")
