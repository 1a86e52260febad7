"""The schedules of an environment's end: their group, which has the tags, and what Scheduler may call.

The schedules themselves are made when the stack is deployed, by a custom resource and not by CloudFormation: they count
from that moment, and `quarry extend` moves them, which the next update of the stack would otherwise undo.
"""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.expiry.schedules import END, WARNINGS
from stacks.components.confused_deputy import only_for
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.components.python_function import PythonFunction
from stacks.components.table import Table
from stacks.foundation import permissions
from stacks.foundation.permissions import Scheduling

HANDLER: Final = "lambdas.expiry.custom_resources.lambda_handler"


class EndSchedules(Construct):
    """The group of the schedules.

    Attributes:
        name: the group's.
        group: the group.
        role: what Scheduler calls with.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        self.name = stack.config.physical_name("end")
        self.group = scheduler.CfnScheduleGroup(self, "Group", name=self.name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions=only_for(stack, service="scheduler", source=f"schedule-group/{self.name}"),
            ),
        )

    @property
    def scheduling(self) -> Scheduling:
        """What whoever makes or moves the schedules needs a right to."""
        stack = Stack.of(self)
        prefix = f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:schedule/{self.name}"
        return Scheduling(
            end_arn=f"{prefix}/{END}",
            warning_arns=[f"{prefix}/{name}" for name in WARNINGS],
            group_arn=self.group.attr_arn,
            role_arn=self.role.role_arn,
        )

    def set(self, *, written: str, table: Table, keeper: PythonFunction, machine: sfn.StateMachine) -> None:
        """Fix the end at the first deploy, and make the schedules.

        Args:
            written: what the environment's file says: a duration, or a moment.
        """
        iam.Grant.add_to_principal(
            grantee=self.role, actions=["states:StartExecution"], resource_arns=[machine.state_machine_arn]
        )
        iam.Grant.add_to_principal(
            grantee=self.role, actions=["lambda:InvokeFunction"], resource_arns=[keeper.function.function_arn]
        )
        lifecycle = Lifecycle(self, "Lifecycle", handler=HANDLER, description="Fixes when the environment ends")
        role = lifecycle.function.role
        table.grant(role, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem")
        permissions.grant_schedule(role, end=self.scheduling)
        lifecycle.resource(
            self,
            "End",
            kind="End",
            action="set_end",
            properties={
                "Table": table.table_name,
                "ExpiresAfter": written,
                "Group": self.name,
                "GroupArn": self.group.attr_arn,
                "MachineArn": machine.state_machine_arn,
                "KeeperArn": keeper.function.function_arn,
                "RoleArn": self.role.role_arn,
            },
            # Last, so that nothing ends that was not made; its function's rights with it.
            after=[self.group, self.role, table, keeper, machine, role],
        )
