"""The lifecycle configuration: the script that every app starts with, under a name that changes with it."""

from aws_cdk import Fn
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration import fingerprint
from configuration.parameters import ParameterNames
from configuration.studio.names import APP_TYPE, secret_prefix
from configuration.studio.section import Studio
from stacks.components.environment_stack import EnvironmentStack
from stacks.studio import lifecycle_script
from stacks.studio.notebook_bucket import NotebookBucket
from stacks.studio.notebooks import Notebooks


class LifecycleConfig(Construct):
    """What ``lifecycle_script`` renders, for SageMaker.

    Attributes:
        arn: the configuration's.
    """

    def __init__(
        self, scope: Construct, id_: str, *, studio: Studio, bucket: NotebookBucket, notebooks: Notebooks
    ) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        config = stack.config
        base_url = ssm.StringParameter.value_for_string_parameter(self, ParameterNames(config).base_url)
        content = lifecycle_script.render(
            base_url=base_url,
            aliases=config.alias_targets.chatting(),
            secret_prefix=secret_prefix(config.name),
            bucket=bucket.bucket.bucket_name,
            notebooks=notebooks.url,
            git_repository=studio.git_repository,
            region=config.region,
            cull_minutes=studio.idle_minutes,
        )
        # All properties are create-only, the tags too. So the name is made of all that can change; of the endpoint that
        # is its API's id, with which its URL begins.
        made_of = fingerprint.of_json([stack.resolve(content), config.owner])
        api_id = Fn.select(0, Fn.split(".", Fn.select(1, Fn.split("//", base_url))))
        resource = sagemaker.CfnStudioLifecycleConfig(
            self,
            "Config",
            studio_lifecycle_config_app_type=APP_TYPE,
            studio_lifecycle_config_name=f"{config.physical_name('studio')}-{made_of}-{api_id}",
            studio_lifecycle_config_content=content,
        )
        self.arn: str = resource.attr_studio_lifecycle_config_arn
