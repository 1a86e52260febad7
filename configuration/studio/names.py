"""Names that the Studio stack gives and that commands look for."""

from typing import Final

# The stack's id, by which the CDK CLI calls it; the stack's own part of its name; its outputs.
STACK_ID: Final = "Studio"
STACK: Final = STACK_ID.lower()
DOMAIN_ID_OUTPUT: Final = "DomainId"
BUCKET_OUTPUT: Final = "NotebookBucketName"
PREFIX_OF_SECRETS_OUTPUT: Final = "SecretPrefix"

# In the notebook bucket: below it, each participant writes below their own id.
PARTICIPANTS_PREFIX: Final = "participants/"

# The participant's app; Studio's own interface calls it so too.
APP_TYPE: Final = "JupyterLab"
APP_NAME: Final = "default"

# A secret's field that holds the key, and what stands there until `quarry workshop up` has written one.
KEY_FIELD: Final = "api_key"
NO_KEY_YET: Final = "none-yet"
# What the names of participants' keys begin with, before the id: `quarry keys create` gives no such name.
PARTICIPANT_KEY: Final = "participant: "


def secret_prefix(environment: str) -> str:
    """Return what the names of an environment's secrets begin with, as ``quarry/dev/participants/``."""
    return f"quarry/{environment}/participants/"


def secret_name(environment: str, participant_id: str) -> str:
    """Return the name of the secret with a participant's key."""
    return secret_prefix(environment) + participant_id


def own_prefix(participant_id: str) -> str:
    """Return what the keys of a participant's own objects begin with, as ``participants/ana/``."""
    return f"{PARTICIPANTS_PREFIX}{participant_id}/"
