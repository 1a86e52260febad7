"""The endpoint that applications call: REST API, key authorizer, keys table, inference function."""

from aws_cdk import CfnOutput
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lambdas.authorizer.settings import AuthorizerSettings
from lambdas.inference.settings import InferenceSettings
from stacks import permissions
from stacks.components.dependency_layer import DependencyLayer
from stacks.components.model_access_check import ModelAccessCheck
from stacks.components.python_function import PythonFunction
from stacks.components.rest_api import RestApi
from stacks.components.served_models import ServedModels
from stacks.config import Config
from stacks.environment_stack import EnvironmentStack
from stacks.parameters import ParameterNames

# The function gives up before API Gateway does, and its call to Bedrock before the function does, so that the caller
# gets our error and not the gateway's.
FUNCTION_MARGIN_SECONDS = 1
# Leaves room for retries and fallbacks too: lambdas.inference.service.RETRY_WINDOW_SECONDS.
CALL_MARGIN_SECONDS = 5


class InferenceStack(EnvironmentStack):
    """Composes the endpoint and grants what its functions need."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: the OpenAI-compatible inference endpoint"
        )
        self._dependencies = DependencyLayer(self, "Dependencies", target=config.functions.build_for)
        keys = self._keys_table()
        api = RestApi(self, "Rest", config=config, authorizer=self._authorizer(keys))
        inference = self._inference()
        api.route("GET", "/v1/models", function=inference.function)
        api.route("POST", "/v1/chat/completions", function=inference.function)
        CfnOutput(self, "BaseUrl", value=api.url, description="base_url for OpenAI's SDK")
        CfnOutput(self, "RestApiId", value=api.api.rest_api_id, description="Id of the REST API")
        CfnOutput(self, "StageName", value=api.api.deployment_stage.stage_name, description="Its stage")
        CfnOutput(self, "KeysTable", value=keys.table_name, description="DynamoDB table of the API keys")

    def _keys_table(self) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Keys",
            partition_key=dynamodb.Attribute(name="key_hash", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self.config.retain_data,
            removal_policy=self.removal_policy,
        )

    def _authorizer(self, keys: dynamodb.Table) -> PythonFunction:
        function = PythonFunction(
            self,
            "Authorizer",
            description="Decides whether an API key may call the endpoint",
            handler="lambdas.authorizer.handler.lambda_handler",
            service="authorizer",
            settings=AuthorizerSettings(keys_table=keys.table_name),
            dependencies=self._dependencies,
            memory_megabytes=512,
            timeout_seconds=8,
            log_days=self.config.inference.log_days,
            removal_policy=self.removal_policy,
        )
        permissions.grant_find_key(function.role, table=keys)
        return function

    def _inference(self) -> PythonFunction:
        names = ParameterNames(self.config)
        guardrail_id = ssm.StringParameter.value_for_string_parameter(self, names.guardrail_id)
        guardrail_version = ssm.StringParameter.value_for_string_parameter(self, names.guardrail_version)
        options = self.config.inference
        models = ServedModels(self, "Models", config=self.config)
        function = PythonFunction(
            self,
            "Inference",
            description="Answers /v1/models and /v1/chat/completions",
            handler="lambdas.inference.handler.lambda_handler",
            service="inference",
            settings=InferenceSettings(
                aliases=models.settings(),
                guardrail_id=guardrail_id,
                guardrail_version=guardrail_version,
                model_access_parameter=names.model_access,
                max_body_bytes=options.max_body_kilobytes * 1024,
                read_timeout_seconds=float(options.timeout_seconds - CALL_MARGIN_SECONDS),
                max_attempts=options.max_attempts,
            ),
            dependencies=self._dependencies,
            memory_megabytes=options.memory_megabytes,
            timeout_seconds=options.timeout_seconds - FUNCTION_MARGIN_SECONDS,
            log_days=options.log_days,
            removal_policy=self.removal_policy,
        )
        permissions.grant_converse(function.role, stack=self, models=models.every())
        permissions.grant_apply_guardrail(function.role, stack=self, guardrail_id=guardrail_id)
        permissions.grant_read_model_access(function.role, stack=self, parameter_name=names.model_access)
        ModelAccessCheck(
            self,
            "ModelAccess",
            config=self.config,
            dependencies=self._dependencies,
            inference=function,
            served=models.aliases,
            needed_until=self.config.models.needed_until,
        )
        return function
