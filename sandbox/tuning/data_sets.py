"""Data sets of a job: read as its role, checked record by record, and counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.model.customization import BaseModel
from sandbox.model.errors import AwsError, Json
from sandbox.model.tuned import Example
from sandbox.quotas import applied, catalogue
from sandbox.service_role import ServiceRole
from sandbox.tuning import access, records
from sandbox.tuning.access import Place
from sandbox.tuning.records import RecordError, Rules

_READERS: dict[str, records.Reader] = {
    "conversation": records.conversation,
    "completion": records.completion,
    "DISTILLATION": records.prompt,
    "REINFORCEMENT_FINE_TUNING": records.reference,
}
# Least and most records of methods that do not go by the base model's own.
_COUNTS = {"DISTILLATION": (100, 15_000), "REINFORCEMENT_FINE_TUNING": (100, 20_000)}
_SHOWN = 5
_MOST_CHARACTERS = 2048


class DataError(Exception):
    """The data are not as they have to be; the text is the job's failure message."""


@dataclass
class DataSet:
    """What was read of one file: how many records there are, and what they teach."""

    place: Place
    count: int = 0
    examples: list[Example] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rejected: int = 0


def check(base: BaseModel, request: Json, role: ServiceRole) -> list[DataSet]:
    """Return the training data and the validation data of a job, in this order.

    Raises:
        DataError: they cannot be read, a record is wrong, or there are too few or too many.
    """
    training = access.parse(request["trainingDataConfig"]["s3Uri"], is_object=True)
    validators = (request.get("validationDataConfig") or {}).get("validators") or []
    places = [training, *(access.parse(each["s3Uri"], is_object=True) for each in validators)]
    rules = Rules(base.input_modalities, base.media_formats, base.tokens, training.bucket, "nova" in base.model_id)
    method = request.get("customizationType", "FINE_TUNING")
    reader = _READERS.get(method) or _READERS[base.format]
    found = [_read(place, reader, rules, role) for place in places]
    for data in found:
        if data.problems:
            more = f" and {data.rejected - len(data.problems)} more" if data.rejected > len(data.problems) else ""
            words = f"Validation of {data.place.uri} failed: {'; '.join(data.problems)}{more}."
            raise DataError(words[:_MOST_CHARACTERS])
    _check_counts(base, method, found)
    return found


def _read(place: Place, reader: records.Reader, rules: Rules, role: ServiceRole) -> DataSet:
    data = DataSet(place)
    try:
        content = access.read(place, role)
    except AwsError as error:
        raise DataError(error.message) from error
    for number, line in _lines(content):
        data.count += 1
        try:
            data.examples += records.read(line, reader, rules)
            _require_media(line, reader, rules, role)
        except RecordError as error:
            data.rejected += 1
            if len(data.problems) < _SHOWN:
                data.problems.append(f"line {number}: {error}")
    return data


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    lines = content.split(b"\n")
    if lines and not lines[-1].strip():
        lines.pop()
    yield from enumerate(lines, 1)


def _require_media(line: bytes, reader: records.Reader, rules: Rules, role: ServiceRole) -> None:
    if reader is not records.conversation or b"s3Location" not in line:
        return
    for key in records.media_keys(json.loads(line)):
        if not access.exists(Place(rules.bucket, key), role):
            raise RecordError(f"s3://{rules.bucket}/{key} does not exist or cannot be read")


def _check_counts(base: BaseModel, method: str, found: list[DataSet]) -> None:
    least, most = _COUNTS.get(method, (base.min_records, base.max_records))
    training = found[0].count
    if not least <= training <= most:
        raise DataError(f"The number of training records must be between {least} and {most}, got {training}.")
    quota = next((each for each in catalogue.TUNING if each.code == base.records_quota), None)
    total, limit = sum(data.count for data in found), applied.value(quota) if quota else most
    if total > limit:
        raise DataError(f"The sum of training and validation records must not exceed {limit:g}, got {total}.")
