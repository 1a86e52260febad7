"""AWS's own budget on the environment's tag: the bill's view, which comes hours later than the platform's own count.

It counts only once the tag ``quarry:environment`` is active as a cost allocation tag, which the payer's account does by
hand, once: docs/budget.md. Two budgets are free, more cost 0.02 USD a day each only if they act, which this does not.
"""

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from configuration import fingerprint
from configuration.budget import Budget
from stacks.components.environment_stack import EnvironmentStack
from stacks.foundation.alerts import Alerts


class AwsBudget(Construct):
    """A month's budget, with a notification per percentage."""

    def __init__(self, scope: Construct, id_: str, *, budget: Budget, alerts: Alerts) -> None:
        super().__init__(scope, id_)
        config = EnvironmentStack.of(self).config
        alerts.allow_budgets()
        # Notifications cannot be changed: another budget comes before this one goes, so its name changes with them.
        mark = fingerprint.of_json(list(budget.alert_at))
        made = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=config.physical_name(f"budget-{mark}"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=budget.monthly_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:quarry:environment${config.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type="ACTUAL",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(address=alerts.topic.topic_arn, subscription_type="SNS")
                    ],
                )
                for percent in budget.alert_at
            ],
        )
        # AWS asks the topic's policy when the budget is made.
        made.node.add_dependency(alerts.topic)
