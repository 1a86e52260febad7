"""The authorizer's settings."""

from dataclasses import dataclass
from typing import Final

from lambdas.common.settings import EnvSettings

# After which Lambda ends the authorizer; whoever empties API Gateway's memory of keys waits for it.
TIMEOUT_SECONDS: Final = 8


@dataclass(frozen=True, kw_only=True)
class AuthorizerSettings(EnvSettings):
    """``keys_table``: name of the DynamoDB table that ``lambdas.authorizer.keys`` describes."""

    keys_table: str
