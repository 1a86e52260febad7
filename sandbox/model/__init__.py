"""The stand-in model behind ``bedrock-runtime``: deterministic, honest about what it is, and scriptable.

A real model can answer in its place (:mod:`sandbox.model.proxy`); all else here holds over that too.

It lives inside MiniStack, so that signatures and IAM stay enforced. It replaces MiniStack's canned answers to Converse,
ConverseStream, CountTokens, ApplyGuardrail and InvokeModel of embedding and rerank models, and its old list of models.
"""


def install() -> None:
    """Put the stand-in model into the MiniStack of this process, before it serves. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: clients import ``sandbox.model.script`` without MiniStack's weight.
    from sandbox import control as control_endpoints
    from sandbox.model import connection, control, control_plane, permissions, runtime

    control_plane.install()
    permissions.install()
    runtime.install()
    connection.install()
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.on_reset(control.forget)
