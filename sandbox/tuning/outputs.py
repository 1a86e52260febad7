"""What a job writes below its output URI, in AWS's layout, and the losses it tells.

The losses are made up, the same for the same data, and fall as a training's do.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math

from sandbox.service_role import ServiceRole
from sandbox.tuning import access
from sandbox.tuning.access import Place
from sandbox.tuning.data_sets import DataSet

_MANIFEST = (
    "fileName",
    "totalProcessedRecordCount",
    "acceptedRecordCount",
    "partiallyAcceptedRecordCount",
    "rejectedRecordCount",
)
_MOST_STEPS = 200


def write_manifests(root: Place, found: list[DataSet], role: ServiceRole) -> None:
    """Write what the validation of the data found. Raises AwsError: ValidationException."""
    for data, name in zip(found, ("training", *["validation"] * len(found)), strict=False):
        rows: list[list[object]] = [
            list(_MANIFEST),
            [data.place.uri, data.count, data.count - data.rejected, 0, data.rejected],
        ]
        access.write(root.below(f"input_status/{name}/manifest.report.csv"), _csv(rows), role)


def write_metrics(root: Place, found: list[DataSet], epochs: int, role: ServiceRole) -> tuple[float, list[float]]:
    """Write the losses per step; return the training's last, and the last of each validation set.

    Raises:
        AwsError: ValidationException, the role may not write.
    """
    losses = _losses(found[0], epochs)
    access.write(root.below("training_artifacts/step_wise_training_metrics.csv"), _table("training_loss", losses), role)
    last = []
    for place, data in enumerate(found[1:]):
        own = [(epoch, step, loss * 1.1) for epoch, step, loss in losses]
        name = "validation" if place == 0 else f"validation_{place}"
        path = f"validation_artifacts/post_fine_tuning_validation/{name}/validation_metrics.csv"
        access.write(root.below(path), _table("validation_loss", own), role)
        prompts = b"".join(json.dumps({"prompt": each.asked}).encode() + b"\n" for each in data.examples)
        access.write(root.below(f"validated_data/{name}/validated_prompts.jsonl"), prompts, role)
        last.append(round(own[-1][2], 6))
    return round(losses[-1][2], 6), last


def _losses(data: DataSet, epochs: int) -> list[tuple[int, int, float]]:
    steps = min(max(1, data.count), _MOST_STEPS)
    digest = hashlib.sha256(data.place.uri.encode() + str(data.count).encode()).digest()
    start = 2 + digest[0] / 128
    found = []
    for epoch in range(epochs):
        for step in range(steps):
            done = epoch * steps + step
            found.append((epoch, done, 0.2 + start * math.exp(-4 * done / (epochs * steps))))
    return found


def _table(name: str, losses: list[tuple[int, int, float]]) -> bytes:
    rows: list[list[object]] = [["step_number", "epoch_number", name, "perplexity"]]
    rows += [[step, epoch, f"{loss:.6f}", f"{math.exp(loss):.6f}"] for epoch, step, loss in losses]
    return _csv(rows)


def _csv(rows: list[list[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()
