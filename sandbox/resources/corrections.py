"""Where MiniStack's Bedrock answers otherwise than AWS and a resource type depends on it.

Each correction names AWS's behaviour (API reference of the operation) and replaces one function of the service
module, so that SDK callers meet the same behaviour as CloudFormation.
"""

from __future__ import annotations

import copy
import functools
import json
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any, cast

from ministack.services import bedrock, bedrock_agent

Reply = tuple[int, dict[str, str], bytes]

# AWS takes an ARN wherever it takes an identifier; MiniStack looks resources up by id alone.
_ARN_IN_PATH = re.compile(
    r"arn:[^/]+:(?:guardrail|prompt|knowledge-base|application-inference-profile|flow/[^/]+/alias|flow)/"
)
_GUARDRAIL_ID_LENGTH = 12
_POLICY_CONFIGS = (
    "topicPolicyConfig",
    "contentPolicyConfig",
    "wordPolicyConfig",
    "sensitiveInformationPolicyConfig",
    "contextualGroundingPolicyConfig",
)
_GUARDRAIL_KEYS = {
    "description": "Description",
    "kmsKeyId": "KmsKeyArn",
    **{name: bedrock._to_internal_guardrail(name) for name in _POLICY_CONFIGS},
}
# Update functions of Bedrock's agent service, the store each changes, and the members it may leave out.
_AGENT_UPDATES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "_update_kb": (bedrock_agent._knowledge_bases, ("description",)),
    "_update_ds": (
        bedrock_agent._data_sources,
        ("description", "serverSideEncryptionConfiguration", "vectorIngestionConfiguration"),
    ),
    "_update_prompt": (
        bedrock_agent._prompts,
        ("description", "defaultVariant", "variants", "customerEncryptionKeyArn"),
    ),
    "_update_flow": (bedrock_agent._flows, ("description", "definition", "customerEncryptionKeyArn")),
    "_update_flow_alias": (bedrock_agent._flow_aliases, ("description",)),
}
# What MiniStack's create functions put where nothing was sent; None elsewhere.
_EMPTY: dict[str, Any] = {"Description": "", "Variants": []}


@functools.cache
def install() -> None:
    """Put the corrections in place; calling it again does nothing."""
    for module in (bedrock, bedrock_agent):
        module.handle_request = _taking_arns(module.handle_request)
    bedrock._create_guardrail = _with_alphanumeric_id(bedrock._create_guardrail)
    bedrock._update_guardrail = _replacing(bedrock._update_guardrail, bedrock._guardrails, _GUARDRAIL_KEYS)
    bedrock._get_guardrail = _with_policies(bedrock._get_guardrail)
    bedrock._delete_guardrail = _deleting_one_version(bedrock._delete_guardrail)
    bedrock._delete_inference_profile = _deleting_profile_tags(bedrock._delete_inference_profile)
    for name, (store, members) in _AGENT_UPDATES.items():
        keys = {member: f"{member[:1].upper()}{member[1:]}" for member in members}
        setattr(bedrock_agent, name, _replacing(getattr(bedrock_agent, name), store, keys))
    bedrock_agent._delete_prompt = _deleting_prompt_version(bedrock_agent._delete_prompt)
    bedrock_agent._delete_flow = _deleting_flow_versions(bedrock_agent._delete_flow)


def _taking_arns(handle: Any) -> Any:
    @functools.wraps(handle)
    async def corrected(method: str, path: str, headers: Any, body: Any, query: Any) -> Reply:
        # The path of a tag operation carries the ARN that is to be tagged.
        short = path if path.startswith("/tags/") else _ARN_IN_PATH.sub("", path)
        return cast(Reply, await handle(method, short, headers, body, query))

    return corrected


def _with_alphanumeric_id(create: Any) -> Any:
    """A guardrail id is ``[a-z0-9]+``, which the registry's patterns check; MiniStack's has a hyphen."""

    @functools.wraps(create)
    def corrected(body: bytes) -> Reply:
        status, headers, reply = create(body)
        if status >= 300:
            return cast(Reply, (status, headers, reply))
        document = json.loads(reply)
        old_id, old_arn = document["guardrailId"], document["guardrailArn"]
        alphabet = string.ascii_lowercase + string.digits
        new_id = "".join(secrets.choice(alphabet) for _ in range(_GUARDRAIL_ID_LENGTH))
        record = bedrock._guardrails.pop(old_id)
        record.update(GuardrailId=new_id, GuardrailArn=bedrock._guardrail_arn(new_id))
        bedrock._guardrails[new_id] = record
        tags = bedrock._tags.pop(old_arn, None)
        if tags:
            bedrock._tags[record["GuardrailArn"]] = tags
        document.update(guardrailId=new_id, guardrailArn=record["GuardrailArn"])
        return status, headers, json.dumps(document).encode()

    return corrected


def _replacing(update: Any, store: Any, keys: Mapping[str, str]) -> Any:
    """An update replaces the whole resource: what it does not send is gone (UpdatePrompt: "Include both fields that
    you want to keep and fields that you want to replace"). ``keys`` maps optional members to keys of the record.
    """

    @functools.wraps(update)
    def corrected(*arguments: Any) -> Reply:
        *identifiers, body = arguments
        status, headers, reply = update(*arguments)
        if status < 300:
            sent = json.loads(body or b"{}")
            record = store["/".join(identifiers)]
            record.update({key: copy.copy(_EMPTY.get(key)) for member, key in keys.items() if member not in sent})
        return status, headers, reply

    return corrected


def _with_policies(get: Any) -> Any:
    """GetGuardrail answers ``contentPolicy.filters`` where CreateGuardrail takes ``filtersConfig``."""

    @functools.wraps(get)
    def corrected(identifier: str, query: Any) -> Reply:
        status, headers, reply = get(identifier, query)
        if status >= 300:
            return cast(Reply, (status, headers, reply))
        document = json.loads(reply)
        for name in (config.removesuffix("Config") for config in _POLICY_CONFIGS):
            policy = document.get(name)
            if policy:
                document[name] = {_output_member(key): value for key, value in policy.items()}
        return status, headers, json.dumps(document).encode()

    return corrected


def _output_member(member: str) -> str:
    return "tier" if member.endswith("TierConfig") else member.removesuffix("Config")


def _deleting_one_version(delete: Any) -> Any:
    """DeleteGuardrail with a version deletes that version; without one, the guardrail, its versions and its tags."""

    @functools.wraps(delete)
    def corrected(identifier: str, query: Any) -> Reply:
        guardrail = identifier.rpartition("/")[2]
        version = (query.get("guardrailVersion") or [None])[0]
        if version is None:
            bedrock._tags.pop(bedrock._guardrail_arn(guardrail), None)
            return cast(Reply, delete(guardrail, query))
        if bedrock._guardrail_versions.pop(f"{guardrail}/{version}", None) is None:
            return cast(Reply, bedrock._not_found(f"Guardrail {identifier} version {version} not found."))
        return cast(Reply, bedrock._empty(status=202))

    return corrected


def _deleting_profile_tags(delete: Any) -> Any:
    """The tags of an inference profile go with it."""

    @functools.wraps(delete)
    def corrected(profile: str) -> Reply:
        bedrock._tags.pop(bedrock._inference_profile_arn(profile, application=True), None)
        return cast(Reply, delete(profile))

    return corrected


def _deleting_prompt_version(delete: Any) -> Any:
    """DeletePrompt with a version deletes that version; without one, the prompt, its versions and its tags."""

    @functools.wraps(delete)
    def corrected(prompt: str, query: Any) -> Reply:
        version = (query.get("promptVersion") or [None])[0]
        if version is None:
            _drop(bedrock_agent._prompt_versions, f"{prompt}/")
            bedrock_agent._tags.pop(bedrock_agent._prompt_arn(prompt), None)
            return cast(Reply, delete(prompt, query))
        if bedrock_agent._prompt_versions.pop(f"{prompt}/{version}", None) is None:
            return cast(Reply, bedrock_agent._not_found(f"Prompt {prompt} version {version} not found."))
        bedrock_agent._tags.pop(bedrock_agent._prompt_version_arn(prompt, version), None)
        return cast(Reply, bedrock_agent._json({"Id": prompt, "Version": version}))

    return corrected


def _deleting_flow_versions(delete: Any) -> Any:
    """DeleteFlow takes the versions of the flow with it."""

    @functools.wraps(delete)
    def corrected(flow: str, query: Any) -> Reply:
        _drop(bedrock_agent._flow_versions, f"{flow}/")
        bedrock_agent._tags.pop(bedrock_agent._flow_arn(flow), None)
        return cast(Reply, delete(flow, query))

    return corrected


def _drop(store: Any, prefix: str) -> None:
    for key in [key for key in store.keys() if key.startswith(prefix)]:  # noqa: SIM118 - iterating changes the store
        del store[key]
