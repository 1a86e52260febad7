"""The SageMaker domain: who signs in how, what an app starts with, and when an idle one stops."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from configuration.studio.section import Studio
from stacks.components.environment_stack import EnvironmentStack
from stacks.studio import permissions
from stacks.studio.lifecycle_config import LifecycleConfig
from stacks.studio.network import Network

_IDLE = sagemaker.CfnDomain.IdleSettingsProperty
_LAB = sagemaker.CfnDomain.JupyterLabAppSettingsProperty
_STORAGE = sagemaker.CfnDomain.DefaultEbsStorageSettingsProperty


class Domain(Construct):
    """A domain without a file system of its own, whose apps reach the internet through SageMaker.

    Attributes:
        resource: the domain.
        lifecycle_config: what its apps start with.
        role: what a profile without a role of its own would run as. It may do nothing: every participant has theirs.
    """

    def __init__(self, scope: Construct, id_: str, *, studio: Studio, lifecycle_config: LifecycleConfig) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        self.lifecycle_config = lifecycle_config
        network = Network(self, "Network", studio=studio)
        self.role: iam.Role = permissions.execution_role(self, "Role")
        self.resource = sagemaker.CfnDomain(
            self,
            "Domain",
            domain_name=stack.config.physical_name("studio"),
            auth_mode="IAM",
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids,
            app_network_access_type="PublicInternetOnly",
            # Each space has a disk. A file system for all would outlive the domain, and keep its VPC from going.
            home_efs_file_system_creation="Disabled",
            # What SageMaker makes for the domain, profiles and spaces carries their tags: apps do.
            tag_propagation="ENABLED",
            default_user_settings=sagemaker.CfnDomain.UserSettingsProperty(
                execution_role=self.role.role_arn,
                studio_web_portal="ENABLED",
                default_landing_uri="studio::",
                jupyter_lab_app_settings=_LAB(
                    app_lifecycle_management=sagemaker.CfnDomain.AppLifecycleManagementProperty(
                        idle_settings=_idle(studio.idle_minutes)
                    ),
                    # Only what is attached here can be what a space starts with.
                    lifecycle_config_arns=[lifecycle_config.arn],
                    default_resource_spec=sagemaker.CfnDomain.ResourceSpecProperty(
                        instance_type=studio.instance_type, lifecycle_config_arn=lifecycle_config.arn
                    ),
                ),
                space_storage_settings=sagemaker.CfnDomain.DefaultSpaceStorageSettingsProperty(
                    default_ebs_storage_settings=_STORAGE(
                        default_ebs_volume_size_in_gb=studio.volume_gb, maximum_ebs_volume_size_in_gb=studio.volume_gb
                    )
                ),
            ),
        )


def _idle(minutes: int) -> sagemaker.CfnDomain.IdleSettingsProperty:
    """Return settings that nobody can change: the shortest and the longest time are the time."""
    return _IDLE(
        lifecycle_management="ENABLED",
        idle_timeout_in_minutes=minutes,
        min_idle_timeout_in_minutes=minutes,
        max_idle_timeout_in_minutes=minutes,
    )
