"""AWS's Price List behind ``pricing``, a service that MiniStack lacks: with botocore's shapes, IAM, and a script.

It answers what ``offers.yaml`` says; what a test wants otherwise is said below ``/_sandbox/price-list/``
(:mod:`sandbox.price_list.control`).
"""


def install() -> None:
    """Put it into the MiniStack of this process, before it serves. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a table that is added to; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control as control_endpoints
    from sandbox.price_list import control, registration

    registration.install()
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.on_reset(control.forget)
