"""Step Functions: tasks run with the rights of the state machine's role, and call any operation of AWS.

MiniStack does every task as the account's root, and its ``aws-sdk`` integrations are few. Here the role's policies
count (:mod:`sandbox.state_machines.rights`); ``arn:aws:states:::aws-sdk:service:action`` is a call with the role's
credentials (:mod:`sandbox.state_machines.operations`); Wait states go by the sandbox's clock, and what was stopped,
deleted or timed out does nothing more (:mod:`sandbox.state_machines.lifecycle`); a distributed map reads, batches and
writes in S3 as the role (:mod:`sandbox.state_machines.distributed_map`).
"""


def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    # Here, not above: the modules below import MiniStack.
    from sandbox import control, sdk_operations
    from sandbox.state_machines import distributed_map, lifecycle, rights, starting

    rights.install()
    lifecycle.install()
    distributed_map.install()
    starting.install()
    control.on_reset(sdk_operations.forget)
