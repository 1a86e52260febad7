"""What functions print as metrics, in CloudWatch's Embedded Metric Format."""

import json
from typing import Any

# Of stacks/components/python_function.py, as tests/conftest.py sets them.
DIMENSIONS = {"service": "test", "environment": "test"}


def emitted(printed: str) -> list[dict[str, Any]]:
    """Return the lines that are metrics, each one held against what all of ours have: namespace and dimensions."""
    lines = [json.loads(line) for line in printed.splitlines() if '"_aws"' in line]
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Test"
            assert [sorted(names) for names in directive["Dimensions"]] == [sorted(DIMENSIONS)]
        assert {name: line[name] for name in DIMENSIONS} == DIMENSIONS
    return lines
