"""The endpoint that applications call: REST API, key authorizer, tables, and the functions that talk to models."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnOutput
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.parameters import ParameterNames
from configuration.prompts import PromptFile
from lambdas.api import operations
from lambdas.api.settings import ENDING_SECONDS, InferenceSettings
from lambdas.authorizer.settings import TIMEOUT_SECONDS, AuthorizerSettings
from lambdas.chat import promotions
from lambdas.sessions import items
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.components.python_function import FunctionLayer, PythonFunction
from stacks.components.table import Table
from stacks.foundation.counted import counted_budget, grant_count
from stacks.inference import permissions, standing_promotions
from stacks.inference.allowances import Allowances
from stacks.inference.model_access_check import ModelAccessCheck
from stacks.inference.rest_api import RestApi
from stacks.inference.served_models import ServedModels
from stacks.inference.sessions_table import SessionsTable
from stacks.inference.web_function import web_adapter
from stacks.knowledge.asked import asked_knowledge, grant_ask
from stacks.playground.domain import OwnDomain
from stacks.playground.pages import Playground
from stacks.prompts.definitions import PromptDefinitions

# The function gives up before API Gateway does, and its answer before the function does, so that the caller gets our
# error and not the gateway's. The answer's clock is API Gateway's where that began earlier, before a cold start:
# lambdas.api.time_left.
FUNCTION_MARGIN_SECONDS: Final = 1


class InferenceStack(EnvironmentStack):
    """Composes the endpoint and grants what its functions need."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, account: str | None, prompts: Sequence[PromptFile]
    ) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: the OpenAI-compatible inference endpoint"
        )
        self._models = ServedModels(self, "Models")
        self._allowances = Allowances(self, "Allowances")
        self._sessions = SessionsTable(self, "Sessions")
        keys = Table(self, "Keys", partition_key="key_hash")
        api = RestApi(self, "Rest", authorizer=self._authorizer(keys))
        inference = self._inference(PromptDefinitions(self, "Prompts", prompts=prompts))
        # Without a knowledge base its routes say that there is none. A deployment's logical id is a hash of the routes
        # in their order, so another order would be another deployment.
        for operation in operations.of("inference"):
            api.route(
                operation.method,
                operation.path,
                function=inference.function,
                x_api_key=operation.takes_x_api_key,
            )
        chat = self._chat()
        for operation in operations.of("chat"):
            api.route(
                operation.method,
                operation.path,
                function=chat.function,
                stream=True,
                x_api_key=operation.takes_x_api_key,
            )
        if config.tuning:
            standing_promotions.tell(self._models, environment=config.name, configured=self._models.chatting())
        api.refuse_the_rest()
        self._playground(api)
        ModelAccessCheck(self, "ModelAccess", inference=inference, models=self._models)
        self._pin_guardrail()
        if config.studio:
            # Notebooks are told of it. An export could not be replaced.
            ssm.StringParameter(
                self, "BaseUrlParameter", parameter_name=ParameterNames(config).base_url, string_value=api.url
            )
        if config.retain_data:
            self._protect(keys, self._allowances.table, self._sessions.table)
        self._outputs(api, keys)

    def _playground(self, api: RestApi) -> None:
        """Serve the pages at the endpoint's address, and at one of its own if the environment has one."""
        if not self.config.playground:
            return
        Playground(self, "Playground", api=api.api)
        address = api.api.deployment_stage.url_for_path("/")
        if domain := self.config.playground.domain:
            address = OwnDomain(self, "OwnDomain", api=api.api, domain=domain).url
        CfnOutput(self, "PlaygroundUrl", value=address, description="Playground")

    def _outputs(self, api: RestApi, keys: Table) -> None:
        """Tell the command line where everything is."""
        CfnOutput(self, "BaseUrl", value=api.url, description="base_url for OpenAI's SDK")
        CfnOutput(self, "RestApiId", value=api.api.rest_api_id, description="Id of the REST API")
        CfnOutput(self, "StageName", value=api.api.deployment_stage.stage_name, description="Its stage")
        CfnOutput(self, "KeysTable", value=keys.table_name, description="DynamoDB table of the API keys")
        CfnOutput(
            self,
            "AllowancesTable",
            value=self._allowances.table.table_name,
            description="DynamoDB table of the allowances",
        )
        CfnOutput(
            self,
            "AllowancesSweeper",
            value=self._allowances.sweeper.function.function_name,
            description="Function that sweeps reservations",
        )

    def _protect(self, *tables: dynamodb.ITable) -> None:
        """Protect the tables from deletion when all else of the stack is there."""
        everything = self.node.children
        lifecycle = Lifecycle(
            self,
            "Lifecycle",
            handler="lambdas.lifecycle.protection.lambda_handler",
            description="Protects the tables from deletion once the deployment has come through, for CloudFormation",
        )
        lifecycle.protect(tables=tables, after=everything)

    def _pin_guardrail(self) -> None:
        """Say which version of the guardrail the functions name, so that it is not cleared away."""
        names = ParameterNames(self.config)
        ssm.StringParameter(
            self,
            "GuardrailPin",
            parameter_name=f"{names.guardrail_pins}/inference",
            string_value=ssm.StringParameter.value_for_string_parameter(self, names.guardrail_version),
        )

    def _authorizer(self, keys: Table) -> PythonFunction:
        function = PythonFunction(
            self,
            "Authorizer",
            description="Decides whether an API key may call the endpoint",
            handler="lambdas.authorizer.handler.lambda_handler",
            service="authorizer",
            settings=AuthorizerSettings(keys_table=keys.table_name),
            memory_megabytes=512,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        permissions.grant_find_key(function.role, table=keys)
        return function

    def _inference(self, prompts: PromptDefinitions) -> PythonFunction:
        seconds = self.config.inference.timeout_seconds
        function = self._calling(
            "Inference",
            description="Answers everything under /v1 that does not stream",
            handler="lambdas.api.handler.lambda_handler",
            seconds=seconds,
            layers=[FunctionLayer(layer=prompts.layer)],
        )
        names = ParameterNames(self.config)
        self._grant_converse(function)
        permissions.grant_rerank(function.role, stack=self, models=self._models.reranking())
        permissions.grant_report_usage(function.role, table=self._allowances.table)
        permissions.grant_manage_sessions(function.role, table=self._sessions.table, owner_index=items.OWNER_INDEX)
        permissions.grant_read_model_access(function.role, stack=self, parameter_name=names.model_access)
        return function

    def _chat(self) -> PythonFunction:
        function = self._calling(
            "Chat",
            description="Answers chat and questions to the documents, streaming",
            handler="lambdas/api/run.sh",
            seconds=self.config.inference.chat_timeout_seconds,
            layers=[web_adapter(self, "Adapter")],
        )
        self._grant_converse(function, streaming=True)
        # Vectors come whole, and from this function alone: they may be longer than another's answer.
        permissions.grant_converse(function.role, stack=self, targets=self._models.of_kind("embedding"))
        permissions.grant_go_on_from_responses(function.role, table=self._sessions.table)
        permissions.grant_count_tokens(function.role, stack=self, models=self._models.counted())
        return function

    def _grant_converse(self, function: PythonFunction, *, streaming: bool = False) -> None:
        """Allow chatting with what the aliases name, and with what is promoted over them at run time."""
        permissions.grant_converse(function.role, stack=self, targets=self._models.of_kind("chat"), streaming=streaming)
        if self.config.tuning:
            permissions.grant_converse_tuned(
                function.role, stack=self, environment=self.config.name, streaming=streaming
            )

    def _calling(
        self,
        id_: str,
        *,
        description: str,
        handler: str,
        seconds: int,
        layers: Sequence[FunctionLayer],
    ) -> PythonFunction:
        """Return a function that calls models for keys: within allowances, with sessions, behind the guardrail."""
        settings = self._settings(seconds)
        function = PythonFunction(
            self,
            id_,
            description=description,
            handler=handler,
            service=id_.lower(),
            settings=settings,
            memory_megabytes=self.config.inference.memory_megabytes,
            timeout_seconds=settings.call_seconds,
            layers=layers,
        )
        permissions.grant_apply_guardrail(function.role, stack=self, guardrail_id=settings.guardrail_id)
        if settings.promotions_path:
            permissions.grant_read_promotions(function.role, stack=self, path=settings.promotions_path)
        permissions.grant_use_ledger(function.role, table=self._allowances.table)
        permissions.grant_use_sessions(function.role, table=self._sessions.table)
        grant_ask(function.role, stack=self)
        grant_count(function.role, stack=self)
        return function

    def _settings(self, seconds: int) -> InferenceSettings:
        """Return the settings of a function whose requests may take ``seconds``."""
        names = ParameterNames(self.config)
        options = self.config.inference
        return InferenceSettings(
            aliases=self._models.entries(),
            guardrail_id=ssm.StringParameter.value_for_string_parameter(self, names.guardrail_id),
            guardrail_version=ssm.StringParameter.value_for_string_parameter(self, names.guardrail_version),
            model_access_parameter=names.model_access,
            max_body_bytes=options.max_body_kilobytes * 1024,
            keep_alive_seconds=options.keep_alive_seconds,
            cors_origins=tuple(options.cors.origins) if options.cors else (),
            read_timeout_seconds=seconds - FUNCTION_MARGIN_SECONDS - ENDING_SECONDS,
            max_attempts=options.max_attempts,
            call_seconds=seconds - FUNCTION_MARGIN_SECONDS,
            allowances_table=self._allowances.table.table_name,
            sessions_table=self._sessions.table.table_name,
            session_ttl_seconds=options.session_ttl_seconds,
            default_max_tokens=options.default_max_tokens,
            default_max_tokens_of=options.default_max_tokens_of,
            strict=options.strict,
            reply_model=options.reply_model,
            prompt_caching=options.prompt_caching,
            judge_tool_descriptions=options.judge_tool_descriptions,
            history_token_budget=options.history_token_budget,
            summary_alias=self.config.summary_alias,
            knowledge=asked_knowledge(self),
            promotions_path=promotions.path_of(self.config.name) if self.config.tuning else None,
            budget=counted_budget(self),
        )
