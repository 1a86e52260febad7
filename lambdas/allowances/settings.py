"""The sweeper's settings."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class SweeperSettings(EnvSettings):
    """``allowances_table``: name of the DynamoDB table that ``lambdas.allowances.account`` describes."""

    allowances_table: str
