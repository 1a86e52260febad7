"""``quarry models``: the catalogue, and whether AWS agrees."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from configuration.catalogue import compile as compiler
from lambdas.catalogue import compiled
from lambdas.catalogue.facts import Catalogue
from quarry.deployed.deployment import Deployment
from tests.quarry.conftest import Run
from tests.quarry.models.fake_bedrock import FakeBedrock, FakePriceList, moment

MICRO = "amazon.nova-micro-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
ENDS = {"status": "LEGACY", "legacyTime": moment(date(2026, 11, 1)), "endOfLifeTime": moment(date(2027, 5, 1))}


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> FakeBedrock:
    """What Bedrock offers in dev's region; it agrees with the catalogue until a test makes it disagree."""
    fake = FakeBedrock("us-east-1")
    prices = FakePriceList(
        AmazonBedrock=[({"usagetype": "USE1-NovaMicro-input-tokens"}, "1K tokens", "0.00005")],
        AmazonBedrockFoundationModels=[],
    )

    def client(name: str, *, region_name: str) -> object:
        assert (name, region_name) == ("pricing", "us-east-1")
        return prices

    answer_with(monkeypatch, fake)
    monkeypatch.setattr("boto3.client", client)
    return fake


def answer_with(monkeypatch: pytest.MonkeyPatch, bedrock: object) -> None:
    def client(self: Deployment, service: str) -> object:
        assert service == "bedrock"
        return bedrock

    monkeypatch.setattr(Deployment, "client", client)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The catalogue's files, copied to where they may be written."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for path in (compiler.FOLDER / "models.yaml", compiler.FOLDER / "prices.yaml", compiled.PATH):
        shutil.copy(path, folder / path.name)
    monkeypatch.setattr(compiler, "FOLDER", folder)
    monkeypatch.setattr(compiled, "PATH", folder / "catalogue.json")
    return folder


def written(folder: Path) -> Catalogue:
    return msgspec.json.decode((folder / "catalogue.json").read_bytes(), type=Catalogue)


def test_the_list_says_as_what_a_model_is_called_and_what_it_costs(run: Run) -> None:
    ran = run("models", "list", "-e", "dev")

    assert (ran.code, ran.err) == (0, "")
    head, *lines = ran.out.splitlines()
    assert head.split("  ")[0] == "id"
    assert "called in us-east-1 (geography) as" in head
    rows = {line.split()[0]: line for line in lines}
    assert rows[MICRO].endswith("0.035  0.14")
    assert f"us.{HAIKU}" in rows[HAIKU]
    assert rows[HAIKU].split()[-2:] == ["1.1", "5.5"]
    assert "2027-03-30" in rows["meta.llama3-3-70b-instruct-v1:0"]
    assert rows["amazon.rerank-v1:0"].split()[-4:] == ["-", "-", "-", "-"]
    assert rows["cohere.rerank-v3-5:0"].split()[-2:] == ["2", "-"]


def test_the_list_as_json(run: Run) -> None:
    models = {entry["id"]: entry for entry in run("models", "list", "-e", "dev", "--json").json}

    assert models[MICRO]["callable_id"] == MICRO
    assert models[MICRO]["price"]["input"] == 0.035
    assert models["amazon.rerank-v1:0"]["callable_id"] is None
    assert "it can in ap-northeast-1" in models["amazon.rerank-v1:0"]["not_callable_because"]


@pytest.mark.parametrize("asked", [HAIKU, "smart"])
def test_a_model_is_shown_with_sources_and_dates(run: Run, asked: str) -> None:
    ran = run("models", "show", asked, "-e", "dev")

    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Claude Haiku 4.5"
    assert "  capabilities.context_tokens: 200000" in lines
    assert "  parameters.rules.exclusive: temperature or top_p" in lines
    assert "  lifecycle.end_of_life: -" in lines
    assert f"  called in us-east-1 (geography) as: us.{HAIKU}" in lines
    assert "  prices.geography.output: 5.5" in lines
    assert any(line.startswith("  [card] Bedrock user guide") for line in lines)
    assert not any(line.startswith("  [nova]") for line in lines)


def test_an_alias_shows_all_that_it_calls(run: Run) -> None:
    shown = run("models", "show", "fast", "-e", "dev", "--json").json

    assert [entry["id"] for entry in shown] == [MICRO, "amazon.nova-lite-v1:0"]
    assert shown[0]["facts"]["lifecycle"]["launched"] == "2024-12-05"
    assert shown[0]["prices"]["source"].startswith("[list]")


def test_a_model_that_cannot_be_called_here_says_why(run: Run) -> None:
    out = run("models", "show", "amazon.rerank-v1:0", "-e", "dev").out

    assert "  called in us-east-1 (geography) as: -\n  amazon.rerank-v1:0 cannot be called in us-east-1; it can" in out


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("nope", "the catalogue has no model 'nope'; it has amazon.nova-2-lite-v1:0, "),
        ("anthropic.claude-v2", "anthropic.claude-v2 (Claude v2) has its end of life on 2025-07-21; use anthropic."),
        (f"us.{HAIKU}", f"'us.{HAIKU}' is an inference profile or a variant of {HAIKU}; name {HAIKU}"),
        ("", "the catalogue has no model ''"),
    ],
)
def test_what_is_neither_model_nor_alias_is_told(run: Run, asked: str, message: str) -> None:
    ran = run("models", "show", asked, "-e", "dev")

    assert ran.code == 2
    assert ran.err.startswith(message)
    assert "dev has the aliases embed, fast, smart." in ran.err


def test_an_environment_that_is_none_is_told(run: Run) -> None:
    assert run("models", "list", "-e", "nope").code == 2


def test_agreement_is_exit_code_0(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    ran = run("models", "refresh", "-e", "dev")

    assert (ran.code, ran.out) == (0, "The catalogue agrees with AWS in us-east-1.\n")


def test_differences_are_shown_as_a_diff_and_exit_code_1(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    before = (files / "models.yaml").read_text()
    bedrock.models[MICRO]["modelLifecycle"] = ENDS
    bedrock.add_model("somebody.new-v1:0", "ON_DEMAND")

    ran = run("models", "refresh", "-e", "dev")

    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[1].split() == ["changed", MICRO, "lifecycle.legacy", "-", "2026-11-01"]
    assert lines[3].split() == ["new", "somebody.new-v1:0", "model", "-", "Somebody", "New", "by", "hand"]
    assert "--- a/models.yaml" in lines
    assert any(line.startswith("+") and "end_of_life: 2027-05-01" in line for line in lines)
    assert lines[-1] == "Nothing was written; --write does it."
    assert (files / "models.yaml").read_text() == before


def test_differences_as_json(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    bedrock.add_model("somebody.new-v1:0", "ON_DEMAND")

    ran = run("models", "refresh", "-e", "dev", "--json")

    assert ran.code == 1
    difference = {"kind": "new", "model": "somebody.new-v1:0", "fact": "model", "catalogue": "-", "aws": "Somebody New"}
    assert ran.json == {"written": False, "differences": [{**difference, "writable": False}]}


def test_what_can_be_written_is_and_then_they_agree(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    bedrock.models[MICRO]["modelLifecycle"] = ENDS
    bedrock.add_profile(f"us.{HAIKU}", HAIKU, ["us-east-1", "us-west-1"])

    ran = run("models", "refresh", "-e", "dev", "--write")

    assert ran.code == 0, ran.err
    models = {model.model_id: model for model in written(files).models}
    assert models[MICRO].lifecycle.end_of_life == date(2027, 5, 1)
    assert models[HAIKU].profiles[0].called_from("us-east-1").destinations == ("us-east-1", "us-west-1")
    again = compiler.compiled()
    assert (files / "catalogue.json").read_bytes() == again
    compiled.load.cache_clear()
    try:
        assert run("models", "refresh", "-e", "dev").out.startswith("The catalogue agrees")
    finally:
        compiled.load.cache_clear()


def test_what_is_left_to_do_by_hand_is_exit_code_1_after_writing_too(
    run: Run, bedrock: FakeBedrock, files: Path
) -> None:
    bedrock.models[MICRO]["modelLifecycle"] = ENDS
    bedrock.add_model("somebody.new-v1:0", "ON_DEMAND")

    ran = run("models", "refresh", "-e", "dev", "--write")

    assert ran.code == 1
    assert "What is marked `by hand` was not" in ran.out
    assert "end_of_life: 2027-05-01" in (files / "models.yaml").read_text()


def test_nothing_is_written_that_would_contradict_itself(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    # Claude Haiku on demand in the region would need a price in the region.
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    bedrock.models[HAIKU]["inferenceTypesSupported"] = ["ON_DEMAND", "INFERENCE_PROFILE"]

    ran = run("models", "refresh", "-e", "dev", "--write")

    assert ran.code == 1
    assert ran.err.startswith("Nothing was written, because the catalogue would contradict itself")
    assert "in_region: it can be called so; give a price" in ran.err
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


def test_yaml_files_that_are_ahead_of_the_json_are_told(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    bedrock.models[MICRO]["modelLifecycle"] = ENDS
    text = (files / "models.yaml").read_text()
    (files / "models.yaml").write_text(text.replace(f"  - id: {MICRO}", "  - id: amazon.nova-pico-v1:0"))

    ran = run("models", "refresh", "-e", "dev")

    assert ran.code == 1
    assert "Run `make catalogue`." in ran.err


def test_prices_are_compared_when_asked(run: Run, bedrock: FakeBedrock, files: Path) -> None:
    assert run("models", "refresh", "-e", "dev").code == 0

    ran = run("models", "refresh", "-e", "dev", "--prices", "--write", "--json")

    assert ran.code == 0
    facts = {entry["fact"]: (entry["catalogue"], entry["aws"]) for entry in ran.json["differences"]}
    assert facts == {"price.in_region.input": ("0.035", "0.05"), "price.geography.input": ("0.035", "0.05")}
    prices = written(files).prices[MICRO]
    assert prices.in_region is not None
    assert prices.in_region.input == 0.05


def test_an_aws_that_refuses_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    class Refuses:
        def list_foundation_models(self) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListFoundationModels")

    answer_with(monkeypatch, Refuses())

    ran = run("models", "refresh", "-e", "dev")

    assert ran.code == 1
    assert "they need bedrock:ListFoundationModels. (An error occurred (AccessDeniedException)" in ran.err


def test_a_sandbox_that_is_not_up_is_never_looked_for_in_a_real_account(run: Run) -> None:
    ran = run("models", "refresh", "-e", "sandbox")

    assert ran.code == 1
    assert "`make up` starts it" in ran.err
