"""The Resource Groups Tagging API as AWS has it: more services than MiniStack's, pages, and late by script.

Left out on purpose are IAM roles and users, inline policies, schedules, data sources, security policies of OpenSearch
Serverless, layers: AWS's does not list them either. Source: Resource Groups Tagging API reference, "Services that
support the API"; what the sandbox makes none of is left out too.
"""


def install() -> None:
    """Put it into the MiniStack of this process, before it serves. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control as control_endpoints
    from sandbox.tagging import bucket_tags, conditions, control, operations

    operations.install()
    conditions.install()
    bucket_tags.install()
    control_endpoints.route(control.PREFIX)(control.handler)
    control_endpoints.on_reset(control.forget)
