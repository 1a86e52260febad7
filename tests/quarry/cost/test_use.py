"""What of a mix of use falls to which resource, worked out by hand."""

from typing import Any

import pytest

from configuration.config import Config
from configuration.cost.usage import Usage
from lambdas.catalogue.properties import UnknownPropertyError
from quarry.cost.use import AUTHORIZER, CHAT, DAYS_PER_MONTH, Use, uses_of
from tests.quarry.cost.conftest import resource
from tests.varying import Vary

FUNCTION = "AWS::Lambda::Function"
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
CONTENT = {"ContentPolicyConfig": {"FiltersConfig": [{"Type": "HATE"}]}}
GROUNDING = {"ContextualGroundingPolicyConfig": {"FiltersConfig": [{"Type": "GROUNDING"}]}}


def key(*names: str) -> dict[str, Any]:
    return {"KeySchema": [{"AttributeName": name} for name in names]}


def used(type_name: str, properties: dict[str, Any], usage: Usage, config: Config) -> dict[str, Use]:
    return {one.price: one for one in uses_of(resource(type_name, properties), usage, config)}


def test_every_request_passes_the_gateway(usage: Usage, dev: Config) -> None:
    assert used("AWS::ApiGateway::RestApi", {}, usage, dev)["api_gateway.request"].per_request == 1


def test_with_an_address_of_ones_own_every_request_passes_that_too(usage: Usage, dev: Config) -> None:
    found = used("AWS::CloudFront::Distribution", {}, usage, dev)

    assert {name: one.per_request for name, one in found.items()} == {"cloudfront.request": 1}


def test_the_chat_function_runs_as_long_as_answers_take(usage: Usage, dev: Config) -> None:
    machine = {"Handler": CHAT, "MemorySize": 2048, "Architectures": ["arm64"], "TracingConfig": {"Mode": "Active"}}
    found = used(FUNCTION, machine, usage, dev)

    # Half of them two seconds, half of them four, with two GB.
    assert found["lambda.gb_second.arm64"].per_request == 3 * 2
    assert found["lambda.request"].per_request == found["xray.trace"].per_request == 1
    assert found["logs.ingestion"].per_request == pytest.approx(4 / 1024 / 1024)
    # dev keeps logs for 30 days.
    assert found["logs.storage"].held == pytest.approx(4 / 1024 / 1024 * 1000 * 30)
    assert found["cloudwatch.metric"].held == 10


def test_what_is_not_traced_costs_no_traces(usage: Usage, dev: Config) -> None:
    assert "xray.trace" not in used(FUNCTION, {"Handler": CHAT}, usage, dev)


def test_the_authorizer_runs_for_the_keys_that_are_not_remembered(usage: Usage, dev: Config) -> None:
    found = used(FUNCTION, {"Handler": AUTHORIZER, "MemorySize": 512, "Architectures": ["arm64"]}, usage, dev)

    assert found["lambda.request"].per_request == 0.1
    assert found["lambda.gb_second.arm64"].per_request == pytest.approx(0.1 * 0.2 * 0.5)


def test_other_functions_are_no_part_of_a_request(usage: Usage, dev: Config) -> None:
    assert used(FUNCTION, {"Handler": "lambdas.lifecycle.handler.lambda_handler"}, usage, dev) == {}


@pytest.mark.parametrize(
    ("keys", "read", "written"),
    [
        (("pk", "sk"), 0, 4),
        (("key_hash",), 0.1, 0),
        (("session_id", "part"), 1.5, 4),
        # Of the environment's end, which no request looks at where there is no budget.
        (("pk",), 0, 0),
    ],
)
def test_tables_are_read_and_written(
    keys: tuple[str, ...], read: float, written: float, usage: Usage, dev: Config
) -> None:
    found = used("AWS::DynamoDB::Table", {**key(*keys), **ON_DEMAND}, usage, dev)

    assert found["dynamodb.read"].per_request == pytest.approx(read)
    assert found["dynamodb.write"].per_request == pytest.approx(written)


def test_a_budget_is_looked_at_and_added_to(usage: Usage, vary: Vary) -> None:
    config = vary(budget={"monthly_usd": 100})
    found = used("AWS::DynamoDB::Table", {**key("pk"), **ON_DEMAND}, usage, config)

    assert (found["dynamodb.read"].per_request, found["dynamodb.write"].per_request) == (1, 1)


def test_a_table_with_a_capacity_is_not_paid_by_requests(usage: Usage, dev: Config) -> None:
    assert used("AWS::DynamoDB::Table", key("pk", "sk"), usage, dev) == {}


def test_a_guardrail_takes_whole_units_of_question_and_answer(usage: Usage, dev: Config) -> None:
    pii = {"SensitiveInformationPolicyConfig": {"PiiEntitiesConfig": [{"Type": "EMAIL"}]}}
    found = used("AWS::Bedrock::Guardrail", {**CONTENT, **pii}, usage, dev)

    # 4,000 and 2,000 characters, 8,000 and 4,000: 6 units and 12.
    assert found["guardrail.content"].per_request == 0.5 * 6 + 0.5 * 12
    assert found["guardrail.pii"] == Use(price="guardrail.pii", per_request=9)
    assert found.keys() == {"guardrail.content", "guardrail.pii"}


def test_part_of_a_unit_is_one(usage: Usage, dev: Config) -> None:
    odd = usage.model_copy(update={"characters_per_token": 4.1})

    # 4,100, 2,050, 8,200 and 4,100 characters.
    assert used("AWS::Bedrock::Guardrail", CONTENT, odd, dev)["guardrail.content"].per_request == (5 + 3 + 9 + 5) / 2


def test_patterns_and_words_are_free(usage: Usage, dev: Config) -> None:
    free = {
        "WordPolicyConfig": {"WordsConfig": [{"Text": "x"}]},
        "SensitiveInformationPolicyConfig": {"RegexesConfig": [{"Name": "key"}]},
    }

    assert used("AWS::Bedrock::Guardrail", free, usage, dev) == {}


@pytest.mark.parametrize(("checked", "units"), [(False, None), (True, 0.25 * (9 + 8))])
def test_grounding_is_paid_where_it_is_asked(checked: bool, units: float | None, usage: Usage, vary: Vary) -> None:
    grounding = {"grounding": {"grounding": 0.5, "relevance": 0.5}}
    config = vary(knowledge={"grounding_check": checked}, guardrail=grounding)

    found = used("AWS::Bedrock::Guardrail", GROUNDING, usage, config).get("guardrail.grounding")

    assert (found.per_request if found else None) == units


def test_stores_hold_what_the_documents_make(usage: Usage, dev: Config) -> None:
    assert used("AWS::OpenSearchServerless::Collection", {}, usage, dev)["opensearch_serverless.storage"].held == 1
    vectors = used("AWS::S3Vectors::Index", {}, usage, dev)
    assert vectors["s3_vectors.storage"].held == 1
    assert vectors["s3_vectors.query"].per_request == 0.25
    assert vectors["s3_vectors.put"].per_day == pytest.approx(1 / DAYS_PER_MONTH)


def test_documents_lie_in_the_bucket_with_reports_of_ingestions(usage: Usage, dev: Config) -> None:
    reports = {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled"}, {"Prefix": "ingestions/"}]}}
    others = {"LifecycleConfiguration": {"Rules": [{"Prefix": "output/"}]}}

    assert used("AWS::S3::Bucket", reports, usage, dev)["s3.storage"].held == 2
    assert used("AWS::S3::Bucket", others, usage, dev) == used("AWS::S3::Bucket", {}, usage, dev) == {}


def test_a_space_runs_its_machine(usage: Usage, dev: Config) -> None:
    path = {"SpaceSettings": {"JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.large"}}}}

    assert used("AWS::SageMaker::Space", path, usage, dev)["studio.app.ml.t3.large"].per_day == 6


def test_what_is_not_known_is_not_guessed(usage: Usage, dev: Config) -> None:
    with pytest.raises(UnknownPropertyError, match="MemorySize"):
        used(FUNCTION, {"Handler": CHAT, "MemorySize": {"Ref": "Memory"}}, usage, dev)
