"""A distributed map: its items read from S3 with the role's rights, put into batches, its results written to S3.

MiniStack runs the items and keeps the map run; it reads whatever there is, knows no batches, and writes nothing.
Source: Step Functions developer guide, "ItemReader", "ItemBatcher", "ResultWriter", "IAM policies for Distributed Map".
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from sandbox import stored_objects
from sandbox.model.errors import Json
from sandbox.service_role import NotAuthorizedError
from sandbox.state_machines import lifecycle, rights

_OWN = ("ItemReader", "ItemSelector", "Parameters", "ItemBatcher", "ResultWriter", "ItemsPath", "Items")
_AFTER = ("ResultSelector", "ResultPath", "OutputPath", "Output", "Assign")
_SHOWN = ("executionArn", "input", "inputDetails", "name", "startDate", "stateMachineArn", "status", "stopDate")

Run = Callable[..., tuple[Any, Any]]


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    stepfunctions._run_distributed_map = _complete(stepfunctions._run_distributed_map)


def _complete(run: Run) -> Run:
    @functools.wraps(run)
    def running(state: Json, raw_input: Any, effective: Any, iterator: Json, execution: Json, ctx: Json) -> Any:
        _require("states:StartExecution", execution["stateMachineArn"], "States.Runtime")
        items = _selected(state, raw_input, effective, ctx)
        batches = _batched(state, raw_input, effective, ctx, items)
        # Its own name, to tell the map run by.
        plain = {key: value for key, value in state.items() if key not in (*_OWN, *_AFTER)}
        plain |= {"ItemsPath": "$", "Label": state.get("Label") or uuid.uuid4().hex[:12], "QueryLanguage": "JSONPath"}
        known = set(stepfunctions._map_runs)
        try:
            results, _ = run(plain, raw_input, batches, iterator, execution, ctx)
        finally:
            map_run = _map_run(plain["Label"], execution, known)
            _end_children(map_run)
            lifecycle.require_running()
            written = _write(state, raw_input, effective, ctx, map_run)
        return _output(state, raw_input, ctx, written if written is not None else results)

    return running


def _is_jsonata(state: Json, ctx: Json) -> bool:
    return bool(stepfunctions._state_query_language(state, ctx) == "JSONata")


def _resolved(state: Json, template: Any, raw_input: Any, effective: Any, ctx: Json) -> Any:
    """A template of the state, in its query language."""
    if _is_jsonata(state, ctx):
        return stepfunctions._apply_jsonata_template(template, raw_input, ctx)
    return stepfunctions._resolve_params_obj(template, effective, ctx)


def _selected(state: Json, raw_input: Any, effective: Any, ctx: Json) -> list[Any]:
    """The items, each as the state's selector makes it."""
    if reader := state.get("ItemReader"):
        items = _read(state, reader, raw_input, effective, ctx)
    elif _is_jsonata(state, ctx) and "Items" in state:
        items = stepfunctions._jsonata_state_field(state, "Items", "array", raw_input, ctx)
    else:
        items = stepfunctions._resolve_path_or_ctx(state.get("ItemsPath", "$"), effective, ctx)
    items = items if isinstance(items, list) else [items]
    selector = state.get("ItemSelector") or state.get("Parameters")
    if not selector:
        return items
    return [
        _resolved(state, selector, raw_input, effective, {**ctx, "Map": {"Item": {"Index": place, "Value": item}}})
        for place, item in enumerate(items)
    ]


def _read(state: Json, reader: Json, raw_input: Any, effective: Any, ctx: Json) -> Any:
    given = _resolved(state, reader.get("Parameters") or reader.get("Arguments") or {}, raw_input, effective, ctx)
    bucket = f"arn:aws:s3:::{given.get('Bucket')}"
    if str(reader.get("Resource", "")).endswith("listObjectsV2"):
        _require("s3:ListBucket", bucket, "States.ItemReaderFailed")
    else:
        _require("s3:GetObject", f"{bucket}/{given.get('Key')}", "States.ItemReaderFailed")
    try:
        return stepfunctions._read_map_items({**reader, "Parameters": given}, effective, ctx)
    except (ValueError, LookupError) as error:
        raise stepfunctions._ExecutionError("States.ItemReaderFailed", str(error)) from error


def _batched(state: Json, raw_input: Any, effective: Any, ctx: Json, items: list[Any]) -> list[Any]:
    batcher = state.get("ItemBatcher")
    if not batcher:
        return items
    most, most_bytes = (_limit(batcher, name, effective, ctx) for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch"))
    more = batcher.get("BatchInput")
    start = {"BatchInput": _resolved(state, more, raw_input, effective, ctx)} if more is not None else {}
    batches: list[list[Any]] = []
    size = 0
    for item in items:
        length = len(json.dumps(item).encode())
        full = not batches or (most and len(batches[-1]) >= most) or (most_bytes and size + length > most_bytes)
        if full:
            batches.append([])
            size = len(json.dumps(start).encode())
        batches[-1].append(item)
        size += length
    return [{**start, "Items": batch} for batch in batches]


def _limit(batcher: Json, name: str, effective: Any, ctx: Json) -> int:
    if path := batcher.get(f"{name}Path"):
        return int(stepfunctions._resolve_path_or_ctx(path, effective, ctx))
    return int(batcher.get(name, 0))


def _map_run(label: str, execution: Json, known: set[str]) -> Json:
    """The map run that MiniStack has just kept."""
    found = [run for arn, run in stepfunctions._map_runs.items() if arn not in known and f"/{label}:" in arn]
    mine: Json = next(run for run in found if run["executionArn"] == execution["executionArn"])
    return mine


def _children(map_run: Json) -> list[Json]:
    return [one for one in stepfunctions._executions.values() if one.get("mapRunArn") == map_run["mapRunArn"]]


def _end_children(map_run: Json) -> None:
    """Abort what an execution that is over has left."""
    left = [child for child in _children(map_run) if child["status"] == "RUNNING"]
    for child in left:
        child["status"] = "ABORTED"
    if left:
        map_run["status"] = "ABORTED"


def _write(state: Json, raw_input: Any, effective: Any, ctx: Json, map_run: Json) -> Json | None:
    """Write the results of a map run where the state says, and return what the state answers; None without a writer."""
    writer = state.get("ResultWriter")
    if not writer or not writer.get("Resource"):
        return None
    given = _resolved(state, writer.get("Parameters") or writer.get("Arguments") or {}, raw_input, effective, ctx)
    prefix = "/".join(part for part in (str(given.get("Prefix", "")).strip("/"), str(uuid.uuid4())) if part)
    files: dict[str, list[Json]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in ("FAILED", "SUCCEEDED"):
        found = [_shown(child) for child in _children(map_run) if child["status"] == status]
        if found:
            key = f"{prefix}/{status}_0.json"
            files[status] = [{"Key": key, "Size": _put(given["Bucket"], key, found)}]
    manifest = {"DestinationBucket": given["Bucket"], "MapRunArn": map_run["mapRunArn"], "ResultFiles": files}
    _put(given["Bucket"], f"{prefix}/manifest.json", manifest)
    details = {"Bucket": given["Bucket"], "Key": f"{prefix}/manifest.json"}
    return {"MapRunArn": map_run["mapRunArn"], "ResultWriterDetails": details}


def _shown(child: Json) -> Json:
    shown = {f"{name[:1].upper()}{name[1:]}": child.get(name) for name in _SHOWN}
    if child["status"] == "FAILED":
        return {**shown, "Error": child.get("error"), "Cause": child.get("cause")}
    return {**shown, "Output": child["output"], "OutputDetails": {"Included": True}}


def _put(bucket: str, key: str, document: object) -> int:
    _require("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", "States.ResultWriterFailed")
    data = json.dumps(document).encode()
    try:
        stored_objects.write(bucket, key, data)
    except stored_objects.WriteError as error:
        raise stepfunctions._ExecutionError("States.ResultWriterFailed", str(error)) from error
    return len(data)


def _output(state: Json, raw_input: Any, ctx: Json, result: Any) -> tuple[Any, Any]:
    following = stepfunctions._next_or_end(state)
    if _is_jsonata(state, ctx):
        output = stepfunctions._apply_jsonata_output(state, raw_input, ctx, result=result, default=result)
        stepfunctions._apply_state_assign(state, raw_input, ctx, result=result)
        return output, following
    selected = stepfunctions._apply_result_selector(state, result)
    output = stepfunctions._apply_result_path(state, raw_input, selected)
    return stepfunctions._apply_output_path(state, output, ctx), following


def _require(action: str, arn: str, error: str) -> None:
    worker = rights.at_work()
    if worker is None:
        return
    try:
        worker.role().require(action, arn)
    except NotAuthorizedError as refusal:
        raise stepfunctions._ExecutionError(error, str(refusal)) from refusal
