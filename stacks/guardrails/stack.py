"""The guardrail that every call to a model passes through, with a new immutable version per policy."""

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.guardrail import GuardrailPolicy
from configuration.parameters import ParameterNames
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.guardrails import permissions


class GuardrailsStack(EnvironmentStack):
    """Owns the guardrail. Others read its id and version from SSM parameters, since an export could not be replaced."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: the guardrail of every call to a model"
        )
        policy = config.guardrail
        guardrail = bedrock.CfnGuardrail(
            self,
            "Guardrail",
            name=config.physical_name("guardrail"),
            description=policy.description,
            blocked_input_messaging=policy.messages.blocked_prompt,
            blocked_outputs_messaging=policy.messages.blocked_answer,
            content_policy_config=_content(policy),
            word_policy_config=_words(policy),
            sensitive_information_policy_config=_sensitive_information(policy),
            contextual_grounding_policy_config=_grounding(policy),
        )
        # All of a version's properties are create-only: a changed policy needs a new logical id to be published at all.
        # Old versions stay while a function may still name them, until the pruning finds that none does; deleting the
        # guardrail deletes them too. What a failed deployment published goes with it.
        version = bedrock.CfnGuardrailVersion(
            self,
            f"Version{policy.fingerprint()}",
            guardrail_identifier=guardrail.attr_guardrail_id,
            description=f"Policy {policy.fingerprint()}",
        )
        version.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        version.add_resource_dependency(self._pruning(guardrail))
        names = ParameterNames(config)
        for parameter, value in (
            (names.guardrail_id, guardrail.attr_guardrail_id),
            (names.guardrail_version, version.attr_version),
        ):
            ssm.StringParameter(
                self, parameter.rsplit("/", 1)[-1].title(), parameter_name=parameter, string_value=value
            )

    def _pruning(self, guardrail: bedrock.CfnGuardrail) -> CfnResource:
        """Return what makes room for another version whenever the policy changes, before that is published."""
        lifecycle = Lifecycle(
            self,
            "Lifecycle",
            handler="lambdas.lifecycle.guardrail_versions.lambda_handler",
            description="Deletes versions of the guardrail that nobody names any more, for CloudFormation",
        )
        pins = ParameterNames(self.config).guardrail_pins
        permissions.grant_prune(lifecycle.function.role, stack=self, guardrail=guardrail, pins=pins)
        return lifecycle.resource(
            self,
            "Pruning",
            kind="GuardrailPruning",
            action="prune_guardrail_versions",
            properties={
                "GuardrailId": guardrail.attr_guardrail_id,
                "Pins": pins,
                "Policy": self.config.guardrail.fingerprint(),
            },
            after=(),
        )


def _content(policy: GuardrailPolicy) -> bedrock.CfnGuardrail.ContentPolicyConfigProperty:
    filters = [
        bedrock.CfnGuardrail.ContentFilterConfigProperty(
            type=kind.upper(), input_strength=strength.prompt.upper(), output_strength=strength.answer.upper()
        )
        for kind, strength in policy.content
    ]
    # AWS accepts no other strength than NONE for answers here.
    attack = bedrock.CfnGuardrail.ContentFilterConfigProperty(
        type="PROMPT_ATTACK", input_strength=policy.prompt_attack.upper(), output_strength="NONE"
    )
    return bedrock.CfnGuardrail.ContentPolicyConfigProperty(filters_config=[*filters, attack])


def _words(policy: GuardrailPolicy) -> bedrock.CfnGuardrail.WordPolicyConfigProperty | None:
    words = [bedrock.CfnGuardrail.WordConfigProperty(text=word) for word in policy.words.blocked]
    managed = [bedrock.CfnGuardrail.ManagedWordsConfigProperty(type="PROFANITY")] if policy.words.profanity else []
    if not words and not managed:
        return None
    return bedrock.CfnGuardrail.WordPolicyConfigProperty(
        words_config=words or None, managed_word_lists_config=managed or None
    )


def _sensitive_information(
    policy: GuardrailPolicy,
) -> bedrock.CfnGuardrail.SensitiveInformationPolicyConfigProperty | None:
    entities = [
        bedrock.CfnGuardrail.PiiEntityConfigProperty(type=kind, action=action.upper())
        for kind, action in policy.pii.items()
    ]
    patterns = [
        bedrock.CfnGuardrail.RegexConfigProperty(
            name=pattern.name, description=pattern.description, pattern=pattern.regex, action=pattern.action.upper()
        )
        for pattern in policy.patterns
    ]
    if not entities and not patterns:
        return None
    return bedrock.CfnGuardrail.SensitiveInformationPolicyConfigProperty(
        pii_entities_config=entities or None, regexes_config=patterns or None
    )


def _grounding(policy: GuardrailPolicy) -> bedrock.CfnGuardrail.ContextualGroundingPolicyConfigProperty | None:
    if policy.grounding is None:
        return None
    return bedrock.CfnGuardrail.ContextualGroundingPolicyConfigProperty(
        filters_config=[
            bedrock.CfnGuardrail.ContextualGroundingFilterConfigProperty(type=kind.upper(), threshold=threshold)
            for kind, threshold in policy.grounding
        ]
    )
