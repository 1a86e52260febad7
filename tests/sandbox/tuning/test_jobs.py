"""Customization jobs: phases over time, what a request is refused for, names, quotas, stops, outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import eventbridge, iam

from sandbox.model import account
from sandbox.quotas import applied
from sandbox.tuning import script, store
from tests.sandbox.tuning.conftest import (
    BASE,
    allow,
    do,
    objects,
    refusal,
    request,
    settle,
    start,
    trained,
    tweet,
    tweets,
    upload,
)


def _job(name: str = "job-1") -> dict[str, Any]:
    return do("GetModelCustomizationJob", jobIdentifier=name)


def _phases(job: dict[str, Any]) -> list[str]:
    details = job["statusDetails"]
    return [details[f"{name}Details"]["status"] for name in script.PHASES]


def test_a_job_goes_through_its_phases_and_leaves_a_model() -> None:
    upload("valid.jsonl", tweets(3))
    script.replace_delays({"validation": 60, "dataProcessing": 60, "training": 600})
    arn = start(validationDataConfig={"validators": [{"s3Uri": "s3://data/valid.jsonl"}]})
    assert (_job()["status"], _phases(_job())) == ("InProgress", ["InProgress", "NotStarted", "NotStarted"])
    settle(60)
    assert _phases(_job()) == ["Completed", "InProgress", "NotStarted"]
    settle(60)
    assert _phases(_job()) == ["Completed", "Completed", "InProgress"]
    settle(600)

    job = _job(arn)
    assert (job["status"], _phases(job)) == ("Completed", ["Completed"] * 3)
    assert job["hyperParameters"] == {"epochCount": "2", "learningRate": "0.00001", "learningRateWarmupSteps": "10"}
    assert job["trainingMetrics"]["trainingLoss"] > 0
    assert (job["endTime"] - job["creationTime"]).total_seconds() == 720
    model = do("GetCustomModel", modelIdentifier="model-1")
    assert (model["modelStatus"], model["modelArn"], model["jobArn"]) == ("Active", job["outputModelArn"], arn)
    root = f"output/model-customization-job-{arn[-12:]}"
    assert {
        f"{root}/training_artifacts/step_wise_training_metrics.csv",
        f"{root}/validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv",
        f"{root}/input_status/training/manifest.report.csv",
    } < set(objects())


def test_the_state_changes_are_events() -> None:
    eventbridge.reset()
    start()
    settle()
    _job()
    settle_events = _events()
    assert settle_events == ["InProgress", "Completed"]


def _events() -> list[str]:
    from tests.waiting import eventually

    def found() -> list[str]:
        events = [each for each in eventbridge._events_log_list() if each["Source"] == "aws.bedrock"]
        return [json.loads(each["Detail"])["jobStatus"] for each in events]

    eventually(lambda: len(found()) == 2)
    return found()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jobName": "with_underscore"}, "ValidationException: 1 validation error detected"),
        ({"customModelName": "with.dot"}, "ValidationException: 1 validation error detected"),
        ({"baseModelIdentifier": "amazon.nova-lite-v1:0"}, "does not support customization in us-east-1"),
        (
            {"baseModelIdentifier": "meta.llama3-3-70b-instruct-v1:0:128k"},
            "does not support customization in us-east-1",
        ),
        ({"hyperParameters": {"batchSize": "1"}}, "Unsupported hyperparameter: batchSize"),
        ({"hyperParameters": {"epochCount": "6"}}, "It must be an integer between 1 and 5"),
        ({"hyperParameters": {"epochCount": "2.0"}}, "Invalid value for hyperparameter epochCount: 2.0"),
        ({"hyperParameters": {"learningRate": "nan"}}, "Invalid value for hyperparameter learningRate: nan"),
        ({"customizationType": "CONTINUED_PRE_TRAINING"}, "is not supported for amazon.nova-lite-v1:0:300k"),
        ({"customizationType": "DISTILLATION"}, "customizationConfig must hold distillationConfig"),
        ({"roleArn": "arn:aws:iam::000000000000:role/other"}, "Could not assume provided IAM role"),
        ({"trainingDataConfig": {"s3Uri": "s3://data/none.jsonl"}}, "does not exist: s3://data/none.jsonl"),
        ({"trainingDataConfig": {"s3Uri": "s3://data/"}}, "It must name an object"),
        ({"trainingDataConfig": {"s3Uri": "s3://data/train(1).jsonl"}}, "Keys can have letters, digits"),
        ({"trainingDataConfig": {"s3Uri": "s3://nowhere/train.jsonl"}}, "bucket does not exist: nowhere"),
        ({"outputDataConfig": {"s3Uri": "s3://nowhere/output/"}}, "bucket does not exist: nowhere"),
    ],
)
def test_a_wrong_request_is_refused_at_once(changes: dict[str, Any], words: str) -> None:
    refused = refusal("CreateModelCustomizationJob", **request(**changes))

    assert refused.startswith("ValidationException: ")
    assert words in refused
    assert do("ListModelCustomizationJobs")["modelCustomizationJobSummaries"] == []


def test_the_role_is_really_asked() -> None:
    allow("s3:GetObject", "s3:ListBucket")
    assert "cannot write s3://data/output/" in refusal("CreateModelCustomizationJob", **request())
    allow("s3:PutObject", "s3:ListBucket")
    assert "cannot read s3://data/train.jsonl" in refusal("CreateModelCustomizationJob", **request())
    allow("*")
    iam._roles["tuner"]["AssumeRolePolicyDocument"] = json.dumps({"Statement": []})
    assert "Could not assume" in refusal("CreateModelCustomizationJob", **request())


def test_a_role_whose_trust_names_the_jobs_of_the_account_is_assumed() -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "000000000000"},
            "ArnEquals": {"aws:SourceArn": "arn:aws:bedrock:us-east-1:000000000000:model-customization-job/*"},
        },
    }
    iam._roles["tuner"]["AssumeRolePolicyDocument"] = json.dumps({"Statement": [trust]})
    assert start()


def test_a_right_that_is_taken_away_fails_the_job() -> None:
    start()
    allow("s3:ListBucket")
    settle()
    assert (_job()["status"], _phases(_job())) == ("Failed", ["Failed", "NotStarted", "NotStarted"])
    assert "cannot read s3://data/train.jsonl" in _job()["failureMessage"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (tweets(7), "The number of training records must be between 8 and 20000, got 7."),
        (tweets(8) + "no json\n", "line 9: the record is not valid JSON"),
        (tweets(8) + "\n" + tweets(1), "line 9: the record is not valid JSON"),
        (tweets(8) + json.dumps(tweet("User: hello", "hi")), "line 9: messages.0.content holds 'User:'"),
        (tweets(8) + json.dumps({"prompt": "a", "completion": "b"}), "line 9: unknown completion, prompt"),
    ],
)
def test_bad_data_fail_the_job_in_its_first_phase(text: str, words: str) -> None:
    upload("train.jsonl", text)
    start()
    settle()
    job = _job()
    assert (job["status"], _phases(job)) == ("Failed", ["Failed", "NotStarted", "NotStarted"])
    assert words in job["failureMessage"]
    assert do("ListCustomModels")["modelSummaries"] == []


def test_names_are_taken_for_ever() -> None:
    trained("model-1")
    do("DeleteCustomModel", modelIdentifier="model-1")
    assert "job name is currently in use" in refusal("CreateModelCustomizationJob", **request(jobName="job-model-1"))
    assert "custom model name is currently in use" in refusal("CreateModelCustomizationJob", **request())


def test_the_same_token_makes_one_job() -> None:
    first, again = start(clientRequestToken="once"), start(clientRequestToken="once")
    assert first == again
    changed = request(clientRequestToken="once", jobName="other")
    assert refusal("CreateModelCustomizationJob", **changed).startswith("ConflictException: ")


def test_a_third_job_meets_the_quota_of_models_that_are_created() -> None:
    script.replace(script.parse([{"on": "CreateModelCustomizationJob", "do": "hold"}]))
    for number in (1, 2):
        start(jobName=f"job-{number}", customModelName=f"model-{number}")
    third = request(jobName="job-3", customModelName="model-3")
    refused = refusal("CreateModelCustomizationJob", **third)
    assert refused.startswith("ServiceQuotaExceededException: ")
    assert "L-C02E1E99" in refused
    applied.replace({"L-C02E1E99": 3})
    assert do("CreateModelCustomizationJob", **third)


@pytest.mark.parametrize("phase", script.PHASES)
def test_a_job_fails_stalls_and_stops_in_each_phase(phase: str) -> None:
    place = script.PHASES.index(phase)
    on = "CreateModelCustomizationJob"
    failing = {
        "on": on,
        "do": "fail",
        "phase": phase,
        "reason": "internal error",
        "times": 1,
    }
    holding = {"on": on, "do": "hold", "phase": phase}
    script.replace(script.parse([failing, holding]))
    start(jobName="fails", customModelName="fails")
    start(jobName="stalls", customModelName="stalls")
    settle(24 * 3600)
    ended = ["Completed"] * place
    after = ["NotStarted"] * (2 - place)
    assert _job("fails")["failureMessage"] == "internal error"
    assert _phases(_job("fails")) == [*ended, "Failed", *after]
    assert _phases(_job("stalls")) == [*ended, "InProgress", *after]

    do("StopModelCustomizationJob", jobIdentifier="stalls")
    assert (_job("stalls")["status"], _phases(_job("stalls"))) == ("Stopping", [*ended, "Stopping", *after])
    assert refusal("StopModelCustomizationJob", jobIdentifier="stalls").startswith("ConflictException: ")
    settle()
    assert (_job("stalls")["status"], _phases(_job("stalls"))) == ("Stopped", [*ended, "Stopped", *after])
    for name in ("stalls", "fails"):
        assert refusal("StopModelCustomizationJob", jobIdentifier=name).startswith("ConflictException: ")
    assert do("ListCustomModels")["modelSummaries"] == []


def test_what_was_held_goes_on_when_the_script_changes() -> None:
    script.replace(script.parse([{"on": "CreateModelCustomizationJob", "match": {"jobName": "job-*"}, "do": "hold"}]))
    start()
    settle(3600)
    assert _job()["status"] == "InProgress"
    script.replace([])
    assert _job()["status"] == "Completed"


def test_an_operation_is_refused_by_script() -> None:
    step = {"on": "GetModelCustomizationJob", "do": "refuse", "code": "ThrottlingException", "times": 1}
    start()
    script.replace(script.parse([step]))
    assert refusal("GetModelCustomizationJob", jobIdentifier="job-1") == "ThrottlingException: Rate exceeded"
    assert _job()["status"] == "InProgress"


def test_jobs_are_listed_by_state_name_and_page() -> None:
    trained("old")
    start(jobName="new-1", customModelName="new-1")
    listed = do("ListModelCustomizationJobs", statusEquals="Completed")["modelCustomizationJobSummaries"]
    assert [each["jobName"] for each in listed] == ["job-old"]
    page = do("ListModelCustomizationJobs", maxResults=1)
    assert [each["jobName"] for each in page["modelCustomizationJobSummaries"]] == ["new-1"]
    page = do("ListModelCustomizationJobs", maxResults=1, nextToken=page["nextToken"])
    assert [each["jobName"] for each in page["modelCustomizationJobSummaries"]] == ["job-old"]
    assert "nextToken" not in page
    assert store.living() == {
        "AWS::Bedrock::CustomModel": ["old"],
        "AWS::Bedrock::ModelCustomizationJob": ["new-1"],
    }


def test_tags_come_and_go() -> None:
    tags = [{"key": "quarry:run", "value": "r"}]
    arn = start(jobTags=tags, customModelTags=tags)
    settle()
    assert do("ListTagsForResource", resourceARN=arn)["tags"] == tags
    model = _job()["outputModelArn"]
    assert do("ListTagsForResource", resourceARN=model)["tags"] == tags
    do("TagResource", resourceARN=model, tags=[{"key": "more", "value": "x"}])
    do("UntagResource", resourceARN=model, tagKeys=["quarry:run"])
    assert do("ListTagsForResource", resourceARN=model)["tags"] == [{"key": "more", "value": "x"}]
    do("DeleteCustomModel", modelIdentifier=model)
    assert refusal("ListTagsForResource", resourceARN=model).startswith("ResourceNotFoundException: ")


def test_a_legacy_model_takes_no_new_jobs_and_no_new_throughput() -> None:
    account.set_standings(account.parse([{"model": BASE, "status": "LEGACY"}]))
    assert "is in Legacy state" in refusal("CreateModelCustomizationJob", **request())
    asked = {"provisionedModelName": "x", "modelId": BASE, "modelUnits": 1}
    assert "is in Legacy state" in refusal("CreateProvisionedModelThroughput", **asked)
    (shown,) = [each for each in do("ListFoundationModels")["modelSummaries"] if each["modelId"] == BASE]
    assert shown["modelLifecycle"]["status"] == "LEGACY"
    account.set_standings(account.parse([{"model": BASE, "regionAvailability": "NOT_AVAILABLE"}]))
    assert "does not support customization" in refusal("CreateModelCustomizationJob", **request())


def test_distillation_learns_from_golden_answers_and_takes_nothing_else() -> None:
    teacher = {"teacherModelConfig": {"teacherModelIdentifier": "amazon.nova-pro-v1:0"}}
    asked = {"customizationType": "DISTILLATION", "customizationConfig": {"distillationConfig": teacher}}
    more = request(**asked, hyperParameters={"epochCount": "2"})
    assert "supports: none" in refusal("CreateModelCustomizationJob", **more)
    validation = {"validators": [{"s3Uri": "s3://data/train.jsonl"}]}
    more = request(**asked, validationDataConfig=validation)
    assert "Distillation does not take validation data" in refusal("CreateModelCustomizationJob", **more)
    upload("train.jsonl", tweets(100))
    trained("distilled", **asked)


def test_reinforcement_needs_a_grader_that_the_role_may_invoke() -> None:
    grader = {"lambdaGrader": {"lambdaArn": "arn:aws:lambda:us-east-1:000000000000:function:grade"}}
    asked = {
        "baseModelIdentifier": "amazon.nova-2-lite-v1:0:256k",
        "customizationType": "REINFORCEMENT_FINE_TUNING",
        "customizationConfig": {"rftConfig": {"graderConfig": grader}},
    }
    assert "cannot invoke the grader" in refusal("CreateModelCustomizationJob", **request(**asked))
    allow("s3:*", "lambda:InvokeFunction")
    line = {"messages": [{"role": "user", "content": "1+1"}], "reference_answer": "2"}
    upload("train.jsonl", f"{json.dumps(line)}\n" * 100)
    trained("graded", **asked)
