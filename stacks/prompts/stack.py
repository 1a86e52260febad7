"""The prompts in Bedrock's prompt management, with an immutable version of each, which another content replaces.

The platform's own endpoint does not read them from there (stacks/prompts/definitions.py says why). They are
there for whoever works with Bedrock itself: the console, flows, agents, and Converse with a prompt's ARN as model id.
"""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Tags
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration import fingerprint
from configuration.config import Config
from configuration.prompts import PromptFile
from lambdas.prompts import definition
from lambdas.prompts.render import system_text, user_text
from stacks.components.environment_stack import EnvironmentStack

Bedrock = bedrock.CfnPrompt
VARIANT = "default"


def parameter_name(config: Config, prompt: str) -> str:
    """Return the name of the SSM parameter that has the ARN of a prompt's newest version."""
    return f"/quarry/{config.name}/prompts/{prompt}"


class PromptsStack(EnvironmentStack):
    """Owns the published prompts. An SSM parameter per prompt has its newest version's ARN."""

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, account: str | None, prompts: Sequence[PromptFile]
    ) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: the prompts, published in Bedrock"
        )
        for prompt in prompts:
            self._publish(prompt.compiled())

    def _publish(self, prompt: definition.Prompt) -> None:
        name = "".join(part.title() for part in prompt.name.split("-"))
        model_id = self.config.targets(prompt.alias)[0].callable_id
        published = Bedrock(
            self,
            name,
            name=self.config.physical_name(prompt.name),
            description=prompt.description,
            default_variant=VARIANT,
            variants=[_variant(prompt, model_id=model_id)],
        )
        # All of a version's properties are create-only: a changed prompt needs a new logical id to be published at all.
        # The former version goes once the deployment is through: a prompt has at most ten (L-FBBE47CA, not adjustable).
        mark = fingerprint.of_text(f"{prompt.version} {model_id}")
        version = bedrock.CfnPromptVersion(
            self, f"{name}Version{mark}", prompt_arn=published.attr_arn, description=f"Content {prompt.version}"
        )
        # Its tags cannot be changed either: another owner would make another version of what is the same.
        Tags.of(version).remove("quarry:owner")
        ssm.StringParameter(
            self,
            f"{name}Address",
            parameter_name=parameter_name(self.config, prompt.name),
            string_value=version.attr_arn,
            description=f"Newest version of the prompt {prompt.name}",
        )


def _variant(prompt: definition.Prompt, *, model_id: str) -> Bedrock.PromptVariantProperty:
    # The same tags as at run time: the template is filled in with its own placeholders.
    template = user_text(prompt, {variable.name: f"{{{{{variable.name}}}}}" for variable in prompt.variables})
    turns = [turn for each in prompt.examples for turn in (("user", each.user), ("assistant", each.assistant))]
    chat = Bedrock.ChatPromptTemplateConfigurationProperty(
        system=[Bedrock.SystemContentBlockProperty(text=system_text(prompt))],
        messages=[
            Bedrock.MessageProperty(role=role, content=[Bedrock.ContentBlockProperty(text=text)])
            for role, text in (*turns, ("user", template))
        ],
        input_variables=[Bedrock.PromptInputVariableProperty(name=variable.name) for variable in prompt.variables],
        tool_configuration=_tools(prompt),
    )
    return Bedrock.PromptVariantProperty(
        name=VARIANT,
        template_type="CHAT",
        template_configuration=Bedrock.PromptTemplateConfigurationProperty(chat=chat),
        model_id=model_id,
        inference_configuration=_inference(prompt.inference),
    )


def _tools(prompt: definition.Prompt) -> Bedrock.ToolConfigurationProperty | None:
    tools = [
        Bedrock.ToolProperty(
            tool_spec=Bedrock.ToolSpecificationProperty(
                name=tool.name,
                description=tool.description,
                input_schema=Bedrock.ToolInputSchemaProperty(json=tool.parameters),
            )
        )
        for tool in prompt.tools
    ]
    return Bedrock.ToolConfigurationProperty(tools=tools) if tools else None


def _inference(inference: definition.Inference) -> Bedrock.PromptInferenceConfigurationProperty | None:
    given: dict[str, Any] = {
        "temperature": inference.temperature,
        "top_p": inference.top_p,
        "max_tokens": inference.max_tokens,
        "stop_sequences": list(inference.stop) or None,
    }
    if all(value is None for value in given.values()):
        return None
    return Bedrock.PromptInferenceConfigurationProperty(text=Bedrock.PromptModelInferenceConfigurationProperty(**given))
