"""What AWS refuses although the registry schema allows it, for guardrails, prompts and vector buckets.

Each function takes a resource's model (its CloudFormation properties and identifier) and raises RefusedError, in
AWS's words where they are known. The rules of vector indexes and knowledge bases stand in ``vector_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_region

from sandbox.regions import PROMPT_MANAGEMENT
from sandbox.resources import record_store
from sandbox.resources.resource_type import Model

_VECTOR_INDEX = "AWS::S3Vectors::Index"
_VECTOR_BUCKET = "AWS::S3Vectors::VectorBucket"

_GUARDRAIL_POLICIES = (
    "AutomatedReasoningPolicyConfig",
    "ContentPolicyConfig",
    "ContextualGroundingPolicyConfig",
    "SensitiveInformationPolicyConfig",
    "TopicPolicyConfig",
    "WordPolicyConfig",
)
# Policy, its list, the member that may not repeat, and CreateGuardrail's words.
_UNIQUE_IN_GUARDRAIL = (
    ("ContentPolicyConfig", "FiltersConfig", "Type", "Content policy must not include duplicate filters"),
    ("TopicPolicyConfig", "TopicsConfig", "Name", "Topic policy topic names are not unique"),
    ("WordPolicyConfig", "WordsConfig", "Text", "Custom words cannot have case-insensitive duplicates"),
    ("SensitiveInformationPolicyConfig", "PiiEntitiesConfig", "Type", "The PII entity configs cannot have duplicates"),
)


class RefusedError(ValueError):
    """AWS would refuse this request; the text is what it would say."""


def guardrail(model: Model) -> None:
    """At least one policy; no output strength for prompt attacks; nothing twice; STANDARD only across regions.

    The wordings are CreateGuardrail's, as cdk-preflight's guardrail rules measured them.
    """
    if not any(model.get(policy) for policy in _GUARDRAIL_POLICIES):
        raise RefusedError("Guardrail must have at least one policy")
    for policy, entries, key, message in _UNIQUE_IN_GUARDRAIL:
        values = [entry[key].lower() for entry in (model.get(policy) or {}).get(entries) or ()]
        if len(values) != len(set(values)):
            raise RefusedError(message)
    content = model.get("ContentPolicyConfig") or {}
    for each in content.get("FiltersConfig") or ():
        if each["Type"] == "PROMPT_ATTACK" and each["OutputStrength"] != "NONE":
            raise RefusedError("PROMPT ATTACK content filter strength for response must be NONE")
    topics = (model.get("TopicPolicyConfig") or {}).get("TopicsTierConfig") or {}
    tiers = {topics.get("TierName"), (content.get("ContentFiltersTierConfig") or {}).get("TierName")}
    if model.get("CrossRegionConfig"):
        return
    if "STANDARD" in tiers:
        raise RefusedError("Enable cross-Region inference for your guardrail to use Standard tier")
    if model.get("AutomatedReasoningPolicyConfig"):
        raise RefusedError(
            "To use Automated Reasoning checks, your guardrail must have a cross-Region inference profile"
        )


def prompt(model: Model) -> None:
    """The region has the type, and the default variant is one of the variants."""
    if get_region() not in PROMPT_MANAGEMENT:
        raise RefusedError("Template format error: Unrecognized resource types: [AWS::Bedrock::Prompt]")
    names = [variant["Name"] for variant in model.get("Variants") or ()]
    default = model.get("DefaultVariant")
    if default is not None and default not in names:
        raise RefusedError("Default variant must be present in the variants list")


def flow(model: Model) -> None:
    """Only one of the three ways to give a definition."""
    given = [name for name in ("Definition", "DefinitionString", "DefinitionS3Location") if model.get(name)]
    if len(given) > 1:
        raise RefusedError("you can only specify one of Definition, DefinitionString or DefinitionS3Location")


def application_inference_profile(model: Model) -> None:
    """The model source is writable only at creation, hence optional in the schema, and yet required."""
    if not model.get("ModelSource"):
        raise RefusedError("ModelSource is required to create an application inference profile.")


def vector_index(model: Model) -> None:
    """The bucket of an S3 vector index exists."""
    wanted = model.get("VectorBucketArn") or model.get("VectorBucketName")
    if not any(wanted in _bucket_names(bucket) for bucket in record_store.of_type(_VECTOR_BUCKET)):
        raise RefusedError(f"The specified vector bucket could not be found: {wanted}")


def empty_vector_bucket(model: Model) -> None:
    """S3 Vectors deletes only a bucket that holds no index."""
    prefix = f"{model['VectorBucketArn']}/index/"
    held = [index["IndexName"] for index in record_store.of_type(_VECTOR_INDEX) if index["IndexArn"].startswith(prefix)]
    if held:
        raise RefusedError(f"The specified vector bucket is not empty: it holds the indexes {', '.join(sorted(held))}")


def _bucket_names(bucket: Mapping[str, Any]) -> tuple[str, str]:
    return bucket["VectorBucketArn"], bucket["VectorBucketName"]
