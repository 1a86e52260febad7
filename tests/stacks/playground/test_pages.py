"""The playground's methods: public, read-only, strict, and of nothing else than its own files."""

import re
from typing import Any

import pytest
import yaml

from configuration.environment_file import PROJECT
from stacks.playground import files
from stacks.playground.pages import POLICY
from tests import templates
from tests.stacks.inference.test_unanswered import methods
from tests.varying import Vary


def template() -> dict[str, Any]:
    return templates.of_environment("dev")["Inference"]


def served() -> dict[str, dict[str, Any]]:
    """Return path -> method of what is read from S3."""
    return {
        path: one
        for path, one in methods(template(), "GET").items()
        if ":s3:path/" in str(one["Integration"].get("Uri", ""))
    }


def test_the_page_and_its_files_are_served_without_a_key() -> None:
    found = files.gather(libraries=False)

    assert set(served()) == {"", *(f"/playground/{found.version}/{name}" for name in found.others)}
    assert {one["AuthorizationType"] for one in served().values()} == {"NONE"}


def test_every_file_is_told_strictly() -> None:
    for path, one in served().items():
        ok, broken = one["Integration"]["IntegrationResponses"]
        told = {name.removeprefix("method.response.header."): value for name, value in ok["ResponseParameters"].items()}
        assert told["Content-Security-Policy"] == f"'{POLICY}'"
        assert told["X-Content-Type-Options"] == "'nosniff'"
        assert told["Referrer-Policy"] == "'no-referrer'"
        assert told["Cache-Control"] == ("'no-cache'" if path == "" else "'public, max-age=31536000, immutable'")
        declared = {
            response["StatusCode"]: response.get("ResponseParameters", {}) for response in one["MethodResponses"]
        }
        assert set(declared["200"]) == set(ok["ResponseParameters"])
        assert re.fullmatch(broken["SelectionPattern"], "403")
        assert broken["StatusCode"] == "502"
        if path.endswith(".js"):
            assert told["Content-Type"] == "'text/javascript; charset=utf-8'"


@pytest.mark.parametrize("word", ["unsafe", "*", "http:", "https:", "blob:"])
def test_the_policy_has_no_exception(word: str) -> None:
    assert word not in POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")


def test_the_role_reads_these_files_and_nothing_else() -> None:
    resources = template()["Resources"]
    (policy,) = [
        one["Properties"]
        for id_, one in resources.items()
        if one["Type"] == "AWS::IAM::Policy" and id_.startswith("Playground")
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert len(statement["Resource"]) == len(served())
    assert "*" not in str(statement["Resource"])


def test_no_binary_media_type_changes_the_other_routes() -> None:
    (api,) = [
        one["Properties"] for one in template()["Resources"].values() if one["Type"] == "AWS::ApiGateway::RestApi"
    ]

    assert "BinaryMediaTypes" not in api
    assert "MinimumCompressionSize" not in api


def test_without_the_knob_there_is_nothing_of_it(vary: Vary) -> None:
    without = templates.of(vary(playground=False))["Inference"]

    assert not [id_ for id_ in without["Resources"] if id_.startswith("Playground")]
    assert "" not in methods(without, "GET")
    assert "PlaygroundUrl" not in without["Outputs"]


def test_idle_it_costs_nothing(vary: Vary) -> None:
    without = templates.of(vary(playground=False))["Inference"]["Resources"]
    added = {one["Type"] for id_, one in template()["Resources"].items() if id_ not in without}
    costs = yaml.safe_load((PROJECT / "configuration" / "cost" / "resources.yaml").read_text("utf-8"))

    assert "AWS::ApiGateway::Method" in added
    assert added <= set(costs["free"])
