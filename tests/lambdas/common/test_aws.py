"""Clients: bounded, and only of the services that the layer has data for."""

import ast
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ParamValidationError

import lambdas
from lambdas.common import aws
from lambdas.common.direct import DirectClient
from lambdas.expiry import costs
from lambdas.teardown.kinds.table import KINDS

# Whose module says it means these clients by `aws`; in lambdas.teardown it is an account.
_OURS = "from lambdas.common import aws"


def test_time_outs_and_attempts_are_bounded() -> None:
    config = aws.client("dynamodb", read_timeout=3).meta.config

    assert (config.read_timeout, config.connect_timeout) == (3, 2)
    assert config.retries["total_max_attempts"] == 2


def test_a_client_says_who_calls() -> None:
    agent = aws.client("dynamodb", read_timeout=3).meta.config.user_agent

    assert agent.startswith("Botocore/")
    assert agent.endswith(" quarry")


def test_shapes_are_checked_where_no_test_does() -> None:
    ssm, dynamodb = aws.client("ssm", read_timeout=3), aws.client("dynamodb", read_timeout=3)
    answer: Any = (AWSResponse("", 200, HTTPHeaders(), None), {"Item": {}})
    for client in (ssm, dynamodb):
        client.meta.events.register("before-call.*.*", lambda **_: answer)

    with pytest.raises(ParamValidationError):
        ssm.get_parameter()
    assert dynamodb.get_item(TableName="t") == {"Item": {}}


def test_the_short_way_is_for_those_who_ask() -> None:
    assert isinstance(aws.client("dynamodb", read_timeout=3, direct=True), DirectClient)
    assert not isinstance(aws.client("dynamodb", read_timeout=3), DirectClient)


def test_every_service_that_a_function_names_is_in_the_layer() -> None:
    # What ends with an environment is looked for by its tag too, with clients that lambdas.teardown is given.
    named: set[object] = {"resourcegroupstaggingapi"}
    for path in Path(lambdas.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if _OURS in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "aws.client":
                if ast.unparse(node.args[0]) == "service":  # of the kinds of things that end, below
                    continue
                assert isinstance(node.args[0], ast.Constant)
                named.add(node.args[0].value)

    assert named == set(aws.SERVICES)


def test_every_service_of_what_an_end_removes_is_in_the_layer() -> None:
    ending = {kind.service for kind in KINDS if kind.phase in costs.PHASES}

    assert ending
    assert ending <= set(aws.SERVICES)
