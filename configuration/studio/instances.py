"""Instance types of spaces: those whose quota is known. Their prices: configuration/cost/prices.yaml."""

from typing import Final, Literal, get_args

InstanceType = Literal[
    "ml.t3.medium",
    "ml.t3.large",
    "ml.t3.xlarge",
    "ml.t3.2xlarge",
]
INSTANCE_TYPES: Final[tuple[InstanceType, ...]] = get_args(InstanceType)
