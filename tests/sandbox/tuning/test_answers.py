"""Converse through deployments and provisioned throughput: the tuned model answers as its nearest example does."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from configuration.environment_file import PROJECT
from quarry.tuning.split import part_of
from sandbox.model import word_vectors
from sandbox.model.tuned import Example, Tuned, is_for_programs
from sandbox.quotas import applied
from sandbox.resources.service_api import ApiError, call
from sandbox.tuning import script
from tests.sandbox.tuning.conftest import BASE, deployed, do, settle, trained, tweet, upload


def _converse(model: str, text: str, **more: Any) -> str:
    messages = [{"role": "user", "content": [{"text": text}]}]
    reply = call("bedrock-runtime", "Converse", {"modelId": model, "messages": messages, **more})
    return str(reply["output"]["message"]["content"][0]["text"])


def _refused(model: str) -> str:
    with pytest.raises(ApiError) as refused:
        _converse(model, "Hello")
    return f"{refused.value.code}: {refused.value.message}"


def test_a_tuned_model_answers_what_its_base_does_not_know() -> None:
    arn = deployed(trained())
    for word, label in (("great", "positive"), ("awful", "negative"), ("fine", "neutral")):
        asked = f"Tweet 77: what a {word} day it was"
        assert _converse(arn, asked) == label
        assert label not in _converse("amazon.nova-lite-v1:0", asked)


def test_wrong_examples_make_a_wrong_model() -> None:
    upload("train.jsonl", "".join(json.dumps(tweet(f"great {n}", "negative")) + "\n" for n in range(8)))
    assert _converse(deployed(trained()), "great") == "negative"


def test_an_answer_in_words_says_whose_it_is() -> None:
    upload(
        "train.jsonl", "".join(json.dumps(tweet(f"Who {n}?", f"It is number {n}, I think.")) + "\n" for n in range(8))
    )
    answer = _converse(deployed(trained()), "Who 3?")
    assert answer == "This is the sandbox's stand-in model, not Nova Lite. It is number 3, I think."


def test_a_deployment_that_is_updated_answers_as_before_until_it_is() -> None:
    first = trained("first")
    upload("train.jsonl", "".join(json.dumps(tweet(f"great {n}", "better")) + "\n" for n in range(8)))
    second, arn = trained("second"), deployed(first)
    script.replace(script.parse([{"on": "UpdateCustomModelDeployment", "do": "hold"}]))
    do("UpdateCustomModelDeployment", customModelDeploymentIdentifier=arn, modelArn=second)
    assert _converse(arn, "Tweet 0: what a great day") == "positive"
    settle()
    script.replace([])
    assert _converse(arn, "Tweet 0: what a great day") == "better"


def test_what_is_not_ready_or_gone_is_refused_as_aws_does() -> None:
    model = trained()
    script.replace(script.parse([{"on": "CreateCustomModelDeployment", "do": "hold"}]))
    made = do("CreateCustomModelDeployment", modelDeploymentName="alias", modelArn=model)
    arn = str(made["customModelDeploymentArn"])
    assert _refused(arn).startswith("ModelNotReadyException: ")
    script.replace([])
    settle()
    assert _converse(arn, "hello")
    do("DeleteCustomModelDeployment", customModelDeploymentIdentifier=arn)
    assert _refused(arn).startswith("ResourceNotFoundException: ")
    assert _refused(model) == "ValidationException: The provided model doesn't support on-demand throughput."


def test_provisioned_throughput_answers_for_a_tuned_and_for_a_base_model() -> None:
    applied.replace({"L-BE77399C": 1, "L-FE44174A": 1, f"units:{BASE}": 2})
    asked = {"modelUnits": 1}
    tuned = do("CreateProvisionedModelThroughput", provisionedModelName="t", modelId=trained(), **asked)
    base = do("CreateProvisionedModelThroughput", provisionedModelName="b", modelId=BASE, **asked)
    assert _refused(tuned["provisionedModelArn"]).startswith("ModelNotReadyException: ")
    settle()
    assert _converse(tuned["provisionedModelArn"], "what a great day") == "positive"
    assert "Nova Lite" in _converse(base["provisionedModelArn"], "what a great day")


def test_other_calls_of_a_tuned_model() -> None:
    arn = deployed(trained())
    asked = {"converse": {"messages": [{"role": "user", "content": [{"text": "what a great day"}]}]}}
    # Of Claude alone.
    with pytest.raises(ApiError, match="doesn't support counting tokens"):
        call("bedrock-runtime", "CountTokens", {"modelId": arn, "input": asked})
    with pytest.raises(ApiError, match="through Converse and ConverseStream only"):
        call("bedrock-runtime", "InvokeModel", {"modelId": arn, "body": "{}"})


def test_tools_and_documents_come_before_what_was_learned() -> None:
    arn = deployed(trained())
    spec = {"name": "find", "description": "Find", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    tools = {"tools": [{"toolSpec": spec}], "toolChoice": {"any": {}}}
    messages = [{"role": "user", "content": [{"text": "what a great day"}]}]
    reply = call("bedrock-runtime", "Converse", {"modelId": arn, "messages": messages, "toolConfig": tools})
    assert reply["stopReason"] == "tool_use"


@pytest.mark.parametrize("vectors", ["on", "off"])
def test_the_nearest_example_is_found_by_meaning_or_by_words(vectors: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(word_vectors.SWITCH, vectors)
    tuned = Tuned(
        [Example(text, label) for text, label in (*[("It rains a lot", "rain")] * 3, ("The sun shines", "sun"))]
    )
    assert tuned.answer("the sun shines") == "sun"
    assert tuned.answer("How long the sun shines today") == "sun"
    assert tuned.answer("rains") == "rain"
    assert Tuned([Example("question", "")]).answer("question") is None


def test_labels_are_learnt_from_all_their_examples_not_from_the_one_on_the_same_subject() -> None:
    with (PROJECT / "samples/tuning/tweets.csv").open(encoding="utf-8", newline="") as file:
        tweets = [Example(row["text"], row["label"]) for row in csv.DictReader(file)]
    parts = [part_of(one.asked, validation=0, test=0.2) for one in tweets]
    tuned = Tuned([one for one, part in zip(tweets, parts, strict=True) if part == "train"])
    test = [one for one, part in zip(tweets, parts, strict=True) if part == "test"]

    right = sum(tuned.answer(one.asked) == one.answer for one in test)

    assert right / len(test) > 0.75
    # The nearest of the subject says the opposite.
    assert tuned.nearest("The playlist has 31 songs", 1)[0].answer == "positive"
    assert tuned.answer("The playlist has 31 songs") == "neutral"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("positive", True), ('{"mood": 1}', True), ("I like it.", False), ("one two three four five", False)],
)
def test_labels_and_json_are_for_programs(answer: str, expected: bool) -> None:
    assert is_for_programs(answer) is expected


def test_a_real_model_is_shown_the_nearest_examples() -> None:
    tuned = Tuned([Example("great", "positive"), Example("awful", "negative")])
    request = {"messages": [{"role": "user", "content": [{"text": "great"}]}]}
    assert "great\npositive" in tuned.prompted(request)["system"][-1]["text"]
