"""What functions are told of the budget."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BudgetSettings:
    """What functions are told of the budget.

    Attributes:
        table: name of the environment's table.
        stop_micro_dollars: the month's total at which everything stops; None: nothing does, and nothing is asked.
    """

    table: str
    stop_micro_dollars: int | None = None
