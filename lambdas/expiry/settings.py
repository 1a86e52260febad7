"""The settings of the functions behind an environment's end and budget."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class BudgetPlan:
    """The budget of a month.

    Attributes:
        monthly_micro_dollars: the budget.
        alert_at: percentages of it at which the owners are told.
        stop_at: the percentage at which everything stops; None: nothing does.
    """

    monthly_micro_dollars: int
    alert_at: tuple[int, ...] = ()
    stop_at: int | None = None

    @property
    def stop_micro_dollars(self) -> int | None:
        """Return the month's total at which everything stops."""
        return None if self.stop_at is None else self.monthly_micro_dollars * self.stop_at // 100


@dataclass(frozen=True, kw_only=True)
class FoundationSettings(EnvSettings):
    """What both functions are told.

    Attributes:
        environment: name of the environment.
        table: name of the environment's table.
        topic_arn: where the owners are told.
        budget: None without one.
        group: name of the schedules' group, with its ARN; "" for an environment that never ends.
        scheduler_role_arn: what Scheduler calls with.
    """

    environment: str
    table: str
    topic_arn: str
    budget: BudgetPlan | None = None
    group: str = ""
    group_arn: str = ""
    scheduler_role_arn: str = ""


@dataclass(frozen=True, kw_only=True)
class KeeperSettings(FoundationSettings):
    """Of the function that keeps the end and the budget: extends, warns, watches.

    Attributes:
        machine_arn: the state machine that ends things.
    """

    machine_arn: str


@dataclass(frozen=True, kw_only=True)
class EndingSettings(FoundationSettings):
    """Of the function that ends things.

    Attributes:
        stacks: names of all stacks that the environment may have, in the order in which they go; its own is the last.
        inference: name of the one that has the keys.
    """

    stacks: tuple[str, ...]
    inference: str
