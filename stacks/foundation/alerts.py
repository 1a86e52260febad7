"""Where an environment's owner is told of its end and its budget: a topic, which takes messages over TLS only.

It is not encrypted by a key: AWS Budgets cannot write behind AWS's own one, a key of ours costs 1 USD a month, and what
is told are times, amounts and names of resources.
"""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class Alerts(Construct):
    """The topic.

    Args:
        email: who is subscribed; they are sent a message to confirm that.

    Attributes:
        topic: the topic.
        policy: its policy, without which AWS Budgets may not write to it.
    """

    def __init__(self, scope: Construct, id_: str, *, email: str | None) -> None:
        super().__init__(scope, id_)
        environment = Stack.of(self)
        self.topic = sns.Topic(self, "Topic", display_name="Quarry: end and budget", enforce_ssl=True)
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self._budgets = f"arn:{environment.partition}:budgets::{environment.account}:*"
        self._account = environment.account

    def allow_budgets(self) -> None:
        """Let AWS Budgets of this account write to it."""
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowBudgetsOfTheAccount",
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": self._account},
                    "ArnLike": {"aws:SourceArn": self._budgets},
                },
            )
        )
