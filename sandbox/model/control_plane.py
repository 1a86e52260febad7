"""Makes MiniStack's ``bedrock`` service answer from this package's catalogue: its own is old and knows no regions.

Replaced: the list that its handlers search, how a model and a profile are shown, and what it says about access.
Everything that it stores (agreements, application profiles, the use case form) stays in its own structures.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import bedrock

from sandbox.model import account, catalogue, customization
from sandbox.model.errors import AwsError, Json, Response

# Not sold through AWS Marketplace: there is no agreement to accept (Bedrock user guide, "Model access").
_WITHOUT_AGREEMENT = ("Amazon", "Meta", "Mistral AI", "DeepSeek", "Qwen", "OpenAI")
_OTHER_TYPES = {"IMAGE", "EMBEDDING", "TEXT"}


def install() -> None:
    """Put the catalogue into MiniStack. Safe to call again."""
    bedrock._CATALOG[:] = [
        (m.model_id, m.model_name, m.provider_name, m.input_modalities, m.output_modalities, m.generates_text())
        for m in catalogue.models().values()
    ]
    # A base id is looked for as it is: AWS does not accept a profile's id where it asks for a model's.
    bedrock._INFERENCE_PROFILE_PREFIXES = ()
    bedrock._list_foundation_models = _list_models
    bedrock._get_foundation_model = _get_model
    bedrock._get_foundation_model_availability = _availability
    bedrock._list_inference_profiles = _list_profiles
    bedrock._get_inference_profile = _get_profile
    bedrock._create_inference_profile = _creating_profile(bedrock._create_inference_profile)
    bedrock._get_use_case_for_model_access = _get_form
    bedrock._put_use_case_for_model_access = _putting_form(bedrock._put_use_case_for_model_access)


def _json(document: Json, status: int = 200) -> Response:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _first(query: dict[str, Any], name: str) -> str | None:
    value = query.get(name)
    return (value[0] if value else None) if isinstance(value, list) else value


def _shown(model: catalogue.Model | customization.BaseModel) -> Json:
    summary = model.summary(get_region())
    standing = account.of(model.model_id)
    if standing.status:
        summary["modelLifecycle"]["status"] = standing.status
    if standing.end_of_life_time:
        summary["modelLifecycle"]["endOfLifeTime"] = standing.end_of_life_time
    return summary


def _here() -> list[catalogue.Model]:
    return [
        model
        for model in catalogue.models().values()
        if catalogue.in_region(model, get_region()) and _is_available(model)
    ]


def _is_available(model: catalogue.Model | customization.BaseModel) -> bool:
    return account.of(model.model_id).region_availability == "AVAILABLE"


def _list_models(query: dict[str, Any]) -> Response:
    # AWS lists the ids that customisation takes beside the models' own.
    entries = [_shown(model) for model in _here()]
    entries += [_shown(model) for model in customization.here(get_region()) if _is_available(model)]
    provider = (_first(query, "byProvider") or "").lower()
    output, inference = _first(query, "byOutputModality"), _first(query, "byInferenceType")
    customization_type = _first(query, "byCustomizationType")
    if output and output not in _OTHER_TYPES:
        return AwsError("ValidationException", f"Unknown output modality {output}.").response()
    if customization_type and customization_type not in customization.LISTED:
        return AwsError("ValidationException", f"Unknown customization type {customization_type}.").response()
    kept = [
        entry
        for entry in entries
        if (not provider or entry["providerName"].lower() == provider)
        and (not output or output in entry["outputModalities"])
        and (not inference or inference in entry["inferenceTypesSupported"])
        and (not customization_type or customization_type in entry["customizationsSupported"])
    ]
    return _json({"modelSummaries": kept})


def _find(identifier: str) -> catalogue.Model | None:
    name = identifier.rsplit("foundation-model/", 1)[-1]
    # AWS takes the id without its last part too: amazon.nova-2-lite-v1 for amazon.nova-2-lite-v1:0.
    return catalogue.models().get(name) or catalogue.models().get(f"{name}:0")


def _get_model(identifier: str) -> Response:
    tunable = customization.find(identifier, get_region())
    if tunable is not None and _is_available(tunable):
        return _json({"modelDetails": _shown(tunable)})
    model = _find(identifier)
    if model is None or model not in _here():
        return AwsError(
            "ResourceNotFoundException",
            f"Could not resolve the foundation model from the provided identifier: {identifier}.",
        ).response()
    return _json({"modelDetails": _shown(model)})


def _availability(identifier: str) -> Response:
    model = _find(identifier)
    if model is None:
        return AwsError("ResourceNotFoundException", f"Could not find model {identifier}.").response()
    standing = account.of(model.model_id)
    agreement = standing.agreement_availability
    if model.provider_name == "Anthropic" and standing.use_case_form == "NOT_SUBMITTED":
        agreement = "NOT_AVAILABLE"
    elif model.model_id in bedrock._model_agreements or model.provider_name in _WITHOUT_AGREEMENT:
        agreement = "AVAILABLE"
    there = catalogue.in_region(model, get_region()) and standing.region_availability == "AVAILABLE"
    return _json(
        {
            "modelId": identifier,
            "agreementAvailability": {"status": agreement},
            "authorizationStatus": standing.authorization_status,
            "entitlementAvailability": standing.entitlement_availability,
            "regionAvailability": "AVAILABLE" if there else "NOT_AVAILABLE",
        }
    )


def _stored(record: Json) -> Json:
    shown: Json = bedrock._camelize(record)
    shown.setdefault("createdAt", datetime.now().astimezone().isoformat())
    return shown


def _list_profiles(query: dict[str, Any]) -> Response:
    kind = _first(query, "typeEquals") or _first(query, "type")
    region, owner = get_region(), get_account_id()
    found: list[Json] = []
    if kind in (None, "SYSTEM_DEFINED"):
        found += [profile.summary(region, owner) for profile in catalogue.profiles(region).values()]
    if kind in (None, "APPLICATION"):
        found += [_stored(record) for record in bedrock._inference_profiles_apps.values()]
    most = int(_first(query, "maxResults") or 1000)
    start = int(_first(query, "nextToken") or 0)
    more = {"nextToken": str(start + most)} if start + most < len(found) else {}
    return _json({"inferenceProfileSummaries": found[start : start + most], **more})


def _profile(identifier: str) -> Json | None:
    name = identifier.rsplit("inference-profile/", 1)[-1]
    record = bedrock._inference_profiles_apps.get(name)
    if record is not None:
        return _stored(record)
    profile = catalogue.profiles(get_region()).get(name)
    return profile.summary(get_region(), get_account_id()) if profile else None


def _get_profile(identifier: str) -> Response:
    found = _profile(identifier)
    if found is None:
        return AwsError("ResourceNotFoundException", f"Inference profile {identifier} not found.").response()
    return _json(found)


def _creating_profile(original: Callable[[bytes], Response]) -> Callable[[bytes], Response]:
    if getattr(original, "knows_models", False):
        return original

    def create(body: bytes) -> Response:
        """Create an application profile that lists every model of the profile it was copied from, as AWS does."""
        try:
            source = str(json.loads(body or b"{}").get("modelSource", {}).get("copyFrom", ""))
        except (ValueError, AttributeError):
            return original(body)  # it refuses what is no JSON object itself
        arns = (
            [model["modelArn"] for model in (_profile(source) or {}).get("models", [])] if "profile/" in source else []
        )
        if source and not arns and _find(source) is None:
            return AwsError("ValidationException", "The provided model identifier is invalid.").response()
        response = original(body)
        if arns and response[0] < 300:
            name = json.loads(response[2])["inferenceProfileArn"].rsplit("/", 1)[-1]
            bedrock._inference_profiles_apps[name]["Models"] = [{"ModelArn": arn} for arn in arns]
        return response

    create.knows_models = True  # type: ignore[attr-defined]  # the mark that makes a second install harmless
    return create


def _get_form() -> Response:
    stored = bedrock._USE_CASE.get("usecase")
    if stored is not None:
        return _json({"formData": stored["FormData"]})
    if account.form_missing():
        return AwsError(
            "ResourceNotFoundException", "Use case details have not been submitted for this account."
        ).response()
    return _json({"formData": "eyJjb21wYW55TmFtZSI6IlNhbmRib3gifQ=="})  # {"companyName":"Sandbox"}


def _putting_form(original: Callable[[bytes], Response]) -> Callable[[bytes], Response]:
    if getattr(original, "notes_form", False):
        return original

    def put(body: bytes) -> Response:
        """Store the form and note that it was sent in."""
        response = original(body)
        if response[0] < 300:
            account.submit_form()
        return response

    put.notes_form = True  # type: ignore[attr-defined]  # as above
    return put
