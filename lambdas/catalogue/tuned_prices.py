"""What tuned models cost by the hour, by the facts of tuning: being kept, and provisioned throughput."""

from lambdas.catalogue import customization
from lambdas.catalogue.customization import NotTunableError, TunableModel
from lambdas.catalogue.services import HOURS_PER_MONTH, UnpricedError


def storage_usd_per_hour(*, region: str) -> float:
    """Return what one custom model costs that is kept, called or not.

    Raises:
        UnpricedError: Bedrock tunes nothing in the region.
    """
    known = customization.load()
    regions = sorted({one for model in known.models for one in model.regions})
    if region not in regions:
        raise UnpricedError(f"a custom model's storage has no price in {region}; it has in {', '.join(regions)}")
    return known.storage.per_month / HOURS_PER_MONTH


def throughput_usd_per_hour(base: str, commitment: str, *, region: str) -> float:
    """Return what one model unit of provisioned throughput costs.

    Args:
        base: the foundation model that it stands on: an id or an ARN.
        commitment: CreateProvisionedModelThroughput's ``commitmentDuration``, or "none".

    Raises:
        UnpricedError: nobody knows.
    """
    model = _provisioned(base)
    hosting = model.hosting.provisioned
    if region not in model.regions:
        raise UnpricedError(
            f"throughput of {model.name} has no price in {region}; it has in {', '.join(sorted(model.regions))}"
        )
    for known, usd in hosting.per_hour.items() if hosting else ():
        if known == commitment:
            return usd
    raise UnpricedError(f"no price of throughput of {model.name} (commitment: {commitment})")


def _provisioned(base: str) -> TunableModel:
    """Return the model, by the ids of throughput too, which name a length of context."""
    id_ = base.partition(":foundation-model/")[2] or base
    for model in customization.load().models:
        if model.hosting.provisioned is not None and id_ in model.hosting.provisioned.ids:
            return model
    try:
        return customization.find(base)
    except NotTunableError as error:
        raise UnpricedError(f"no price of throughput of {base}") from error
