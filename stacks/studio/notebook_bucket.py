"""The bucket of what participants keep outside their space's disk, each under a prefix of their own."""

from constructs import Construct

from stacks.components.lifecycle import Lifecycle
from stacks.components.private_bucket import PrivateBucket


class NotebookBucket(PrivateBucket):
    """Not versioned: what a participant deletes is gone, as on a disk."""

    def __init__(self, scope: Construct, id_: str, *, lifecycle: Lifecycle) -> None:
        super().__init__(
            scope,
            id_,
            lifecycle=lifecycle,
            not_logged="Access logs would need a second bucket for what participants try out; CloudTrail can record "
            "who reads.",
        )
