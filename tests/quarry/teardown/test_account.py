import pytest

from configuration.environment_file import ConfigError
from quarry.command_error import CommandError
from quarry.deployed.connection import LocalAws
from quarry.teardown import account as module
from quarry.teardown.account import account


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("QUARRY_STATE", str(tmp_path))


def test_the_region_is_the_files() -> None:
    assert (account("dev", None).region, account("dev", None).environment) == ("us-east-1", "dev")


def test_the_region_that_is_given_wins() -> None:
    assert account("dev", "eu-west-1").region == "eu-west-1"


def test_an_environment_without_a_file_needs_a_region() -> None:
    assert account("gone", "eu-west-1").region == "eu-west-1"
    with pytest.raises(CommandError, match=r"no environments/gone\.yaml that says the region") as refused:
        account("gone", None)
    assert refused.value.exit_code == 2


def test_a_file_of_another_version_does_not_stand_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot_be_read(_name: str) -> None:
        raise ConfigError(["dev.yaml: no such knob"])

    monkeypatch.setattr(module, "load", cannot_be_read)
    assert account("dev", "us-east-1").region == "us-east-1"


@pytest.mark.parametrize("name", ["", "Dev", "dev_2", "-", "a" * 40, "dev inference", "*"])
def test_what_no_environment_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="No environment can have the name"):
        account(name, "us-east-1")


def test_the_one_on_this_machine_is_never_looked_for_in_a_real_account() -> None:
    with pytest.raises(CommandError, match="lives on this machine and is not up"):
        account("sandbox", None)


def test_the_local_aws_is_asked_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4999")
    client = account("sandbox", None).client("sqs")

    assert client.meta.endpoint_url == "http://localhost:4999"
    assert LocalAws.from_environ() is not None


def test_a_real_account_is_asked_in_its_region() -> None:
    assert account("dev", "eu-west-1").client("sqs").meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"


def test_whoever_does_not_answer_at_first_is_not_asked_again_and_again() -> None:
    first, then = (account("dev", None).client(service).meta.config for service in ("sts", "sqs"))

    assert (first.retries["total_max_attempts"], then.retries["total_max_attempts"]) == (1, 6)
    assert first.connect_timeout + first.read_timeout <= 30
