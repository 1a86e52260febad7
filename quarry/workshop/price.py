"""What a workshop costs, in US dollars of us-east-1: machines, disks, secrets, and the knowledge base's store.

What the models cost is bounded by the participants' allowances, and told apart.
"""

from typing import Final

from configuration.config import Config
from configuration.studio.instances import USD_PER_GB_MONTH, USD_PER_HOUR
from configuration.studio.section import Studio

HOURS_PER_MONTH: Final = 730
# AWS Secrets Manager's price list; part of a month is billed by the hour.
USD_PER_SECRET_MONTH: Final = 0.40
# OpenSearch Serverless: 1 OCU, with replicas 2 (configuration.knowledge.section). S3 Vectors costs nothing by the hour.
USD_PER_OCU_HOUR: Final = 0.24


def usd_per_hour(config: Config, studio: Studio, *, people: int) -> dict[str, float]:
    """Return what each part costs per hour while every app runs."""
    return {
        "instances": people * USD_PER_HOUR[studio.instance_type],
        "volumes": people * studio.volume_gb * USD_PER_GB_MONTH / HOURS_PER_MONTH,
        "secrets": people * USD_PER_SECRET_MONTH / HOURS_PER_MONTH,
        "knowledge_base": _knowledge_base(config),
    }


def _knowledge_base(config: Config) -> float:
    knowledge = config.knowledge
    if knowledge is None or knowledge.vector_store != "opensearch_serverless":
        return 0.0
    return USD_PER_OCU_HOUR * (2 if knowledge.standby else 1)
