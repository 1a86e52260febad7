"""Relations between the facts of tuning that types cannot say, and with the catalogue. Asked when it is compiled."""

import re
from collections import Counter
from collections.abc import Iterator

from lambdas.catalogue.customization import Customization, Hyperparameter, MethodFacts, TunableModel
from lambdas.catalogue.facts import Catalogue, Group


def problems(customization: Customization, catalogue: Catalogue) -> list[str]:
    """Return a line for everything that contradicts itself or the catalogue; none if all is well."""
    found: list[str] = []
    ids = Counter(model.customization_id for model in customization.models)
    found += [f"{id_}: there {count} times; keep one" for id_, count in ids.items() if count > 1]
    for model in customization.models:
        found += [f"{model.customization_id}: {problem}" for problem in _of_model(model)]
    found += _against(catalogue, customization)
    for name, group in _groups(customization):
        words = re.findall(r"\[([^\]]+)\]", group.source)
        found += [
            f"{name}: source [{word}] is not explained under sources"
            for word in words
            if word not in customization.sources
        ]
    return sorted(found)


def _groups(customization: Customization) -> Iterator[tuple[str, Group]]:
    yield "storage", customization.storage
    for model in customization.models:
        for group in (*model.methods.values(), model.hosting.on_demand, model.hosting.provisioned):
            if group:
                yield model.customization_id, group


def _against(catalogue: Catalogue, customization: Customization) -> Iterator[str]:
    named = {model.model_id: model.customization_id for model in catalogue.models if model.customization_id}
    described = {model.model_id: model.customization_id for model in customization.models}
    for model_id, id_ in named.items():
        if described.get(model_id) != id_:
            yield f"{id_}: models.yaml has it as customization_id of {model_id}, customization.yaml does not"
    for model in catalogue.models:
        if model.model_id in described and model.customization_id is None:
            yield f"{described[model.model_id]}: {model.model_id} has no customization_id in models.yaml"


def _of_model(model: TunableModel) -> Iterator[str]:
    if not model.customization_id.startswith(model.model_id + ":"):
        yield f"expected an id that begins with {model.model_id}:"
    if not model.hosting.kinds:
        yield "hosting: neither on_demand nor provisioned; then nobody could call the tuned model"
    provisioned = model.hosting.provisioned
    if provisioned:
        if not provisioned.per_hour and not provisioned.unpriced:
            yield "hosting.provisioned: give a price, or the reason why there is none under unpriced"
        for id_ in provisioned.ids:
            if not id_.startswith(model.model_id + ":"):
                yield f"hosting.provisioned: {id_} is not {model.model_id}'s"
    for name, method in model.methods.items():
        for problem in _of_method(method):
            yield f"{name}: {problem}"


def _of_method(method: MethodFacts) -> Iterator[str]:
    if (method.training is None) == (method.unpriced is None):
        yield "either training has a price or unpriced says why not"
    fewest, most = method.limits.records
    if fewest > most:
        yield f"limits.records: {fewest} is more than {most}"
    if (method.limits.advised_records is None) != (method.limits.advised_why is None):
        yield "limits: advised_records and advised_why come together"
    for kind in ("image", "video"):
        if bool(getattr(method.media, f"{kind}s")) and not getattr(method.media, f"{kind}_formats"):
            yield f"media: {kind}s without {kind}_formats"
    for name, parameter in method.hyperparameters.items():
        for problem in _of_hyperparameter(parameter):
            yield f"hyperparameters.{name}: {problem}"


def _of_hyperparameter(parameter: Hyperparameter) -> Iterator[str]:
    if (parameter.kind == "word") != bool(parameter.words):
        yield "words are for kind word, and only for it"
    if parameter.kind == "word":
        if parameter.default is not None and parameter.default not in parameter.words:
            yield f"default {parameter.default} is not one of its words"
        return
    low, high, default = parameter.minimum, parameter.maximum, parameter.default
    if low is not None and high is not None and low > high:
        yield f"the range {low:g} to {high:g} is empty"
    if isinstance(default, str):
        yield "default is a word, and kind a number"
    elif default is not None and ((low is not None and default < low) or (high is not None and default > high)):
        yield f"default {default:g} is outside the range"
    for value in (low, high, default):
        if parameter.kind == "integer" and isinstance(value, float) and not value.is_integer():
            yield f"{value:g} is no integer"
