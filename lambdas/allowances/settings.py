"""The sweeper's settings."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class SweeperSettings(EnvSettings):
    """What the stack tells the sweeper.

    Attributes:
        allowances_table: name of the DynamoDB table that ``lambdas.allowances.account`` describes.
        environment_table: name of the table of the environment's month; "": it has no budget.
    """

    allowances_table: str
    environment_table: str = ""
