"""Instance types of spaces, those whose quota is known, and what one costs while its app runs.

USD per hour in us-east-1, on demand. ml.t3.medium is read in AWS's Price List (USE1-Studio:JupyterLab-ml.t3.medium,
2026-09); the others are widely known, and seen on no page. Other regions can cost more.
"""

from typing import Final, Literal, get_args

InstanceType = Literal[
    "ml.t3.medium",
    "ml.t3.large",
    "ml.t3.xlarge",
    "ml.t3.2xlarge",
]
INSTANCE_TYPES: Final[tuple[InstanceType, ...]] = get_args(InstanceType)

USD_PER_HOUR: Final[dict[InstanceType, float]] = {
    "ml.t3.medium": 0.05,
    "ml.t3.large": 0.10,
    "ml.t3.xlarge": 0.20,
    "ml.t3.2xlarge": 0.399,
}

# A space's disk, whether its app runs or not (USE1-Studio:VolumeUsage.gp3).
USD_PER_GB_MONTH: Final = 0.112
