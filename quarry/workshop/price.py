"""What a workshop costs per hour: machines, disks, secrets, and the knowledge base's store.

By the same table that `quarry cost` prices templates with; here nothing is synthesised, and people who are only planned
count too. What the models cost is bounded by the participants' allowances, and told apart.
"""

from typing import Any, Final

from configuration.config import Config
from configuration.studio.section import Studio
from lambdas.catalogue.idle import IdlePrice, price_of

# What each part is called -> CloudFormation's type of it.
_PARTS: Final = {
    "instances": "AWS::SageMaker::App",
    "volumes": "AWS::SageMaker::Space",
    "secrets": "AWS::SecretsManager::Secret",
    "knowledge_base": "AWS::OpenSearchServerless::Collection",
}


def usd_per_hour(config: Config, studio: Studio, *, people: int) -> dict[str, float]:
    """Return what each part costs per hour while every app runs; a part that has no price in the region is left out."""
    prices = _prices(config, studio)
    return {
        part: price.usd_per_hour * (1 if part == "knowledge_base" else people)
        for part, price in prices.items()
        if price.usd_per_hour is not None
    }


def unpriced(config: Config, studio: Studio) -> list[str]:
    """Return why parts have no price in the environment's region."""
    return [price.reason for price in _prices(config, studio).values() if price.usd_per_hour is None]


def _prices(config: Config, studio: Studio) -> dict[str, IdlePrice]:
    disk = {"EbsStorageSettings": {"EbsVolumeSizeInGb": studio.volume_gb}}
    properties: dict[str, dict[str, Any]] = {
        "instances": {"ResourceSpec": {"InstanceType": studio.instance_type}},
        "volumes": {"SpaceSettings": {"SpaceStorageSettings": disk}},
        "secrets": {},
    }
    knowledge = config.knowledge
    if knowledge is not None and knowledge.vector_store == "opensearch_serverless":
        properties["knowledge_base"] = {"StandbyReplicas": "ENABLED" if knowledge.standby else "DISABLED"}
    return {part: price_of(_PARTS[part], known, region=config.region) for part, known in properties.items()}
