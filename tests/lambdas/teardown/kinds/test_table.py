import pytest

from lambdas.teardown.kind import Kind, Phase
from lambdas.teardown.kinds.table import BY_RESOURCE, KINDS, is_part

A = "us-east-1:123456789012"


def kind(type_: str, service: str = "") -> Kind:
    (found,) = (one for one in KINDS if one.type == type_ and service in ("", one.service))
    return found


@pytest.mark.parametrize(
    ("arn", "service", "type_", "id_"),
    [
        (f"arn:aws:dynamodb:{A}:table/quarry-dev-x", "dynamodb", "table", "quarry-dev-x"),
        ("arn:aws:s3:::a-bucket", "s3", "bucket", "a-bucket"),
        (f"arn:aws:lambda:{A}:function:f", "lambda", "function", "f"),
        (f"arn:aws:logs:{A}:log-group:/aws/lambda/f", "logs", "log-group", "/aws/lambda/f"),
        (f"arn:aws:logs:{A}:log-group:/aws/lambda/f:*", "logs", "log-group", "/aws/lambda/f"),
        (f"arn:aws:ssm:{A}:parameter/quarry/dev/x", "ssm", "parameter", "/quarry/dev/x"),
        (f"arn:aws:sqs:{A}:queue", "sqs", "queue", "queue"),
        (f"arn:aws:sns:{A}:topic", "sns", "topic", f"arn:aws:sns:{A}:topic"),
        (f"arn:aws:bedrock:{A}:knowledge-base/KB1", "bedrock-agent", "knowledge-base", "KB1"),
        (f"arn:aws:bedrock:{A}:prompt/P1", "bedrock-agent", "prompt", f"arn:aws:bedrock:{A}:prompt/P1"),
        (f"arn:aws:bedrock:{A}:prompt/P1:3", "bedrock-agent", "prompt-version", f"arn:aws:bedrock:{A}:prompt/P1:3"),
        (f"arn:aws:bedrock:{A}:guardrail/g1", "bedrock", "guardrail", f"arn:aws:bedrock:{A}:guardrail/g1"),
        ("arn:aws:apigateway:us-east-1::/restapis/abc", "apigateway", "rest-api", "abc"),
        ("arn:aws:apigateway:us-east-1::/restapis/abc/stages/v1", "apigateway", "stage", "abc|v1"),
        ("arn:aws:cloudfront::123456789012:distribution/E1ABC", "cloudfront", "distribution", "E1ABC"),
        (f"arn:aws:events:{A}:rule/r", "events", "rule", "r"),
        (f"arn:aws:events:{A}:rule/bus/r", "events", "rule", "bus|r"),
        (f"arn:aws:sagemaker:{A}:space/d-1/ana", "sagemaker", "space", "d-1|ana"),
        (f"arn:aws:aoss:{A}:collection/c1", "opensearchserverless", "collection", "c1"),
        (f"arn:aws:elasticfilesystem:{A}:file-system/fs-1", "efs", "file-system", "fs-1"),
        ("arn:aws:budgets::123456789012:budget/quarry-dev-budget", "budgets", "budget", "quarry-dev-budget"),
    ],
)
def test_an_arn_is_of_one_kind(arn: str, service: str, type_: str, id_: str) -> None:
    assert [(one.service, one.type, one.id_of(arn)) for one in KINDS if one.id_of(arn)] == [(service, type_, id_)]


@pytest.mark.parametrize("arn", ["arn:aws:iot:us-east-1:1:thing/x", "no arn", "", "arn:aws:s3:::bucket/object"])
def test_an_arn_of_nothing_known_is_of_no_kind(arn: str) -> None:
    assert [one.type for one in KINDS if one.id_of(arn)] == []


def test_no_two_kinds_are_the_same() -> None:
    assert len({(one.service, one.type) for one in KINDS}) == len(KINDS)
    assert len(BY_RESOURCE) == sum(bool(one.resource) for one in KINDS)
    assert not [one for one in BY_RESOURCE if is_part(one)]


def test_what_costs_most_goes_first_and_what_holds_others_last() -> None:
    order = [
        "model-customization-job",
        "provisioned-throughput",
        "app",
        "custom-model",
        "space",
        "user-profile",
        "objects",
    ]
    assert [kind(one).phase for one in order] == sorted(kind(one).phase for one in order)
    assert kind("objects").phase < Phase.STACKS < kind("data-source").phase < kind("knowledge-base").phase
    assert kind("knowledge-base").phase < kind("collection").phase
    assert kind("mount-target").phase < kind("file-system").phase < kind("security-group").phase
    assert kind("security-group").phase < kind("subnet").phase < kind("vpc").phase
    assert kind("function").phase < kind("log-group").phase


@pytest.mark.parametrize(
    ("type_", "service", "given", "same"),
    [
        ("user-profile", "sagemaker", "ana|d-1", "d-1|ana"),
        ("space", "sagemaker", "d-1|ana", "d-1|ana"),
        ("security-policy", "opensearchserverless", "name|network", "network|name"),
        ("access-policy", "opensearchserverless", "name", "name"),
    ],
)
def test_one_id_has_one_spelling(type_: str, service: str, given: str, same: str) -> None:
    assert kind(type_, service).same(given) == same
