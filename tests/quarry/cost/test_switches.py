"""What would be cheaper: priced again, not looked up."""

from typing import Any

import pytest

from configuration.config import Config
from configuration.cost.usage import Usage
from quarry.cost.estimate import estimate
from quarry.cost.switches import Saving, savings
from quarry.cost.template import Resource
from tests.quarry.cost.conftest import resource
from tests.varying import Vary


def collection(standby: str) -> Resource:
    return resource("AWS::OpenSearchServerless::Collection", {"StandbyReplicas": standby}, stack="knowledge")


def found(config: Config, resources: list[Resource], usage: Usage) -> dict[str, Saving]:
    return {one.switch.knob: one for one in savings(config, resources, usage)}


def test_the_store_that_costs_nothing_idle_saves_the_ocu(dev: Config, usage: Usage) -> None:
    one = found(dev, [collection("DISABLED")], usage)["knowledge.vector_store"]

    assert one.usd_per_month_idle == pytest.approx(0.24 * 730)
    # A GB at 0.024 instead of one at 0.06 that is also put, at 0.2; and 250 queries a day.
    assert one.usd_per_month_of_use == pytest.approx(0.024 - 0.06 - 0.2 - 250 * 730 / 24 * 2.5e-6)
    assert (one.was, one.switch.to, one.switch.also) == ("opensearch_serverless", "s3_vectors", {})


def test_what_has_to_go_with_a_switch_is_named(usage: Usage, vary: Vary) -> None:
    config = vary(knowledge={"search": "hybrid", "standby": True})

    one = found(config, [collection("ENABLED")], usage)["knowledge.vector_store"]

    assert one.switch.also == {"knowledge.search": "semantic", "knowledge.standby": False}
    assert one.to_json()["also"] == one.switch.also


def test_one_zone_saves_half(usage: Usage, vary: Vary) -> None:
    one = found(vary(knowledge={"standby": True}), [collection("ENABLED")], usage)["knowledge.standby"]

    assert one.usd_per_month_idle == pytest.approx(0.24 * 730)


def test_what_is_cheap_already_is_not_offered(usage: Usage, vary: Vary) -> None:
    index = resource("AWS::S3Vectors::Index", stack="knowledge")
    offered = found(vary(knowledge={"vector_store": "s3_vectors"}), [index], usage)

    assert not {"knowledge.vector_store", "knowledge.standby", "studio.volume_gb", "studio.instance_type"} & {*offered}


def test_notebooks_on_a_smaller_machine_and_disk(usage: Usage, vary: Vary) -> None:
    config = vary(studio={"participants": 1, "instance_type": "ml.t3.xlarge", "volume_gb": 20}, knowledge=None)
    space: dict[str, Any] = {
        "SpaceSettings": {
            "JupyterLabAppSettings": {"DefaultResourceSpec": {"InstanceType": "ml.t3.xlarge"}},
            "SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 20}},
        }
    }
    offered = found(config, [resource("AWS::SageMaker::Space", space, stack="studio")], usage)

    assert offered["studio.volume_gb"].usd_per_month == pytest.approx(15 * 0.112)
    assert offered["studio.instance_type"].usd_per_month == pytest.approx((0.2 - 0.05) * 6 * 730 / 24)


def test_a_smaller_model_that_can_the_same_is_priced_by_the_mix(usage: Usage, vary: Vary) -> None:
    config = vary(knowledge=None)
    one = found(config, [], usage)["models.aliases.smart"]

    before = estimate(config, [], usage).usd_of_use_per_month
    aliases = {**config.model_dump()["models"]["aliases"], "smart": one.switch.to}
    after = estimate(vary(knowledge=None, models={"aliases": aliases}), [], usage).usd_of_use_per_month
    assert one.usd_per_month == pytest.approx(before - after)
    # What it was stands behind it: nothing that is asked for gets lost.
    assert one.switch.to[1:] == one.was


def test_a_deployment_on_demand_in_place_of_throughput(usage: Usage, vary: Vary) -> None:
    provisioned = {
        "base_models": ["amazon.nova-lite-v1:0"],
        "hosting": "provisioned",
        "provisioned": {"max_hours": 4.0},
    }

    one = found(vary(knowledge=None, tuning=provisioned), [], usage)["tuning.hosting"]

    assert one.usd_per_month == pytest.approx(2 * 4 * 108.15)


def test_logs_that_are_kept_for_less_long(usage: Usage, vary: Vary) -> None:
    function = resource("AWS::Lambda::Function", {"Handler": "lambdas/api/run.sh", "Architectures": ["arm64"]})
    busy = usage.model_copy(update={"requests_per_day": 1_000_000})

    one = found(vary(log_days=30, knowledge=None), [function], busy)["log_days"]

    assert one.usd_per_month == pytest.approx(27 * 1_000_000 * 4 / 1024 / 1024 * 0.03)


def test_what_looks_cheaper_for_want_of_a_price_is_not_offered(usage: Usage, vary: Vary) -> None:
    config = vary(region="ap-northeast-2", models={"residency": "global"}, knowledge=None)

    assert found(config, [], usage) == {}


def test_the_most_is_first(usage: Usage, vary: Vary) -> None:
    config = vary(knowledge={"standby": True})
    every = [one.usd_per_month for one in savings(config, [collection("ENABLED")], usage)]

    assert every == sorted(every, reverse=True)
    assert len(every) > 2
