"""How policies see the transport: the loopback counts as TLS, as every AWS endpoint does.

CDK's ``enforce_ssl`` and its own bootstrap bucket deny requests where ``aws:SecureTransport`` is false. On AWS nobody
meets that denial by accident; here, where the endpoint is plain HTTP, everyone would who is not root.
"""

import ministack.app
from ministack.core.iam_evaluator import pin_request_origin


def count_loopback_as_secure() -> None:
    """Make ``aws:SecureTransport`` true for requests from this machine. Doing it again changes nothing."""
    ministack.app.pin_request_origin = _pin_origin


def _pin_origin(source_ip: str, secure_transport: bool) -> None:
    pin_request_origin(source_ip, secure_transport or source_ip in ("127.0.0.1", "::1"))
