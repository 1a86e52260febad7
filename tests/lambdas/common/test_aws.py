"""Clients: bounded, and only of the services that the layer has data for."""

import ast
from pathlib import Path

import lambdas
from lambdas.common import aws


def test_time_outs_and_attempts_are_bounded() -> None:
    config = aws.client("dynamodb", read_timeout=3).meta.config

    assert (config.read_timeout, config.connect_timeout) == (3, 2)
    assert config.retries["total_max_attempts"] == 2


def test_every_service_that_a_function_names_is_in_the_layer() -> None:
    named = set()
    for path in Path(lambdas.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "aws.client":
                assert isinstance(node.args[0], ast.Constant)
                named.add(node.args[0].value)

    assert named == set(aws.SERVICES)
