"""``quarry tune delete``: the alias falls back first, then hosting and model go; status and report stay."""

from typing import Any

import pytest

from lambdas.chat.promotions import FallenBack, TunedModel, parse
from lambdas.tuning.names import deployment_name, job_name
from lambdas.tuning.run import RunRequest
from quarry.deployed.deployment import Deployment, environment
from quarry.tuning.stack import promotions
from tests.lambdas.fakes import client_error
from tests.lambdas.tuning.fakes import FakeTuning as FakeBedrock
from tests.quarry.conftest import Run
from tests.quarry.tuning.account import BUCKET, MICRO, RUN, FakeTuning
from tests.quarry.tuning.test_watch import status

OTHER = "fast-ffffffffffff"
DEPLOYMENT = deployment_name("dev", "fast")


class NoSchedules:
    """A scheduler without schedules."""

    def delete_schedule(self, **_: Any) -> None:
        raise client_error("ResourceNotFoundException")


@pytest.fixture
def bedrock(tuning: FakeTuning) -> FakeBedrock:
    """A run that is over, with its model and the alias's deployment."""
    fake = FakeBedrock()
    tuning.clients |= {"bedrock": fake, "scheduler": NoSchedules()}
    model = fake.add("model", job_name("dev", RUN), run=RUN, status="Active")
    arn = fake.add("deployment", DEPLOYMENT, run=RUN, status="Active", model=model)
    request = RunRequest(alias="fast", base_model=MICRO, training="data/a.jsonl", test="data/b.jsonl")
    tuning.write(
        status(state="succeeded", phase="done", promoted=True, model_arn=model, hosted_arn=arn, request=request)
    )
    return fake


def promote(arn: str, run: str = RUN) -> None:
    promotions(Deployment(environment("dev"))).promote("fast", TunedModel(arn=arn, base=MICRO, run=run))


def arn_of(bedrock: FakeBedrock, name: str = DEPLOYMENT) -> str:
    return str(bedrock.things["deployment"][name]["arn"])


def test_hosting_and_model_go_after_the_alias_fell_back(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    promote(arn_of(bedrock))

    ran = run("tune", "delete", RUN, "--yes", "-e", "dev")

    assert ran.code == 0, ran.err
    assert (bedrock.names("deployment"), bedrock.names("model")) == ([], [])
    assert isinstance(parse(tuning.parameters.value("/quarry/dev/aliases/fast")), FallenBack)
    # Answers that had begun are waited for.
    assert tuning.slept[0] == 345
    told = run("tune", "status", RUN, "-e", "dev", "--json").json
    assert (told["state"], told["model_arn"], told["hosted_arn"], told["promoted"]) == ("succeeded", None, None, False)
    assert told["reason"] == "It was deleted."


def test_deleted_twice_is_deleted(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    assert run("tune", "delete", RUN, "--yes", "-e", "dev").code == 0
    assert run("tune", "delete", RUN, "--yes", "-e", "dev", "--json").json == {
        "run": RUN,
        "deleted": True,
        "objects": 0,
    }
    assert 345 not in tuning.slept


def test_what_answers_by_another_runs_doing_stays(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    other = bedrock.add("model", job_name("dev", OTHER), run=OTHER, status="Active")
    bedrock.things["deployment"][DEPLOYMENT]["model"] = other
    promote(arn_of(bedrock), OTHER)

    assert run("tune", "delete", RUN, "--yes", "-e", "dev").code == 0

    assert bedrock.names("deployment") == [DEPLOYMENT]
    assert bedrock.names("model") == [job_name("dev", OTHER)]


def test_a_deployment_that_another_run_made_goes_with_the_model_that_it_has(
    run: Run, tuning: FakeTuning, bedrock: FakeBedrock
) -> None:
    bedrock.tags[arn_of(bedrock)]["quarry:run"] = OTHER

    assert run("tune", "delete", RUN, "--yes", "-e", "dev").code == 0

    assert (bedrock.names("deployment"), bedrock.names("model")) == ([], [])


def test_what_does_not_go_is_named(run: Run, tuning: FakeTuning, bedrock: FakeBedrock, monkeypatch: Any) -> None:
    bedrock.refuse["DeleteCustomModel"] = [client_error("ConflictException")] * 9
    monkeypatch.setattr("quarry.tuning.delete.monotonic", iter(range(0, 100_000, 3_000)).__next__)

    ran = run("tune", "delete", RUN, "--yes", "-e", "dev")

    assert ran.code == 1
    assert f"Still there after 60 minutes: custom model {job_name('dev', RUN)}" in ran.err


def test_data_goes_on_demand_and_what_another_run_names_stays(
    run: Run, tuning: FakeTuning, bedrock: FakeBedrock
) -> None:
    shared = RunRequest(alias="fast", base_model=MICRO, training="data/a.jsonl", test="data/c.jsonl")
    tuning.write(status(run=OTHER, state="succeeded", request=shared))
    for key in ("data/a.jsonl", "data/b.jsonl", "data/c.jsonl", f"output/{RUN}/x.csv", f"output/{OTHER}/x.csv"):
        tuning.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")

    ran = run("tune", "delete", RUN, "--data", "--yes", "-e", "dev", "--json")

    assert ran.json["objects"] == 2
    assert tuning.objects() == [
        "data/a.jsonl",
        "data/c.jsonl",
        f"output/{OTHER}/x.csv",
        f"reports/{RUN}/status.json",
        f"reports/{OTHER}/status.json",
    ]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_it_is_asked_first(run: Run, tuning: FakeTuning, bedrock: FakeBedrock, answer: str) -> None:
    ran = run("tune", "delete", RUN, "-e", "dev", stdin=answer)

    assert ran.code == 1
    assert "Nothing was deleted" in ran.err
    assert bedrock.names("deployment") == [DEPLOYMENT]


def test_what_is_not_over_has_to_be_stopped(run: Run, tuning: FakeTuning, bedrock: FakeBedrock) -> None:
    tuning.write(status(execution_arn=None))

    ran = run("tune", "delete", RUN, "--yes", "-e", "dev")

    assert ran.code == 1
    assert f"`quarry tune stop {RUN}` ends it" in ran.err
