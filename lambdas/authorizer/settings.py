"""The authorizer's settings."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class AuthorizerSettings(EnvSettings):
    """``keys_table``: name of the DynamoDB table that ``lambdas.authorizer.keys`` describes."""

    keys_table: str
