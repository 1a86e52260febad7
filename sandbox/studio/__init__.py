"""SageMaker Studio behind ``sagemaker``, and ``service-quotas``: two services that MiniStack lacks.

Domains, user profiles, spaces, apps and lifecycle configurations, with botocore's shapes, states over time, the quotas
of a new account, parents that refuse to go before their children, and IAM. A resource changes its state by a clock that
a test can move, and by a script (:mod:`sandbox.studio.control`). Where AWS is not known, this is stricter. Where it is
asked for, the app of a space is a real JupyterLab (:mod:`sandbox.studio.labs`).
"""


def install() -> None:
    """Put both services into the MiniStack of this process, before it serves. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control as control_endpoints
    from sandbox import inventory
    from sandbox.studio import container_credentials, control, registration, store

    registration.install()
    inventory.source(store.living)
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.route(container_credentials.PREFIX)(container_credentials.handler)
    control_endpoints.on_reset(control.forget)
