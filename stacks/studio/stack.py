"""Notebooks for the participants of a workshop: the domain, and a space, a role and a secret for each of them."""

from collections.abc import Sequence

from aws_cdk import CfnOutput, CfnWaitConditionHandle
from aws_cdk import aws_iam as iam
from constructs import Construct

from configuration.config import Config
from configuration.studio.names import BUCKET_OUTPUT, DOMAIN_ID_OUTPUT, PREFIX_OF_SECRETS_OUTPUT, secret_prefix
from configuration.studio.participants import participants
from configuration.studio.section import Studio
from stacks.components.checks import acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack
from stacks.studio import permissions
from stacks.studio.clean_up import CleanUp, studio_lifecycle
from stacks.studio.domain import Domain
from stacks.studio.lifecycle_config import LifecycleConfig
from stacks.studio.max_age import MaxAge
from stacks.studio.notebook_bucket import NotebookBucket
from stacks.studio.notebooks import Notebooks
from stacks.studio.participant_space import ParticipantSpace, Room


class StudioStack(EnvironmentStack):
    """Composes the room. Of the endpoint it reads the URL, from an SSM parameter."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None, studio: Studio) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            account=account,
            description="Quarry: notebooks in SageMaker Studio",
            compact=True,
        )
        lifecycle = studio_lifecycle(self, "Lifecycle")
        bucket = NotebookBucket(self, "Notebooks", lifecycle=lifecycle)
        notebooks = Notebooks(self, "Samples")
        started = LifecycleConfig(self, "Start", studio=studio, bucket=bucket, notebooks=notebooks)
        domain = Domain(self, "Studio", studio=studio, lifecycle_config=started)
        room = Room(studio=studio, domain=domain, bucket=bucket, policies=self._policies(studio, domain, notebooks))
        theirs = Construct(self, "Participants")
        spaces = [ParticipantSpace(theirs, one.id, participant=one, room=room) for one in participants(studio)]
        self._in_order(spaces)
        CleanUp(
            self,
            "CleanUp",
            domain=domain.resource,
            participants=[space.participant.id for space in spaces],
            after=[resource for one in spaces for resource in (one.profile, one.space)],
            lifecycle=lifecycle,
        )
        MaxAge(self, "MaxAge", domain=domain.resource, hours=studio.max_age_hours)
        self._output(DOMAIN_ID_OUTPUT, domain.resource.attr_domain_id, "Id of the SageMaker domain")
        self._output(BUCKET_OUTPUT, bucket.bucket.bucket_name, "Bucket of what participants keep")
        self._output(
            PREFIX_OF_SECRETS_OUTPUT, secret_prefix(config.name), "What the names of participants' secrets begin with"
        )

    def _in_order(self, spaces: Sequence[ParticipantSpace]) -> None:
        """Have all profiles made before any space, and so all spaces gone before any profile.

        What stands between them does nothing, for nothing: without it, each space had to name every profile.
        CloudFormation cannot update it, and never has to: an order that has changed is no update of a resource, and
        metadata, as the CDK CLI adds them or not, it has none.
        """
        between = CfnWaitConditionHandle(self, "ProfilesMade")
        between.add_deletion_override("Metadata")
        for one in spaces:
            between.add_resource_dependency(one.profile)
            one.space.add_resource_dependency(between)

    def _policies(self, studio: Studio, domain: Domain, notebooks: Notebooks) -> list[iam.IManagedPolicy]:
        """Return what every participant may."""
        statements = [
            *permissions.looking_around(domain_arn=domain.resource.attr_domain_arn),
            permissions.reading_notebooks(notebooks.asset),
        ]
        shared = iam.ManagedPolicy(
            self, "Shared", description="Quarry: what every participant's notebook may", statements=statements
        )
        acknowledge_wildcards(shared, statements, because="Lists know no resources.")
        return [shared, *(self._calling_models() if studio.converse else [])]

    def _calling_models(self) -> list[iam.ManagedPolicy]:
        aliases = self.config.alias_targets
        targets = [target for alias in aliases.chatting() for target in aliases.targets(alias)]
        return permissions.calling_models(self, "Models", targets=targets)

    def _output(self, name: str, value: str, description: str) -> None:
        CfnOutput(self, name, value=value, description=description)
