"""What one participant is given: a role, a profile, a private space, and the secret of their key."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from configuration.studio.names import APP_TYPE, KEY_FIELD, NO_KEY_YET, secret_name
from configuration.studio.participants import MAX_DISPLAY, Participant
from configuration.studio.section import Studio
from stacks.components.checks import acknowledge, acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack
from stacks.studio import permissions
from stacks.studio.domain import Domain
from stacks.studio.notebook_bucket import NotebookBucket


@dataclass(frozen=True, kw_only=True)
class Room:
    """What all spaces of a stack have in common.

    Attributes:
        policies: what every participant may.
    """

    studio: Studio
    domain: Domain
    bucket: NotebookBucket
    policies: Sequence[iam.IManagedPolicy]


class ParticipantSpace(Construct):
    """Four resources, all of the participant's own: adding and removing one touches nobody else.

    Attributes:
        participant: whose it is.
        profile: the user profile, which runs with the participant's role.
        space: the private space; its apps write to the bucket.
    """

    def __init__(self, scope: Construct, id_: str, *, participant: Participant, room: Room) -> None:
        super().__init__(scope, id_)
        self.participant = participant
        self._room = room
        secret = self._secret()
        role = self._role(secret)
        domain_id = room.domain.resource.attr_domain_id
        self.profile = sagemaker.CfnUserProfile(
            self,
            "Profile",
            domain_id=domain_id,
            user_profile_name=participant.id,
            user_settings=sagemaker.CfnUserProfile.UserSettingsProperty(execution_role=role.role_arn),
        )
        self.space = sagemaker.CfnSpace(
            self,
            "Space",
            domain_id=domain_id,
            space_name=participant.id,
            space_display_name=as_text(participant.display_name),
            ownership_settings=sagemaker.CfnSpace.OwnershipSettingsProperty(
                owner_user_profile_name=self.profile.user_profile_name
            ),
            space_sharing_settings=sagemaker.CfnSpace.SpaceSharingSettingsProperty(sharing_type="Private"),
            space_settings=self._settings(),
        )
        # The name alone, which the profile's id is not made of, says nothing of the order.
        self.space.add_resource_dependency(self.profile)
        if room.bucket.writers_go_first:
            self.space.add_resource_dependency(room.bucket.writers_go_first)
        Tags.of(self).add("quarry:participant", participant.id)

    def _secret(self) -> secretsmanager.CfnSecret:
        environment = EnvironmentStack.of(self).config.name
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=secret_name(environment, self.participant.id),
            description="Quarry: a participant's API key; quarry workshop up writes it",
            # No key: CloudFormation leaves what is written later alone, as long as this stays the same.
            secret_string=json.dumps({KEY_FIELD: NO_KEY_YET}),
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            because="The key in it ends with the event; `quarry workshop reset` makes another.",
        )
        return secret

    def _role(self, secret: secretsmanager.CfnSecret) -> iam.Role:
        stack = EnvironmentStack.of(self)
        own = self.participant.id
        domain_id = self._room.domain.resource.attr_domain_id
        instance_type = self._room.studio.instance_type
        objects = permissions.own_objects(own, bucket_arn=self._room.bucket.bucket.bucket_arn)
        log = permissions.own_log(own, stack=stack, domain_id=domain_id)
        role = permissions.execution_role(
            self,
            "Role",
            policies=self._room.policies,
            own=[
                permissions.own_secret(secret.attr_id),
                *permissions.own_session(own, stack=stack, domain_id=domain_id, instance_type=instance_type),
                *objects,
                log,
            ],
        )
        acknowledge_wildcards(role, objects, because="All that lies under the participant's own prefix.")
        acknowledge_wildcards(
            role, [log], because="Streams of the participant's own space, whose names SageMaker ends."
        )
        return role

    def _settings(self) -> sagemaker.CfnSpace.SpaceSettingsProperty:
        studio = self._room.studio
        return sagemaker.CfnSpace.SpaceSettingsProperty(
            app_type=APP_TYPE,
            jupyter_lab_app_settings=sagemaker.CfnSpace.SpaceJupyterLabAppSettingsProperty(
                default_resource_spec=sagemaker.CfnSpace.ResourceSpecProperty(
                    instance_type=studio.instance_type, lifecycle_config_arn=self._room.domain.lifecycle_config.arn
                )
            ),
            space_storage_settings=sagemaker.CfnSpace.SpaceStorageSettingsProperty(
                ebs_storage_settings=sagemaker.CfnSpace.EbsStorageSettingsProperty(
                    ebs_volume_size_in_gb=studio.volume_gb
                )
            ),
        )


def as_text(name: str) -> str:
    """Return a name that CloudFormation takes as it is: with {{ or ${ in it, it would look for what to put there."""
    return re.sub(r"(?<=[{$])(?={)", " ", name)[:MAX_DISPLAY]
