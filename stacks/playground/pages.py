"""The playground's pages: API Gateway reads them from the bucket that the CDK CLI uploads to, with a role for that.

No function runs, so there is no cold start and no concurrency taken from those that answer; nothing is billed idle,
and nothing is left behind but what every deployment leaves in that bucket. Why so: docs/decisions/0031.
"""

import json
from pathlib import Path
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.playground.files import TYPES, Files, gather

PATH: Final = "playground"
# No exception for anything inline. Images: `data:` of one's own before they are sent, and the stylesheet's icons.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_BROKEN: Final = {
    "error": {
        "message": "This part of the playground cannot be read. Deploy again; the API itself is not concerned.",
        "type": "api_error",
        "param": None,
        "code": "internal_error",
    }
}


class Playground(Construct):
    """Serves the page at the API's root and what it loads below ``/playground/<version>``, without a key."""

    def __init__(self, scope: Construct, id_: str, *, api: apigateway.RestApi) -> None:
        super().__init__(scope, id_)
        files: Files = gather(libraries=EnvironmentStack.of(self).bundling_required)
        self._role = iam.Role(
            self,
            "Role",
            description="With which API Gateway reads the playground's files",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        )
        self._readable: list[str] = []
        self._serve(api.root, files.page, cache="no-cache")
        below = api.root.add_resource(PATH).add_resource(files.version)
        for name, path in files.others.items():
            self._serve(below.add_resource(name), path, cache=_FOR_EVER)
        self._role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=self._readable))

    def _serve(self, resource: apigateway.IResource, path: Path, *, cache: str) -> None:
        asset = assets.Asset(self, path.name, path=str(path))
        self._readable.append(asset.bucket.arn_for_objects(asset.s3_object_key))
        headers = {**_HEADERS, "Content-Type": TYPES[path.suffix], "Cache-Control": cache}
        added = resource.add_method(
            "GET",
            apigateway.AwsIntegration(
                service="s3",
                integration_http_method="GET",
                path=f"{asset.s3_bucket_name}/{asset.s3_object_key}",
                options=apigateway.IntegrationOptions(
                    credentials_role=self._role,
                    integration_responses=[
                        apigateway.IntegrationResponse(
                            status_code="200",
                            response_parameters={
                                f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()
                            },
                        ),
                        apigateway.IntegrationResponse(
                            status_code="502",
                            selection_pattern=r"[45]\d{2}",
                            response_templates={"application/json": json.dumps(_BROKEN)},
                        ),
                    ],
                ),
            ),
            authorization_type=apigateway.AuthorizationType.NONE,
            method_responses=[
                apigateway.MethodResponse(
                    status_code="200",
                    response_parameters={f"method.response.header.{name}": True for name in headers},
                ),
                apigateway.MethodResponse(status_code="502"),
            ],
        )
        for rule in ("AwsSolutions-APIG4", "AwsSolutions-COG4"):
            acknowledge(added, rule, because="The page is the same for everybody and knows nothing; it asks for a key.")
