"""Which regions lack what AWS has elsewhere, as far as somebody could take it for granted.

Sources: Bedrock user guide, prompt-management-supported; aws/aws-lambda-web-adapter, .github/workflows/prod.json, its
issue 277 (GovCloud) and README (China: other accounts).
"""

from typing import Final

PROMPT_MANAGEMENT: Final = frozenset(
    (
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2"),
        *("ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-central-2", "eu-north-1"),
        *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2"),
        *("us-gov-east-1", "us-gov-west-1", "us-west-2"),
    )
)
# In these the adapter's owner has published no layer under the account of the other regions.
_WITHOUT_ADAPTER: Final = ("us-gov-", "cn-", "me-south-1", "us-iso", "eu-iso", "eusc-")


def has_adapter_layer(region: str) -> bool:
    """Whether the Lambda Web Adapter's layer can be read in the region."""
    return not region.startswith(_WITHOUT_ADAPTER)
