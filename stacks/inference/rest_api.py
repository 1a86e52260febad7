"""The regional REST API: keys, request validation, throttle, access log, errors in OpenAI's and Anthropic's shape."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from configuration.inference import Inference
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.log_group import log_group
from stacks.components.python_function import PythonFunction
from stacks.inference import permissions
from stacks.inference.gateway_errors import add_gateway_errors
from stacks.inference.unanswered import answer_preflights, refuse_other_methods

STAGE = "api"


class RestApi(Construct):
    """An API whose every method wants a key that ``authorizer`` knows.

    Attributes:
        api: the REST API.
        url: where clients point, ending in /v1.
    """

    def __init__(self, scope: Construct, id_: str, *, authorizer: PythonFunction) -> None:
        super().__init__(scope, id_)
        config = EnvironmentStack.of(self).config
        self._inference = config.inference
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=config.physical_name("api"),
            description=f"Quarry's OpenAI-compatible endpoint ({config.name})",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            deploy_options=_stage(config.inference, access_log=log_group(self, "AccessLog")),
        )
        if config.inference.owns_api_gateway_account:
            self._own_account()
        add_gateway_errors(self.api, cors=config.inference.cors)
        self._authorizer = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            handler=authorizer.function,
            identity_source=apigateway.IdentitySource.header("Authorization"),
            results_cache_ttl=Duration.seconds(config.inference.key_cache_seconds),
        )
        self._either_header = self._unremembered(authorizer)
        self._validator = self.api.add_request_validator(
            "Body", validate_request_body=True, validate_request_parameters=True
        )
        self._json_object = self.api.add_model(
            "JsonObject",
            content_type="application/json",
            schema=apigateway.JsonSchema(
                schema=apigateway.JsonSchemaVersion.DRAFT4, type=apigateway.JsonSchemaType.OBJECT
            ),
        )
        self._methods: dict[str, set[str]] = {}
        self._acknowledge()

    @property
    def url(self) -> str:
        """Base URL for OpenAI's SDK."""
        return f"{self.api.deployment_stage.url_for_path('/v1')}"

    def route(
        self,
        method: str,
        path: str,
        *,
        function: lambda_.IFunction,
        stream: bool = False,
        x_api_key: bool = False,
    ) -> None:
        """Let ``function`` answer ``method`` (GET, POST, ...) on ``path`` (as /v1/models).

        Args:
            stream: whether the function is one behind the Lambda Web Adapter, whose answer is handed on as it comes.
            x_api_key: whether keys may come in that header, as Anthropic's clients send them, instead of Authorization.
        """
        self._methods.setdefault(path, set()).add(method)
        seconds = self._inference.chat_timeout_seconds if stream else self._inference.timeout_seconds
        mode = apigateway.ResponseTransferMode.STREAM if stream else None
        added = self.api.root.resource_for_path(path).add_method(
            method,
            apigateway.LambdaIntegration(
                function, timeout=Duration.seconds(seconds), allow_test_invoke=False, response_transfer_mode=mode
            ),
            authorizer=self._either_header if x_api_key else self._authorizer,
            authorization_type=apigateway.AuthorizationType.CUSTOM,
            request_validator=self._validator,
            request_models={"application/json": self._json_object} if method == "POST" else None,
        )
        acknowledge(
            added,
            "AwsSolutions-COG4",
            because="Applications call with API keys, not as Cognito users; the Lambda authorizer checks the keys.",
        )

    def refuse_the_rest(self) -> None:
        """Answer what no route is for: other methods of the paths that have one, and browsers' preflights."""
        for path, methods in self._methods.items():
            resource = self.api.root.resource_for_path(path)
            if self._inference.cors:
                answer_preflights(resource, cors=self._inference.cors, methods=methods)
            refuse_other_methods(resource, methods=methods)

    def _unremembered(self, authorizer: PythonFunction) -> apigateway.RequestAuthorizer:
        """Return the authorizer of routes where a key comes in one of two headers.

        One that is remembered demands of every request all that it is remembered by; of two headers one will do, so
        none can be demanded, and nothing is remembered: never can one caller have another's answer.
        """
        made = apigateway.RequestAuthorizer(
            self,
            "EitherHeader",
            handler=authorizer.function,
            identity_sources=[],
            results_cache_ttl=Duration.seconds(0),
        )
        resource = made.node.default_child
        assert isinstance(resource, apigateway.CfnAuthorizer)
        # The CDK would name an empty source.
        resource.identity_source = None
        return made

    def _own_account(self) -> None:
        role = permissions.api_gateway_logging_role(self, "LoggingRole")
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        # Deleting the setting only forgets it: the account would go on naming a role that is gone, and no API of it
        # would write a log any more. Hence plain Retain, also when the deployment that made them fails: by then the
        # account names this role.
        for each in (role, account):
            each.apply_removal_policy(RemovalPolicy.RETAIN)
        # The stage turns its access log on, which AWS refuses before the account has the role.
        self.api.deployment_stage.node.add_dependency(account)
        acknowledge(
            role,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{permissions.API_GATEWAY_LOGGING_POLICY}]",
            because="API Gateway accepts an account-wide logging role only with its own managed policy's permissions.",
        )

    def _acknowledge(self) -> None:
        acknowledge(
            self.api.deployment_stage,
            "AwsSolutions-APIG3",
            because="Every route wants a 256-bit key and the stage is throttled; an idle web ACL bills 5 USD a month.",
        )
        acknowledge(
            self.api.deployment_stage,
            "AwsSolutions-APIG6",
            because="Execution logs hold request bodies, so prompts; the access log and the functions' logs do not.",
        )


def _stage(inference: Inference, *, access_log: logs.LogGroup) -> apigateway.StageOptions:
    return apigateway.StageOptions(
        stage_name=STAGE,
        throttling_rate_limit=inference.throttle.rate,
        throttling_burst_limit=inference.throttle.burst,
        metrics_enabled=True,
        tracing_enabled=True,
        # Neither prompts nor completions may reach a log.
        logging_level=apigateway.MethodLoggingLevel.OFF,
        data_trace_enabled=False,
        access_log_destination=apigateway.LogGroupLogDestination(access_log),
        access_log_format=_access_log_format(),
    )


def _access_log_format() -> apigateway.AccessLogFormat:
    fields = {
        "time": "$context.requestTime",
        "requestId": "$context.requestId",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "keyId": "$context.authorizer.key_id",
        "latencyMs": "$context.responseLatency",
        "integrationLatencyMs": "$context.integrationLatency",
        "responseBytes": "$context.responseLength",
        "error": "$context.error.responseType",
    }
    return apigateway.AccessLogFormat.custom(
        "{" + ",".join(f'"{key}":"{value}"' for key, value in fields.items()) + "}"
    )
