"""What makes a domain of Studio go without a hand: in reverse order, what people made, what the stack made, the domain.

CloudFormation deletes what depends on something before it. So the clean-up, which depends on all spaces and user
profiles, goes first; then they do; then what sees to the file system, if somebody added one; then the domain.
"""

from collections.abc import Sequence
from typing import Final, cast

from aws_cdk import CfnResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct, IConstruct

from lambdas.studio.custom_resources import RUNS
from stacks.components.checks import acknowledge_wildcards
from stacks.components.lifecycle import Lifecycle
from stacks.studio import function_permissions

HANDLER: Final = "lambdas.studio.custom_resources.lambda_handler"


def studio_lifecycle(scope: Construct, id_: str) -> Lifecycle:
    """Return the function behind all custom resources of Studio's stack."""
    return Lifecycle(
        scope,
        id_,
        handler=HANDLER,
        description="Empties Studio's domain and the notebooks' bucket, for CloudFormation",
        runs=RUNS,
    )


class CleanUp(Construct):
    """Empties ``domain`` before CloudFormation deletes it, and deletes the file system that it may have got.

    Args:
        participants: ids, by which their user profiles and spaces are named.
        after: all user profiles and spaces.
        lifecycle: of ``studio_lifecycle``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        domain: sagemaker.CfnDomain,
        participants: Sequence[str],
        after: Sequence[IConstruct],
        lifecycle: Lifecycle,
    ) -> None:
        super().__init__(scope, id_)
        role = lifecycle.function.role
        file_system = lifecycle.resource(
            self,
            "FileSystem",
            kind="StudioFileSystem",
            action="delete_file_system",
            properties={"DomainId": domain.attr_domain_id, "DomainArn": domain.attr_domain_arn},
            after=[
                self._may(
                    "MayDeleteFileSystem",
                    role,
                    function_permissions.deleting_file_system(domain),
                    because="Reading; and what may be deleted, a condition binds to the domain's tag or VPC.",
                )
            ],
        )
        for one in after:
            one.node.add_dependency(file_system)
        lifecycle.resource(
            self,
            "Everything",
            kind="StudioCleanUp",
            action="clean_up",
            properties={"DomainId": domain.attr_domain_id, "Participants": list(participants)},
            after=[
                *after,
                self._may(
                    "MayCleanUp",
                    role,
                    function_permissions.cleaning_up(domain),
                    because="Lists know no resources; and of this one domain everything may have to go.",
                ),
            ],
        )

    def _may(
        self, id_: str, role: iam.IRole, statements: Sequence[iam.PolicyStatement], *, because: str
    ) -> CfnResource:
        """Return a policy of its own: the domain goes before the function, and what names it before the domain."""
        policy = iam.Policy(self, id_, roles=[role], statements=list(statements))
        acknowledge_wildcards(policy, statements, because=because)
        return cast(CfnResource, policy.node.default_child)
