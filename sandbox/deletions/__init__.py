"""Deleting stacks as CloudFormation does it: what it remembers of them afterwards, and failures by script."""


def install() -> None:
    """Put it into the MiniStack of this process, with ``kept_dependencies``. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control as control_endpoints
    from sandbox.deletions import control, stacks

    stacks.install()
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.on_reset(control.forget)
