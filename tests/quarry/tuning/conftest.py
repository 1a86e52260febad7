"""dev with a section ``tuning``, deployed."""

import json
from pathlib import Path

import pytest

from configuration.config import Config
from configuration.environment_file import load
from quarry.deployed.deployment import Deployment
from tests import mocked_aws
from tests.quarry.fakes import FakeAws
from tests.quarry.tuning.account import BUCKET, MICRO, OUTPUTS, FakeTuning


@pytest.fixture
def config() -> Config:
    """The environment's configuration."""
    document = load("dev").model_dump()
    document["tuning"] = {**document["tuning"], "base_models": [MICRO, "amazon.nova-2-lite-v1:0"]}
    return Config.model_validate(document)


@pytest.fixture
def tuning(aws: FakeAws, config: Config, monkeypatch: pytest.MonkeyPatch) -> FakeTuning:
    """The tuning stack of dev, with nothing tuned yet; whoever waits makes the pipeline go on."""
    fake = FakeTuning(s3=mocked_aws.client("s3"))
    fake.s3.create_bucket(Bucket=BUCKET)
    aws.stacks["quarry-dev-tuning"] = OUTPUTS
    fake.clients |= {"cloudformation": aws, "s3": fake.s3, "ssm": fake.parameters, "stepfunctions": fake}
    monkeypatch.setattr(Deployment, "client", lambda _, name: fake.clients[name])
    monkeypatch.setattr("quarry.deployed.deployment.load", lambda _name: config)
    for module in ("following", "stop", "delete", "hosted"):
        monkeypatch.setattr(f"quarry.tuning.{module}.sleep", fake.sleep)
    return fake


def record(number: int) -> str:
    """Return one example of Nova's."""
    answer = ("positive", "negative")[number % 2]
    return json.dumps(
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": [
                {"role": "user", "content": [{"text": f"Tweet {number}: what a day"}]},
                {"role": "assistant", "content": [{"text": answer}]},
            ],
        }
    )


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A folder with train.jsonl and test.jsonl."""
    for name, numbers in (("train", range(20)), ("test", range(20, 25))):
        text = "".join(f"{record(number)}\n" for number in numbers)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path
