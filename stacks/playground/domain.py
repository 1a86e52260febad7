"""An address of one's own: a CloudFront distribution in front of the API, with the page and the API at one origin.

It caches what bears its version in its path, and nothing else; what is asked of the API passes through with every
header but Host, by which API Gateway would look for another API. Why so: docs/decisions/0034.
"""

from typing import Final

from aws_cdk import Aws, CfnOutput, Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from constructs import Construct

from configuration.playground import Domain
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.playground.pages import PATH

# What a distribution may wait for a byte unless the account's quota was raised ("Response timeout per origin"). Streams
# break their silence long before, so it is the bound of answers that come whole.
MOST_SILENT_SECONDS: Final = 120
# Of every distribution's aliases. [Route 53's AliasTarget]
_CLOUDFRONT_ZONE: Final = "Z2FDTNDATAQYW2"
_PRICE_CLASSES: Final = {
    "PriceClass_100": cloudfront.PriceClass.PRICE_CLASS_100,
    "PriceClass_200": cloudfront.PriceClass.PRICE_CLASS_200,
    "PriceClass_All": cloudfront.PriceClass.PRICE_CLASS_ALL,
}


class OwnDomain(Construct):
    """Serves the stage at the domain's root.

    Attributes:
        url: of the page, ending in ``/``.
    """

    def __init__(self, scope: Construct, id_: str, *, api: apigateway.RestApi, domain: Domain) -> None:
        super().__init__(scope, id_)
        config = EnvironmentStack.of(self).config
        self.url = f"https://{domain.name}/"
        longest = max(config.inference.chat_timeout_seconds, config.inference.timeout_seconds)
        origin = origins.HttpOrigin(
            f"{api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}",
            origin_path=f"/{api.deployment_stage.stage_name}",
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            read_timeout=Duration.seconds(min(longest, MOST_SILENT_SECONDS)),
            # A request that was begun is charged: it is never made twice.
            connection_attempts=1,
        )
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{config.physical_name('domain')}: Quarry's playground and API",
            domain_names=[domain.name],
            certificate=certificates.Certificate.from_certificate_arn(self, "Certificate", domain.certificate_arn),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=_PRICE_CLASSES[domain.price_class],
            default_behavior=_behaviour(
                origin,
                methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache=cloudfront.CachePolicy.CACHING_DISABLED,
                # Authorization and x-api-key too: without caching, all of the viewer's headers may pass.
                forwards=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            ),
            additional_behaviors={
                f"/{PATH}/*": _behaviour(
                    origin,
                    methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                    cache=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                )
            },
        )
        if domain.hosted_zone_id:
            for type_ in ("A", "AAAA"):
                route53.CfnRecordSet(
                    self,
                    f"Name{type_}",
                    hosted_zone_id=domain.hosted_zone_id,
                    name=domain.name,
                    type=type_,
                    alias_target=route53.CfnRecordSet.AliasTargetProperty(
                        dns_name=distribution.distribution_domain_name, hosted_zone_id=_CLOUDFRONT_ZONE
                    ),
                )
        stack = EnvironmentStack.of(self)
        CfnOutput(stack, "DomainBaseUrl", value=f"{self.url}v1", description="base_url at the address of one's own")
        CfnOutput(
            stack, "DomainTarget", value=distribution.distribution_domain_name, description="What its name points to"
        )
        _accept(distribution)


def _behaviour(
    origin: origins.HttpOrigin,
    *,
    methods: cloudfront.AllowedMethods,
    cache: cloudfront.ICachePolicy,
    forwards: cloudfront.IOriginRequestPolicy | None = None,
) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=methods,
        cache_policy=cache,
        origin_request_policy=forwards,
        # Managed: HSTS for a year, and what the files say themselves stands.
        response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
        # A key that came in clear has been seen: it is refused, and not sent to where it is safe.
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        compress=True,
    )


def _accept(distribution: cloudfront.Distribution) -> None:
    reasons = {
        "AwsSolutions-CFR1": "Who may ask is decided by keys, not by countries.",
        "AwsSolutions-CFR2": "Every route wants a 256-bit key and the stage is throttled; an idle web ACL bills 5 USD "
        "a month.",
        "AwsSolutions-CFR3": "API Gateway logs each request that reaches it; what the cache answers are the same "
        "public files for everybody.",
    }
    for rule, because in reasons.items():
        acknowledge(distribution, rule, because=because)
