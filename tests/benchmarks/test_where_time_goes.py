"""What the notes are made of: import times, profiles, the function's log."""

import pytest

from benchmarks.import_times import by_package
from benchmarks.measurement import MeasurementError
from benchmarks.node_profile import by_part
from benchmarks.warm import check_log, explain_profile

IMPORT_TIMES = """\
import time: self [us] | cumulative | imported package
import time:      1000 |       1000 |   botocore.compat
import time:       500 |       1500 | botocore
something else on stderr
import time:       250 |        250 | json
"""


def test_import_times_are_summed_by_package() -> None:
    assert by_package(IMPORT_TIMES) == {"botocore": 1.5, "json": 0.25}


def frame(url: str, function: str = "") -> dict[str, object]:
    return {"functionName": function, "url": url}


def test_node_time_counts_for_the_part_that_caused_it() -> None:
    profile = {
        "nodes": [
            {"id": 1, "callFrame": frame("", "(root)"), "children": [2, 6, 7]},
            {"id": 2, "callFrame": frame("/cache/aws-cdk-lib/core/lib/app.js", "synth"), "children": [3, 5]},
            {"id": 3, "callFrame": frame("/cache/cdk-preflight/lib/enforce.js", "validate"), "children": [4]},
            {"id": 4, "callFrame": frame("wasm://wasm/1", "wasm-function[1]")},
            {"id": 5, "callFrame": frame("/cache/aws-cdk-lib/core/lib/validation/cloudformation-validate-plugin.js")},
            {"id": 6, "callFrame": frame("", "read")},
            {"id": 7, "callFrame": frame("", "(garbage collector)")},
        ],
        "samples": [2, 4, 4, 5, 6, 7],
        "timeDeltas": [1000, 2000, 3000, 4000, 5000, 6000],
    }

    assert by_part(profile) == {
        "CDK": 1.0,
        "cdk-preflight": 5.0,
        "CDK's validator": 4.0,
        "waiting for Python": 5.0,
        "garbage collection": 6.0,
    }


def test_a_profile_of_the_handler_is_summed_by_package() -> None:
    note = explain_profile(
        {"/opt/python/botocore/client.py": 0.5, "/opt/python/botocore/auth.py": 0.25, "/var/task/lambdas/a.py": 0.125}
    )

    assert note.endswith("botocore 0.75, lambdas 0.125.")
    assert "0.88 ms per request" in note


def test_calls_that_wrote_logs_and_metrics_pass() -> None:
    check_log('{"message": "answered"}\n{"_aws": {}}\n' * 3, calls=3)


@pytest.mark.parametrize("line", ['{"message": "answered"}\n', '{"_aws": {}}\n'])
def test_calls_without_logs_or_metrics_are_a_failed_measurement(line: str) -> None:
    with pytest.raises(MeasurementError, match="each should write both"):
        check_log(line * 6, calls=3)
