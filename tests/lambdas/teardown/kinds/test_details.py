"""What a list tells of a thing is enough to price it as its description does."""

from typing import Any

import pytest

from lambdas.catalogue import idle
from lambdas.teardown.kind import Found
from tests.lambdas.teardown.account import Nothing, account
from tests.lambdas.teardown.kinds.test_table import kind

REGION = "us-east-1"


def price(type_: str, found: Found) -> float | None:
    properties = {name[:1].upper() + name[1:]: value for name, value in found.details.items()}
    return idle.price_of(kind(type_).resource, properties, region=REGION).usd_per_hour


@pytest.mark.parametrize(("replicas", "usd"), [("DISABLED", 0.24), ("ENABLED", 0.48)])
def test_a_listed_collection_is_priced_by_its_replicas(replicas: str, usd: float) -> None:
    search = Nothing()
    listed = [{"id": f"c{one}", "name": "n", "arn": "a", "status": "ACTIVE"} for one in range(101)]
    search.answers["list_collections"] = {"collectionSummaries": listed}

    def described(*, ids: list[str]) -> dict[str, Any]:
        assert len(ids) <= 100, "more are refused"
        return {"collectionDetails": [{"id": one, "standbyReplicas": replicas} for one in reversed(ids)]}

    search.answers["batch_get_collection"] = described

    found = list(kind("collection").finds(account(opensearchserverless=search)))

    assert [one.id for one in found] == [one["id"] for one in listed]
    assert {price("collection", one) for one in found} == {usd}


def test_a_listed_space_is_priced_by_its_disk() -> None:
    studio = Nothing()
    studio.answers["list_domains"] = {
        "Domains": [{"DomainId": "d-1", "DomainName": "n", "DomainArn": "a", "Status": "InService"}]
    }
    disk = {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 100}}}
    listed = {"DomainId": "d-1", "SpaceName": "ana", "Status": "InService", "SpaceSettingsSummary": disk}
    studio.answers["list_spaces"] = {"Spaces": [listed]}

    (found,) = kind("space").finds(account(sagemaker=studio))

    assert price("space", found) == pytest.approx(100 * 0.112 / 730)
