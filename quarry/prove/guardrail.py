"""Proofs by asking the guardrail: each costs the text units that it judges."""

from typing import Any, Final

from configuration.parameters import ParameterNames
from quarry.prove.proof import Account, Outcome, not_told

_ADDRESS: Final = "ann@example.com"
_FINE: Final = "Stone is cut in a quarry."


def outputs(account: Account) -> Outcome:
    """Have two texts judged of which the second holds an address, which policies mask."""
    if not _masks_addresses(account):
        return not_told("the guardrail's policy does not mask EMAIL")
    named = _named(account)
    reply = account.client("bedrock-runtime").apply_guardrail(
        guardrailIdentifier=named["guardrailIdentifier"],
        guardrailVersion=named["guardrailVersion"],
        source="INPUT",
        content=[{"text": {"text": _FINE}}, {"text": {"text": f"Write to {_ADDRESS}."}}],
    )
    texts = [output["text"] for output in reply["outputs"]]
    as_written = len(texts) == 2 and texts[0] == _FINE and _ADDRESS not in texts[1]
    return Outcome.of(as_written, f"{len(texts)} outputs: {' | '.join(texts)}")


def documents(account: Account) -> Outcome:
    """Send a document with an address in it to a model, and see whether the guardrail's trace knows the address."""
    if not _masks_addresses(account):
        return not_told("the guardrail's policy does not mask EMAIL")
    model = _first_chat_model(account)
    if model is None:
        return not_told("no model of an alias takes documents")
    document = {"format": "txt", "name": "letter", "source": {"bytes": f"Write to {_ADDRESS}.".encode()}}
    reply = account.client("bedrock-runtime").converse(
        modelId=model,
        messages=[{"role": "user", "content": [{"text": "Say yes."}, {"document": document}]}],
        inferenceConfig={"maxTokens": 5},
        guardrailConfig={**_named(account), "trace": "enabled"},
    )
    judged = _ADDRESS in str(reply.get("trace", {}).get("guardrail", {}).get("inputAssessment", {}))
    return Outcome.of(not judged, f"Converse {'shows' if judged else 'does not show'} a document to the guardrail")


def _masks_addresses(account: Account) -> bool:
    return account.deployment.config.guardrail.pii.get("EMAIL") == "anonymize"


def _named(account: Account) -> dict[str, str]:
    names, parameters = ParameterNames(account.deployment.config), account.client("ssm")

    def read(name: str) -> str:
        found: Any = parameters.get_parameter(Name=name)["Parameter"]["Value"]
        return str(found)

    return {
        "guardrailIdentifier": read(names.guardrail_id),
        "guardrailVersion": read(names.guardrail_version),
    }


def _first_chat_model(account: Account) -> str | None:
    config = account.deployment.config
    targets = (target for alias in config.models.aliases for target in config.targets(alias))
    return next(
        (
            one.callable_id
            for one in targets
            if one.model.kind == "chat" and one.model.features and one.model.features.documents
        ),
        None,
    )
