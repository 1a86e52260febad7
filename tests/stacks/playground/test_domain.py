"""The distribution in front of page and API: what passes, what is kept, and where its name points."""

from typing import Any

import pytest
import yaml
from aws_cdk import aws_apigateway as apigateway

from configuration.config import Config
from configuration.environment_file import PROJECT
from stacks.components.environment_stack import EnvironmentStack
from stacks.playground.domain import OwnDomain
from tests import templates
from tests.configuration.test_playground import CERTIFICATE, DOMAIN
from tests.kept import kept
from tests.varying import Vary

# The managed policies, which have the same ids in every account.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


def stack(vary: Vary) -> dict[str, Any]:
    made: dict[str, Any] = templates.of(vary(playground={"domain": DOMAIN}))["Inference"]
    return made


@kept
def alone(config: Config) -> dict[str, Any]:
    """Return a template with a distribution before an API of nothing: a whole platform takes seconds."""
    assert config.playground is not None
    assert config.playground.domain is not None
    app = templates.new_app()
    holder = EnvironmentStack(app, "Things", config=config, account=None, description="a domain")
    api = apigateway.RestApi(holder, "Api", cloud_watch_role=False)
    api.root.add_method("GET")
    OwnDomain(holder, "OwnDomain", api=api, domain=config.playground.domain)
    (artifact,) = app.synth().stacks
    template: dict[str, Any] = artifact.template
    return template


def of_type(template: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in template["Resources"].values() if one["Type"] == type_]


def distribution(template: dict[str, Any]) -> dict[str, Any]:
    (found,) = of_type(template, "AWS::CloudFront::Distribution")
    config: dict[str, Any] = found["DistributionConfig"]
    return config


def test_the_api_passes_whole_and_nothing_of_it_is_kept(vary: Vary) -> None:
    default = distribution(stack(vary))["DefaultCacheBehavior"]

    assert default["CachePolicyId"] == CACHING_DISABLED
    # Authorization and x-api-key among them; the Host would be looked up by API Gateway.
    assert default["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST
    assert set(default["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}


def test_files_with_a_version_in_their_path_are_kept_and_compressed(vary: Vary) -> None:
    (files,) = distribution(stack(vary))["CacheBehaviors"]

    assert (files["PathPattern"], files["CachePolicyId"], files["Compress"]) == (
        "/playground/*",
        CACHING_OPTIMIZED,
        True,
    )
    assert "OriginRequestPolicyId" not in files
    assert set(files["AllowedMethods"]) == {"GET", "HEAD"}


def test_a_key_in_clear_is_refused_and_browsers_are_told_to_come_safely(vary: Vary) -> None:
    config = distribution(stack(vary))

    for behaviour in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        assert behaviour["ViewerProtocolPolicy"] == "https-only"
        assert behaviour["ResponseHeadersPolicyId"] == SECURITY_HEADERS
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert config["Aliases"] == ["ai.example.com"]
    assert config["PriceClass"] == "PriceClass_100"


@pytest.mark.parametrize(("seconds", "waits"), [(10, 29), (60, 60), (900, 120)])
def test_it_waits_for_the_stage_as_long_as_it_may(vary: Vary, seconds: int, waits: int) -> None:
    # The least is what the other routes take.
    config = vary(playground={"domain": DOMAIN}, inference={"chat_timeout_seconds": seconds})
    (origin,) = distribution(alone(config))["Origins"]

    assert origin["OriginPath"]["Fn::Join"][1][0] == "/"
    assert "Stage" in origin["OriginPath"]["Fn::Join"][1][1]["Ref"]
    assert ".execute-api." in str(origin["DomainName"])
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == waits
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]
    # No request is made twice: each is charged.
    assert origin["ConnectionAttempts"] == 1


def test_the_name_points_there_if_its_zone_is_named(vary: Vary) -> None:
    assert of_type(stack(vary), "AWS::Route53::RecordSet") == []
    config = vary(playground={"domain": {**DOMAIN, "hosted_zone_id": "Z2ABCDEFGHIJKL"}})
    records = of_type(alone(config), "AWS::Route53::RecordSet")

    assert {one["Type"] for one in records} == {"A", "AAAA"}
    for one in records:
        assert (one["HostedZoneId"], one["Name"]) == ("Z2ABCDEFGHIJKL", "ai.example.com")
        assert one["AliasTarget"]["HostedZoneId"] == "Z2FDTNDATAQYW2"


def test_the_address_is_told_and_the_apis_own_stays(vary: Vary) -> None:
    template = stack(vary)
    outputs = {name: one["Value"] for name, one in template["Outputs"].items()}
    without = templates.of(vary(playground=True))["Inference"]

    assert outputs["PlaygroundUrl"] == "https://ai.example.com/"
    assert outputs["DomainBaseUrl"] == "https://ai.example.com/v1"
    assert "Fn::GetAtt" in outputs["DomainTarget"]
    assert outputs["BaseUrl"] == without["Outputs"]["BaseUrl"]["Value"]
    # Nothing else of the stack changes.
    own = {id_ for id_ in template["Resources"] if id_ not in without["Resources"]}
    assert {template["Resources"][id_]["Type"] for id_ in own} == {"AWS::CloudFront::Distribution"}
    assert all(template["Resources"][id_] == one for id_, one in without["Resources"].items())


def test_idle_it_costs_nothing() -> None:
    costs = yaml.safe_load((PROJECT / "configuration" / "cost" / "resources.yaml").read_text("utf-8"))

    assert "AWS::CloudFront::Distribution" in costs["by_use"]
    assert "AWS::Route53::RecordSet" in costs["free"]


def test_it_has_the_environments_tags(vary: Vary) -> None:
    (found,) = of_type(stack(vary), "AWS::CloudFront::Distribution")

    assert {"quarry:environment", "quarry:owner"} <= {tag["Key"] for tag in found["Tags"]}
