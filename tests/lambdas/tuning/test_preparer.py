"""What can be known before a job is made is: nothing that would fail, or cost too much, comes as far as Bedrock."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from lambdas.tuning import run as runs
from lambdas.tuning.asked import RefusedError
from lambdas.tuning.batches import Batch
from lambdas.tuning.preparer import Preparer, lambda_handler
from lambdas.tuning.run import RunRequest
from lambdas.tuning.settings import PreparerSettings
from tests.lambdas.cloudformation import Context
from tests.lambdas.service_model import check
from tests.lambdas.tuning.fakes import BUCKET, World, conversation

KEY = "runs/x/run.yaml"
SETTINGS = PreparerSettings(
    data_bucket=BUCKET,
    region="us-east-1",
    aliases=["tweets", "fast"],
    base_models=["amazon.nova-micro-v1:0", "amazon.nova-pro-v1:0", "amazon.nova-lite-v1:0"],
    hyperparameters={"epochCount": "2"},
    hosting="on_demand",
    max_hours=4,
    model_units=1,
    metric="token_f1",
    margin=0.02,
    max_training_usd=5.0,
    judge_alias="fast",
    test_records=50,
)


@dataclass
class FakeQuotas:
    """Service Quotas: code -> (name, value)."""

    quotas: dict[str, tuple[str, float]] = field(default_factory=dict)

    def list_service_quotas(self, **kwargs: Any) -> Any:
        check("service-quotas", "ListServiceQuotas", kwargs)
        rows = [{"QuotaCode": code, "QuotaName": name, "Value": value} for code, (name, value) in self.quotas.items()]
        start = int(kwargs.get("NextToken", 0))
        more = {"NextToken": str(start + 2)} if start + 2 < len(rows) else {}
        return {"Quotas": rows[start : start + 2], **more}


@dataclass
class Setting:
    """A bucket with data, and an account with quotas."""

    world: World = field(default_factory=World)
    quotas: FakeQuotas = field(default_factory=FakeQuotas)
    settings: PreparerSettings = SETTINGS

    def ask(self, **changes: Any) -> str:
        """Prepare the run of a request; return its id."""
        asked = RunRequest(
            **{
                "alias": "tweets",
                "base_model": "amazon.nova-micro-v1:0",
                "training": "data/train.jsonl",
                "test": "data/test.jsonl",
                **changes,
            }
        )
        self.world.bucket.objects[KEY] = runs.encode_request(asked)
        run = runs.run_id(asked, self.world.store.etags(asked))
        preparer = Preparer(
            settings=self.settings,
            store=self.world.store,
            bedrock=self.world.bedrock,
            service_quotas=self.quotas,
        )
        handler: Any = lambda_handler
        event = {"run": run, "key": KEY, "execution_arn": "arn:execution"}
        assert handler(event, Context(), lambda: preparer) == {"batches": f"reports/{run}/batches.json"}
        return run

    def refused(self, **changes: Any) -> str:
        """Return why a request is refused."""
        with pytest.raises(RefusedError) as error:
            self.ask(**changes)
        assert self.world.bedrock.calls == []
        return str(error.value)


def lines(records: Sequence[bytes]) -> bytes:
    return b"".join(record + b"\n" for record in records)


@pytest.fixture
def setting() -> Setting:
    made = Setting()
    made.world.bucket.objects = {
        "data/train.jsonl": lines([conversation(f"Tweet {n}: the bus is late", f"complaint {n}") for n in range(120)]),
        "data/test.jsonl": lines([conversation(f"Tweet {n}: I waited", "complaint") for n in range(200, 245)]),
    }
    return made


def test_a_good_run_is_told_with_its_price_and_the_environments_words(setting: Setting) -> None:
    run = setting.ask()

    status = setting.world.status(run)
    assert (status.state, status.phase, status.execution_arn) == ("running", "validating", "arn:execution")
    assert status.request
    assert status.request.hyperparameter_strings == {"epochCount": "2"}
    assert (status.request.hosting, status.request.metric, status.request.margin) == ("on_demand", "token_f1", 0.02)
    assert status.cost.training_usd
    assert 0 < status.cost.training_usd.low < status.cost.training_usd.high < 1
    assert status.cost.hosting
    assert status.cost.hosting.usd_per_hour == 0
    content = setting.world.bucket.objects[f"reports/{run}/batches.json"]
    pieces = msgspec.json.decode(content, type=list[Batch])
    assert [piece.line for piece in pieces] == [1, 21, 41]
    assert pieces[-1].end == len(setting.world.bucket.objects["data/test.jsonl"])


def test_data_that_bedrock_would_refuse_is_refused_with_its_lines(setting: Setting) -> None:
    setting.world.bucket.objects["data/train.jsonl"] += b'{"messages": []}\nno json\n'

    told = setting.refused()

    assert "data/train.jsonl has" in told
    assert "Line 121:" in told
    assert "Line 122:" in told


def test_too_few_records_are_refused(setting: Setting) -> None:
    setting.world.bucket.objects["data/train.jsonl"] = lines([conversation("a", "b")])

    assert "data/train.jsonl has 1 problems" in setting.refused()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"alias": "nobody"}, "alias: nobody is not accepted: expected tweets or fast"),
        ({"base_model": "amazon.nova-premier-v1:0"}, "base_model: amazon.nova-premier-v1:0 is not accepted"),
        ({"method": "distillation"}, "method: distillation is not accepted: expected fine_tuning"),
        ({"hyperparameters": {"epochCount": 99}}, "hyperparameters: epochCount: 99 is not accepted: expected 1 to 5"),
        ({"hyperparameters": {"epochCount": 1.5}}, "expected a whole number"),
        ({"hyperparameters": {"batchSize": 8}}, "batchSize is not accepted: expected"),
        ({"hyperparameters": {"learningRate": "fast"}}, "expected a number"),
        ({"hosting": "provisioned", "max_hours": 5.0}, "tuning.provisioned.max_hours is 4"),
        ({"judge_alias": "tweets"}, "judge_alias: tweets is not accepted: the environment's is fast"),
        ({"max_training_usd": 0.0001}, "max_training_usd is 0.00010. Take less data"),
        ({"hosting": "provisioned"}, "costs an hour is not known"),
        (
            {"base_model": "amazon.nova-lite-v1:0", "hosting": "provisioned"},
            "(L-BE77399C) is 0; there are 0 model units of provisioned throughput, and this run needs 1 more",
        ),
        (
            {
                "base_model": "amazon.nova-lite-v1:0",
                "hosting": "provisioned",
                "commitment": "OneMonth",
                "commitment_usd": 1.0,
            },
            "commitment of OneMonth",
        ),
    ],
)
def test_what_would_fail_or_cost_too_much_is_refused(setting: Setting, changes: dict[str, Any], told: str) -> None:
    assert told in setting.refused(**changes)


def test_a_request_may_lower_the_limit_but_not_raise_it(setting: Setting) -> None:
    setting.settings = replace(SETTINGS, max_training_usd=0.001)

    assert "max_training_usd is 0.0010." in setting.refused(max_training_usd=1000.0)


def test_throughput_has_its_price_until_its_end(setting: Setting) -> None:
    setting.quotas.quotas = {"a": ("x", 1), "b": ("y", 1), "L-BE77399C": ("Model units no-commitment", 2)}

    run = setting.ask(base_model="amazon.nova-lite-v1:0", hosting="provisioned", max_hours=2.0)

    hosting = setting.world.status(run).cost.hosting
    assert hosting
    assert (hosting.usd_per_hour, hosting.max_usd) == (108.15, 216.30)


def test_a_models_own_units_are_looked_at_too(setting: Setting) -> None:
    setting.quotas.quotas = {
        "L-BE77399C": ("Model units no-commitment", 9),
        "L-00000001": ("Model units per provisioned model for Amazon Nova 2 Lite", 9),
        "L-00000002": ("Model units per provisioned model for Amazon Nova Lite", 0),
    }

    told = setting.refused(base_model="amazon.nova-lite-v1:0", hosting="provisioned")

    assert "Amazon Nova Lite (L-00000002) is 0" in told


@pytest.mark.parametrize(
    ("kind", "count", "told"),
    [
        ("job", 2, "L-C02E1E99"),
        ("model", 100, "L-CB5B847D"),
        ("deployment", 10, "L-1EF80F3E"),
    ],
)
def test_a_full_account_is_told_with_the_quotas_code(setting: Setting, kind: str, count: int, told: str) -> None:
    for number in range(count):
        status = {"job": "InProgress"}.get(kind, "Active")
        setting.world.bedrock.add(kind, f"other-{number}", environment="other", status=status, model="m")

    reason = setting.refused()

    assert told in reason
    assert f"--quota-code {told} --desired-value {count + 1}" in reason


def test_a_raised_quota_is_the_accounts(setting: Setting) -> None:
    for number in range(2):
        setting.world.bedrock.add("job", f"other-{number}", environment="other", status="InProgress")
    setting.quotas.quotas = {"L-C02E1E99": ("Custom models with a creating status per account", 5)}

    assert setting.ask()


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "has no record"), (b"\n \n", "has no record"), (b'{"prompt": "x"}\n', "no question with an answer")],
)
def test_a_test_set_that_nobody_can_be_asked_is_refused(setting: Setting, content: bytes, told: str) -> None:
    setting.world.bucket.objects["data/test.jsonl"] = content

    assert told in setting.refused()


def test_data_that_changed_since_are_refused(setting: Setting) -> None:
    asked = RunRequest(
        alias="tweets", base_model="amazon.nova-micro-v1:0", training="data/train.jsonl", test="data/test.jsonl"
    )
    setting.world.bucket.objects[KEY] = runs.encode_request(asked)
    preparer = Preparer(
        settings=SETTINGS, store=setting.world.store, bedrock=setting.world.bedrock, service_quotas=setting.quotas
    )

    with pytest.raises(RefusedError, match="were changed after the run was started"):
        preparer.prepare(run="tweets-000000000000", key=KEY, execution_arn="arn")


def test_the_environments_metric_has_its_judge(setting: Setting) -> None:
    setting.settings = replace(SETTINGS, metric="judge")

    status = setting.world.status(setting.ask())

    assert status.request
    assert (status.request.metric, status.request.judge_alias) == ("judge", "fast")
