"""Tuning behind ``bedrock``: customization jobs, custom models, their deployments and provisioned throughput.

Requests are checked by botocore's model and by what AWS documents; jobs take their time by the sandbox's clock, read
their data and write their outputs as their role, and leave a model that knows its examples. Names are taken for
ever where AWS takes them for ever; quotas are those of a new account. A script (:mod:`sandbox.tuning.control`) fails,
stalls and refuses. Where AWS is not known, this is stricter.
"""


def install(*, watching: bool = False) -> None:
    """Put it into the MiniStack of this process, before it serves. Safe to call again.

    ``watching`` lets jobs go on while nobody asks for them, as a server's do.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control as control_endpoints
    from sandbox import inventory
    from sandbox.tuning import control, service, store, watcher

    service.install()
    inventory.source(store.living)
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.on_reset(control.forget)
    if watching:
        watcher.start()
