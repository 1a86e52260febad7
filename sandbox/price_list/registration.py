"""Adds the service to MiniStack: routing, dispatch and rights."""

from __future__ import annotations

import functools
import sys

import ministack.app
from ministack.core import iam_actions, router

from sandbox.price_list import service


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    name = service.SERVICE
    # Where MiniStack looks for its own: dispatch and reset find it by this name.
    sys.modules[f"ministack.services.{name}"] = service
    ministack.app.SERVICE_REGISTRY[name] = {"module": name}
    ministack.app.SERVICE_HANDLERS[name] = ministack.app._lazy_handler(name)
    router.SERVICE_PATTERNS[name] = {"target_prefixes": [service.TARGET], "host_patterns": []}
    # Its operations are authorized on no resource.
    iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = "pricing"
