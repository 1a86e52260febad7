"""Each step makes one thing, once, however often it is asked; each failure takes away all that the run has made."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.common.observability import logger
from lambdas.tuning import conductor as conductor_module
from lambdas.tuning import names, places
from lambdas.tuning.endings import Outcome
from lambdas.tuning.hosting import HostingBusyError, HostingError
from lambdas.tuning.jobs import JobError
from tests.lambdas.cloudformation import Context
from tests.lambdas.fakes import client_error
from tests.lambdas.tuning.fakes import ENVIRONMENT, NOW, REMOVAL, ROLE, SCHEDULE_ROLE, World

RUN = "tweets-0123456789ab"
LATER = "tweets-ba9876543210"
ALIAS_DEPLOYMENT = names.deployment_name(ENVIRONMENT, "tweets")
OWN = names.candidate_name(ENVIRONMENT, "tweets", RUN)


@pytest.fixture
def world() -> World:
    return World()


def test_a_job_is_made_once_with_the_environments_tags(world: World) -> None:
    world.begin(RUN, hyperparameters={"epochCount": 3})

    first = world.conductor.create_job({"run": RUN})

    assert world.conductor.create_job({"run": RUN}) == first
    (made,) = world.bedrock.did("CreateModelCustomizationJob")
    assert made["baseModelIdentifier"] == "amazon.nova-micro-v1:0:128k"
    assert made["hyperParameters"] == {"epochCount": "3"}
    assert made["roleArn"] == ROLE
    assert made["outputDataConfig"] == {"s3Uri": f"s3://tuning-bucket/output/{RUN}/"}
    assert "validationDataConfig" not in made
    assert {tag["key"]: tag["value"] for tag in made["jobTags"]} == {
        "quarry:environment": "dev",
        "quarry:owner": "owner@example.com",
        "quarry:run": RUN,
        "quarry:alias": "tweets",
    }
    assert made["customModelTags"] == made["jobTags"]
    assert (world.status(RUN).phase, world.status(RUN).job_arn) == ("preparing_job", first["job_arn"])


def test_a_name_that_was_ever_used_is_not_used_again(world: World) -> None:
    world.begin(RUN, validation="data/validation.jsonl")
    world.bedrock.taken.add(f"job {names.job_name(ENVIRONMENT, RUN)}")
    world.bedrock.add("job", names.job_name(ENVIRONMENT, RUN, 2), run=RUN, status="Failed")

    world.conductor.create_job({"run": RUN})

    assert names.job_name(ENVIRONMENT, RUN, 3) in world.bedrock.names("job")
    made = world.bedrock.did("CreateModelCustomizationJob")[-1]
    assert made["validationDataConfig"]["validators"] == [{"s3Uri": "s3://tuning-bucket/data/validation.jsonl"}]


def test_when_all_names_are_taken_it_is_told(world: World) -> None:
    world.begin(RUN)
    world.bedrock.refuse["CreateModelCustomizationJob"] = [client_error("ConflictException") for _ in range(20)]

    with pytest.raises(JobError, match="All 20 names"):
        world.conductor.create_job({"run": RUN})


@pytest.mark.parametrize("code", ["ValidationException", "ServiceQuotaExceededException", "AccessDeniedException"])
def test_bedrocks_refusal_is_told_in_its_words(world: World, code: str) -> None:
    world.begin(RUN)
    world.bedrock.refuse["CreateModelCustomizationJob"] = [client_error(code, "The bucket is elsewhere.")]

    with pytest.raises(JobError, match=r"Bedrock refuses the job: The bucket is elsewhere\."):
        world.conductor.create_job({"run": RUN})


def test_what_throttles_is_tried_again_by_the_state_machine(world: World) -> None:
    world.begin(RUN)
    world.bedrock.refuse["CreateModelCustomizationJob"] = [client_error("ThrottlingException")]

    with pytest.raises(Exception, match="ThrottlingException"):
        world.conductor.create_job({"run": RUN})
    assert world.conductor.create_job({"run": RUN})["job_arn"]


def test_a_failed_job_says_why(world: World) -> None:
    world.begin(RUN)
    arn = world.conductor.create_job({"run": RUN})["job_arn"]
    world.bedrock.finish(names.job_name(ENVIRONMENT, RUN), status="Failed", message="Internal error.")

    with pytest.raises(JobError, match=r"is Failed: Internal error\. What failed is not billed"):
        world.conductor.job_ended({"run": RUN, "job_arn": arn})


def test_a_phase_is_noted_with_bedrocks_details(world: World) -> None:
    world.begin(RUN)
    arn = world.conductor.create_job({"run": RUN})["job_arn"]
    details = {"validationDetails": {"status": "Completed"}, "trainingDetails": {"status": "InProgress"}}
    world.bedrock.things["job"][names.job_name(ENVIRONMENT, RUN)]["more"] = {"statusDetails": details}

    world.conductor.observe({"run": RUN, "job_arn": arn, "phase": "training"})

    assert world.status(RUN).phase == "training"
    assert world.status(RUN).details == {"validation": "Completed", "training": "InProgress"}


def test_the_first_model_of_an_alias_is_deployed_as_the_aliass_own_and_promoted(world: World) -> None:
    world.begin(RUN)

    said = world.promoted(RUN)

    assert said == {"retires": False, "end": None}
    assert world.bedrock.names("deployment") == [ALIAS_DEPLOYMENT]
    standing = world.promotions.standing()["tweets"]
    assert standing.tuned.run == RUN
    assert standing.tuned.base == "amazon.nova-micro-v1:0"
    assert standing.until is None
    status = world.status(RUN)
    assert (status.state, status.phase, status.promoted) == ("succeeded", "done", True)
    assert status.hosted_arn == standing.tuned.arn
    assert "answers from the tuned model now" in world.topic.messages[-1]["Message"]


def test_a_second_model_is_evaluated_apart_and_then_takes_the_place_behind_the_same_arn(world: World) -> None:
    world.promoted(world.begin(RUN))
    before = world.promotions.standing()["tweets"].tuned.arn
    world.begin(LATER)

    candidate = world.hosted(LATER)

    assert candidate != before
    assert world.promotions.standing()["tweets"].tuned.run == RUN
    moved = world.conductor.move({"run": LATER})
    assert moved == {"moving": True, "hosted_arn": before}
    # Asked once more, as after a time-out, nothing is moved again.
    assert world.conductor.move({"run": LATER}) == moved
    assert len(world.bedrock.did("UpdateCustomModelDeployment")) == 1
    world.conductor.promote({"run": LATER, "hosted_arn": before})
    assert world.clear(LATER, "promoted") == {"left": 1}
    assert world.clear(LATER, "promoted") == {"left": 0}
    assert world.bedrock.names("deployment") == [ALIAS_DEPLOYMENT]
    assert world.promotions.standing()["tweets"].tuned.run == LATER
    assert world.status(LATER).hosted_arn == before
    assert (world.status(RUN).promoted, world.status(LATER).promoted) == (False, True)
    assert world.status(RUN).reason == f"The alias answers from the model of {LATER} now."


def test_a_former_model_of_nobodys_run_is_superseded_too(world: World) -> None:
    world.promoted(world.begin(RUN))
    del world.bucket.objects[places.status_key(RUN)]

    world.promoted(world.begin(LATER))

    assert world.promotions.standing()["tweets"].tuned.run == LATER


def test_hosting_is_found_again_not_made_twice(world: World) -> None:
    world.begin(RUN)
    first = world.hosted(RUN)
    job = world.status(RUN).job_arn

    assert world.conductor.host({"run": RUN, "job_arn": job, "removal_arn": REMOVAL})["hosted_arn"] == first
    assert len(world.bedrock.did("CreateCustomModelDeployment")) == 1


@pytest.mark.parametrize(
    ("message", "expected"),
    [("too many in progress", HostingBusyError), ("no model units are reserved", HostingError)],
)
def test_a_quota_is_waited_for_or_told(world: World, message: str, expected: type[Exception]) -> None:
    arn = world.trained(world.begin(RUN))
    world.bedrock.refuse["CreateCustomModelDeployment"] = [client_error("ServiceQuotaExceededException", message)]

    with pytest.raises(expected, match=message):
        world.conductor.host({"run": RUN, "job_arn": arn, "removal_arn": REMOVAL})


def test_throughput_has_its_end_before_it_is_there(world: World) -> None:
    world.begin(RUN, hosting="provisioned", max_hours=4, model_units=2)
    ends: list[list[str]] = []

    def look(operation: str) -> None:
        if operation == "CreateProvisionedModelThroughput":
            ends.append(list(world.scheduler.schedules))

    world.bedrock.meanwhile = look
    hosted = world.hosted(RUN)

    assert ends == [[names.schedule_name(OWN)]]
    (schedule,) = world.scheduler.schedules.values()
    # The alias falls back so long before that nothing is asked of it when its four hours are over.
    assert schedule["ScheduleExpression"] == "at(2026-11-30T15:57:30)"
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["GroupName"] == "quarry-dev-tuning"
    assert schedule["Target"]["Arn"] == REMOVAL
    assert schedule["Target"]["RoleArn"] == SCHEDULE_ROLE
    assert json.loads(schedule["Target"]["Input"]) == {"end": {"throughput": OWN, "alias": "tweets", "run": RUN}}
    (made,) = world.bedrock.did("CreateProvisionedModelThroughput")
    assert (made["modelUnits"], "commitmentDuration" in made) == (2, False)
    assert world.status(RUN).until == "2026-11-30T15:57:30+00:00"
    assert world.conductor.move({"run": RUN}) == {"moving": False, "hosted_arn": hosted}


def test_a_commitment_lasts_as_long_as_it_is_paid(world: World) -> None:
    world.begin(RUN, hosting="provisioned", max_hours=4, commitment="OneMonth", commitment_usd=1.0)

    world.hosted(RUN)

    assert world.status(RUN).until == (NOW + timedelta(days=30, seconds=-150)).isoformat(timespec="seconds")
    assert world.bedrock.did("CreateProvisionedModelThroughput")[0]["commitmentDuration"] == "OneMonth"


def test_throughput_that_its_alias_leaves_is_handed_on_to_its_end(world: World) -> None:
    world.promoted(world.begin(RUN, hosting="provisioned"))
    world.begin(LATER, hosting="provisioned")

    said = world.promoted(LATER)

    assert said == {"retires": True, "end": {"throughput": OWN, "alias": "tweets", "run": RUN}}
    assert world.promotions.standing()["tweets"].tuned.run == LATER
    # It is still there: whoever has just been told of it asks it.
    assert OWN in world.bedrock.names("throughput")


@pytest.mark.parametrize("ended", [False, True])
def test_throughput_whose_time_is_up_before_its_promotion_is_not_promoted(world: World, ended: bool) -> None:
    world.begin(RUN, hosting="provisioned", max_hours=2)
    hosted = world.hosted(RUN)
    event = {"run": RUN, "alias": "tweets", "throughput": OWN}
    if ended:  # its end's state machine has been through
        while world.conductor.end_throughput(event)["left"]:
            pass
    late = replace(world.conductor, clock=lambda: NOW + timedelta(hours=2))

    with pytest.raises(HostingError, match=r"time was up before .* more than 2 max_hours"):
        late.promote({"run": RUN, "hosted_arn": hosted})

    assert world.promotions.standing() == {}
    assert not world.status(RUN).promoted


def test_at_the_end_the_alias_falls_back_before_the_throughput_goes(world: World) -> None:
    world.promoted(world.begin(RUN, hosting="provisioned"))
    event = {"run": RUN, "alias": "tweets", "throughput": OWN}

    world.conductor.fall_back(event)

    assert world.promotions.standing() == {}
    assert world.bedrock.names("throughput") == [OWN]
    assert world.conductor.end_throughput(event) == {"left": 1}
    assert world.conductor.end_throughput(event) == {"left": 0}
    assert world.bedrock.names("throughput") == []
    assert world.scheduler.schedules == {}
    status = world.status(RUN)
    assert (status.promoted, status.hosted_arn, status.until) == (False, None, None)
    assert "ended at" in status.reason
    assert len(world.topic.messages) == 2


def test_an_alias_that_answers_from_another_model_does_not_fall_back(world: World) -> None:
    world.promoted(world.begin(RUN, hosting="provisioned"))
    world.promoted(world.begin(LATER, hosting="provisioned"))

    world.conductor.fall_back({"run": RUN, "alias": "tweets", "throughput": OWN})

    assert world.promotions.standing()["tweets"].tuned.run == LATER


def test_throughput_that_does_not_go_is_told(world: World) -> None:
    world.promoted(world.begin(RUN, hosting="provisioned"))
    world.bedrock.refuse["DeleteProvisionedModelThroughput"] = [client_error("ConflictException") for _ in range(3)]
    event = {"run": RUN, "alias": "tweets", "throughput": OWN}

    assert world.conductor.end_throughput(event) == {"left": 1}
    assert world.conductor.end_throughput({**event, "last": True}) == {"left": 0}
    assert "billed by the hour: delete it by hand" in world.status(RUN).reason
    assert "billed by the hour" in world.topic.messages[-1]["Message"]


def test_worse_than_base_removes_what_it_hosted_and_keeps_the_alias(world: World) -> None:
    world.begin(RUN)
    world.hosted(RUN)

    while world.clear(RUN, "not_better")["left"]:
        pass

    assert world.promotions.standing() == {}
    assert world.bedrock.names("deployment") == []
    # The model stays: it may be promoted by hand.
    assert world.bedrock.names("model") == [names.job_name(ENVIRONMENT, RUN)]
    status = world.status(RUN)
    assert (status.state, status.phase, status.hosted_arn) == ("succeeded", "done", None)
    assert status.model_arn


@pytest.mark.parametrize("hosting", ["on_demand", "provisioned"])
@pytest.mark.parametrize("outcome", ["failed", "stopped"])
@pytest.mark.parametrize("reached", ["prepared", "job", "trained", "hosted"])
def test_whatever_a_run_has_made_goes_with_it(world: World, reached: str, outcome: Outcome, hosting: str) -> None:
    world.begin(RUN, hosting=hosting)
    if reached == "job":
        world.conductor.create_job({"run": RUN})
    elif reached == "trained":
        world.trained(RUN)
    elif reached == "hosted":
        world.hosted(RUN)
    error = {"Error": "JobError", "Cause": json.dumps({"errorMessage": "It broke.", "errorType": "JobError"})}

    rounds = 0
    while world.clear(RUN, outcome, error=error)["left"]:
        rounds += 1
        assert rounds < 5

    assert {kind: world.bedrock.names(kind) for kind in ("model", "deployment", "throughput")} == {
        "model": [],
        "deployment": [],
        "throughput": [],
    }
    assert all(job["status"] != "InProgress" for job in world.bedrock.things["job"].values())
    assert world.scheduler.schedules == {}
    status = world.status(RUN)
    assert status.state == outcome
    assert status.reason == ("It was stopped." if outcome == "stopped" else "It broke.")
    assert (status.hosted_arn, status.model_arn, status.until) == (None, None, None)
    assert len(world.topic.messages) == 1


def test_a_run_that_was_stopped_before_it_wrote_anything_is_stopped(world: World) -> None:
    assert world.clear(RUN, "stopped") == {"left": 0}
    assert world.status(RUN).state == "stopped"


def test_the_first_look_says_that_it_stops_and_leaves_the_end_to_the_last(world: World) -> None:
    world.begin(RUN)

    world.clear(RUN, "stopped", final=False)

    assert world.status(RUN).state == "stopping"
    assert world.topic.messages == []


def test_what_does_not_go_is_named_at_last(world: World) -> None:
    world.hosted(world.begin(RUN))
    world.bedrock.things["deployment"][ALIAS_DEPLOYMENT]["status"] = "Creating"

    assert world.clear(RUN, "failed", error={"Error": "PhaseTimedOut", "Cause": "Too long."}) == {"left": 1}
    assert world.clear(RUN, "failed", last=True) == {"left": 0}

    status = world.status(RUN)
    assert status.state == "failed"
    assert status.reason.startswith(
        "Too long. Still there, and maybe billed: custom model deployment quarry-dev-tweets"
    )
    assert status.hosted_arn


def test_a_run_that_is_over_is_not_told_again(world: World) -> None:
    world.promoted(world.begin(RUN))

    # As when EventBridge tells of an execution's end late.
    assert world.clear(RUN, "stopped") == {"left": 0}

    assert world.status(RUN).state == "succeeded"
    assert world.promotions.standing()["tweets"].tuned.run == RUN
    assert world.bedrock.names("deployment") == [ALIAS_DEPLOYMENT]
    assert len(world.topic.messages) == 1


def test_a_deployment_that_was_moved_in_vain_is_given_back(world: World) -> None:
    world.promoted(world.begin(RUN))
    model = world.status(RUN).model_arn
    world.begin(LATER)
    world.hosted(LATER)
    world.conductor.move({"run": LATER})
    assert world.bedrock.things["deployment"][ALIAS_DEPLOYMENT]["model"] != model

    while world.clear(LATER, "failed", error={"Error": "States.Timeout", "Cause": ""})["left"]:
        pass

    assert world.bedrock.things["deployment"][ALIAS_DEPLOYMENT]["model"] == model
    assert world.bedrock.names("deployment") == [ALIAS_DEPLOYMENT]
    assert world.bedrock.names("model") == [names.job_name(ENVIRONMENT, RUN)]
    assert world.status(LATER).reason == "A step of the phase promoting took longer than it may."


def test_another_runs_deployment_of_the_alias_stays(world: World) -> None:
    world.promoted(world.begin(RUN))
    world.promotions.fall_back("tweets", reason="by hand")
    world.begin(LATER)
    world.hosted(LATER)

    while world.clear(LATER, "failed", error=None)["left"]:
        pass

    assert world.bedrock.names("deployment") == [ALIAS_DEPLOYMENT]


def test_a_topic_that_is_down_fails_nothing(world: World) -> None:
    world.topic.down = True
    world.begin(RUN)

    assert world.clear(RUN, "failed", error={"Error": "JobError", "Cause": "x"}) == {"left": 0}
    assert world.status(RUN).state == "failed"


def test_the_handler_does_the_step_that_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[Any] = []
    monkeypatch.setattr(logger, "info", lambda message, **more: logged.append((message, more)))
    world.begin(RUN)
    handler: Any = conductor_module.lambda_handler

    assert handler({"step": "measure", "run": RUN}, Context(), lambda: world.conductor) == {}
    assert world.status(RUN).phase == "evaluating"
    assert logged[0][1]["extra"]["step"] == "measure"
    with pytest.raises(KeyError):
        handler({"step": "dance", "run": RUN}, Context(), lambda: world.conductor)
