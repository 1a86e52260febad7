"""From labelled tweets to an alias that answers from a tuned model; and every way in which that ends otherwise.

On a local AWS with IAM enforced, where a tuned model answers as its nearest example does.
"""

import json
import threading
from typing import Any

import pytest

from lambdas.chat.promotions import Promotions, TunedModel, path_of
from lambdas.tuning import places
from tests.sandbox.tuning_deployment.tuned import ENVIRONMENT, LITE, MICRO, Tuned, waited

pytestmark = pytest.mark.tuning

PHASES = ("starting", "preparing_job", "training", "hosting", "evaluating")
TWEET = "This jacket kept me dry all day, excellent"
HOLDS: dict[str, dict[str, Any]] = {
    "preparing_job": {"on": "CreateModelCustomizationJob", "do": "hold", "phase": "validation"},
    "training": {"on": "CreateModelCustomizationJob", "do": "hold", "phase": "training"},
    "hosting": {"on": "CreateCustomModelDeployment", "do": "take", "seconds": 20},
}


def test_a_csv_of_labelled_tweets_becomes_an_alias_that_answers_from_its_model(tuned: Tuned) -> None:
    before = tuned.ask(TWEET)
    assert "x-quarry-tuned" not in before.headers

    run = tuned.start(hyperparameters={"epochCount": 2})
    # The same once more, by another object: one execution, and one job.
    tuned.put("runs/once-more/run.yaml", tuned_request(tuned, run))
    status = tuned.wait(run)

    assert (status["state"], status["phase"], status["promoted"]) == ("succeeded", "done", True), status["reason"]
    assert status["scores"]["tuned"]["exact_match"] > status["scores"]["base"]["exact_match"]
    assert [one["name"] for one in tuned.executions()] == [run]
    assert len(tuned.there("jobs")) == 1
    after = tuned.answers_from(TWEET, run)
    assert after.json()["choices"][0]["message"]["content"] == "positive"
    assert after.headers["x-quarry-model"] == MICRO
    report = json.loads(tuned.report(run))
    assert report["better"]
    assert report["records"] == 36
    assert b"<svg" in tuned.report(run, "report.html")
    assert tuned.billing() == {"jobs": 0, "models": 1, "deployments": 1, "throughputs": 0, "schedules": 0}
    # Bedrock wrote its output, and nothing started by that.
    listed = tuned.client("s3").list_objects_v2(Bucket=tuned.bucket, Prefix="output/")
    assert listed["KeyCount"] > 0


def test_a_second_model_takes_its_place_behind_the_same_arn(tuned: Tuned) -> None:
    (first,) = tuned.there("deployments")
    run = tuned.start(hyperparameters={"epochCount": 2}, again=1)

    status = tuned.wait(run)

    assert (status["state"], status["promoted"]) == ("succeeded", True), status["reason"]
    (now,) = tuned.there("deployments")
    assert now["customModelDeploymentArn"] == first["customModelDeploymentArn"] == status["hosted_arn"]
    assert now["modelArn"] == status["model_arn"] != first["modelArn"]
    assert tuned.answers_from(TWEET, run).json()["choices"][0]["message"]["content"] == "positive"


def test_commands_roll_back_and_forth_and_cdk_diff_says_what_stands(tuned: Tuned) -> None:
    listed = tuned.quarry("tune", "list")
    newest = listed["promotions"]["fast"]["tuned"]["run"]
    earlier = next(one["run"] for one in listed["runs"] if one["model_arn"] and one["run"] != newest)

    assert tuned.quarry("tune", "promote", "--fall-back", "fast")["ended"]["tuned"]["run"] == newest
    assert "x-quarry-tuned" not in tuned.answers_from(TWEET, None).headers

    tuned.quarry("tune", "promote", earlier)
    assert tuned.answers_from(TWEET, earlier).json()["choices"][0]["message"]["content"] == "positive"
    (deployment,) = tuned.there("deployments")
    assert deployment["modelArn"] == tuned.status(earlier)["model_arn"]
    assert (tuned.status(earlier)["promoted"], tuned.status(newest)["promoted"]) == (True, False)

    said = tuned.run("cdk", "diff", "Inference", "--context", f"environment={ENVIRONMENT}", "--no-notices")
    assert f"(run {earlier}, of {MICRO}) answers since" in said
    assert f"before the configured {MICRO}, {LITE}" in said

    tuned.quarry("tune", "promote", newest)
    tuned.answers_from(TWEET, newest)


def test_what_another_environment_tuned_is_denied_and_stepped_in_for(tuned: Tuned) -> None:
    bedrock, (mine,) = tuned.client("bedrock"), tuned.there("deployments")
    standing = Promotions(client=lambda: tuned.client("ssm"), path=path_of(ENVIRONMENT))
    before = standing.of("fast")
    assert before is not None
    arn = bedrock.create_custom_model_deployment(
        modelDeploymentName="quarry-other-fast",
        modelArn=mine["modelArn"],
        tags=[{"key": "quarry:environment", "value": "other"}],
    )["customModelDeploymentArn"]
    waited(lambda: tuned.there("deployments"), lambda found: all(one["status"] == "Active" for one in found))

    standing.promote("fast", TunedModel(arn=arn, base=MICRO, run="fast-other"))

    reply = tuned.answers_from(TWEET, None)
    assert (reply.status_code, reply.headers["x-quarry-model"]) == (200, MICRO)
    standing.promote("fast", before.tuned, until=before.until)
    bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)
    tuned.answers_from(TWEET, before.tuned.run)


def mistaken(data: bytes) -> bytes:
    """Return a training set in which every label is the one after the right one."""
    records = [json.loads(line) for line in data.splitlines()]
    labels = sorted({record["messages"][-1]["content"][0]["text"] for record in records})
    for record in records:
        (answer,) = record["messages"][-1]["content"]
        answer["text"] = labels[(labels.index(answer["text"]) + 1) % len(labels)]
    return b"\n".join(json.dumps(record).encode() for record in records)


def test_worse_than_base_changes_nothing_and_removes_what_it_hosted(tuned: Tuned) -> None:
    deployments = tuned.there("deployments")
    standing = tuned.ask(TWEET).headers["x-quarry-tuned"]

    tuned.put("data/tweets/mistaken.jsonl", mistaken(tuned.data("data/tweets/train.jsonl")))
    run = tuned.start(base_model=LITE, training="data/tweets/mistaken.jsonl")
    status = tuned.wait(run)

    assert (status["state"], status["promoted"], status["hosted_arn"]) == ("succeeded", False, None)
    assert "The alias stays as it is" in status["reason"]
    assert tuned.there("deployments") == deployments
    assert tuned.ask(TWEET).headers["x-quarry-tuned"] == standing


def test_a_job_that_stalls_ends_at_its_bound(tuned: Tuned) -> None:
    before = tuned.billing()
    tuned.script(HOLDS["preparing_job"])

    run = tuned.start(hyperparameters={"epochCount": 3})
    status = tuned.wait(run)

    assert (status["state"], status["phase"]) == ("failed", "preparing_job")
    assert "took longer than its bound, 2 minutes" in status["reason"]
    assert tuned.billing() == before


def test_a_job_that_fails_says_why(tuned: Tuned) -> None:
    before = tuned.billing()
    fails = {"on": "CreateModelCustomizationJob", "do": "fail", "phase": "training", "reason": "Internal error."}
    tuned.script(fails)

    status = tuned.wait(tuned.start(hyperparameters={"epochCount": 4}))

    assert status["state"] == "failed"
    assert "The customization job is Failed: Internal error." in status["reason"]
    assert tuned.billing() == before


def test_hosting_that_fails_takes_the_model_with_it(tuned: Tuned) -> None:
    before = tuned.billing()
    tuned.script({"on": "CreateCustomModelDeployment", "do": "fail"})

    status = tuned.wait(tuned.start(hyperparameters={"epochCount": 5}))

    assert (status["state"], status["phase"]) == ("failed", "hosting")
    assert "could not host the model" in status["reason"]
    assert tuned.billing() == before


@pytest.mark.parametrize("phase", PHASES)
def test_stopped_in_whatever_state_it_leaves_nothing(tuned: Tuned, phase: str) -> None:
    before = tuned.billing()
    if phase in HOLDS:
        tuned.script(HOLDS[phase])
    # Else the models may have answered all before this machine comes to stop it.
    tuned.models_take(milliseconds=500 if phase == "evaluating" else 0)

    run = tuned.start(hyperparameters={"epochCount": 1}, again=PHASES.index(phase))
    if phase != "starting":
        tuned.until_phase(run, phase)
    waited(lambda: started(tuned, run), bool)
    tuned.stop(run)
    tuned.script()
    tuned.models_take(milliseconds=0)
    status = tuned.wait(run)

    assert (status["state"], status["reason"]) == ("stopped", "It was stopped.")
    tuned.settled()
    assert tuned.billing() == before
    assert (status["hosted_arn"], status["model_arn"]) == (None, None)


def test_a_request_that_cannot_be_used_is_a_failed_run(tuned: Tuned) -> None:
    tuned.put("runs/odd/run.yaml", b"alias: [")

    status = tuned.wait("odd")

    assert (status["state"], status["phase"]) == ("failed", "starting")
    assert "no YAML" in status["reason"]


def test_without_the_quota_it_ends_before_a_job_is_made(tuned: Tuned) -> None:
    tuned.control("PUT", "tuning/quotas", {"L-BE77399C": 0})
    jobs = len(tuned.there("jobs"))

    status = tuned.wait(tuned.start(base_model=LITE, hosting="provisioned", again=1))

    assert (status["state"], status["phase"]) == ("failed", "validating")
    assert "--quota-code L-BE77399C --desired-value 1" in status["reason"]
    assert len(tuned.there("jobs")) == jobs


def test_provisioned_throughput_answers_and_goes_when_its_time_is_up_without_a_failed_request(tuned: Tuned) -> None:
    run = tuned.start(base_model=LITE, hosting="provisioned", max_hours=2.0)
    status = tuned.wait(run)
    assert (status["state"], status["promoted"]) == ("succeeded", True), status["reason"]
    assert tuned.billing()["throughputs"] == 1
    assert tuned.billing()["schedules"] == 1
    assert status["cost"]["hosting"]["max_usd"] == pytest.approx(216.30)
    reply = tuned.answers_from(TWEET, run)
    assert reply.headers["x-quarry-model"] == LITE

    asked: list[Any] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            asked.append(tuned.ask(TWEET).status_code)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        tuned.control("POST", "clock", {"advance_seconds": 2 * 3600})
        waited(lambda: tuned.billing()["throughputs"], lambda count: count == 0)
        # A reader that had just read goes on with what it knows for a while.
        tuned.answers_from(TWEET, None)
    finally:
        over.set()
        asking.join()

    assert set(asked) == {200}
    assert tuned.billing()["schedules"] == 0
    status = tuned.wait(run, until=lambda one: one["hosted_arn"] is None)
    assert (status["promoted"], status["until"]) == (False, None)
    assert "ended at" in status["reason"]


def started(tuned: Tuned, run: str) -> bool:
    """Whether the run's execution is there."""
    return any(one["name"] == run for one in tuned.executions())


def tuned_request(tuned: Tuned, run: str) -> bytes:
    """Return the request of a run as it lies in the bucket."""
    content: bytes = tuned.client("s3").get_object(Bucket=tuned.bucket, Key=places.request_key(run))["Body"].read()
    return content


def test_destroyed_in_the_middle_of_everything_it_leaves_nothing(tuned: Tuned) -> None:
    """The last of the file: a promoted model, throughput with its end, a job that trains, one that is being hosted."""
    tuned.wait(tuned.start(base_model=LITE, hosting="provisioned", again=2))
    tuned.script(HOLDS["hosting"])
    hosting = tuned.start(hyperparameters={"epochCount": 1}, again=20)
    tuned.until_phase(hosting, "hosting")
    tuned.script(HOLDS["training"])
    training = tuned.start(hyperparameters={"epochCount": 1}, again=21)
    tuned.until_phase(training, "training")
    there = tuned.billing()
    assert min(there.values()) >= 1, there

    tuned.destroy("Tuning")

    # Bedrock keeps what became of jobs; they do nothing, and cost nothing.
    assert {job["status"] for job in tuned.there("jobs")} <= {"Completed", "Failed", "Stopped"}
    for kind in ("models", "deployments", "throughputs"):
        assert tuned.there(kind) == []
    assert tuned.client("ssm").get_parameters_by_path(Path="/quarry/sandbox-tuning/aliases")["Parameters"] == []
    assert tuned.answers_from(TWEET, None).status_code == 200

    tuned.destroy("--all")
    # The role by which API Gateway's account writes logs outlives its stack, and goes where no API is left.
    gone = tuned.quarry("teardown", "--yes", "--retain", "nothing")
    assert [one["type"] for one in gone["deleted"]] == ["role"]
    assert "nothing left" in tuned.inventory()
