"""Adds the two services to MiniStack: routing, dispatch, reset, rights, and CloudFormation's waiting for them."""

from __future__ import annotations

import functools
import sys
from types import ModuleType

import ministack.app
from ministack.core import router
from ministack.services.cloudformation import stacks

from sandbox.quotas import service as service_quotas
from sandbox.studio import permissions, service

_TYPES = "AWS::SageMaker::"


@functools.cache
def install() -> None:
    """Put both into MiniStack. Doing it again changes nothing."""
    for module in (service, service_quotas):
        _add(module)
    permissions.install()
    waits = stacks._runs_on_worker_thread
    # A domain takes its time, in which the server must go on answering.
    stacks._runs_on_worker_thread = lambda type_name: type_name.startswith(_TYPES) or waits(type_name)


def _add(module: ModuleType) -> None:
    name, module_name = module.SERVICE, module.SERVICE.replace("-", "_")
    # Where MiniStack looks for its own: dispatch, reset and the calls of resource types find it by this name.
    sys.modules[f"ministack.services.{module_name}"] = module
    ministack.app.SERVICE_REGISTRY[name] = {"module": module_name}
    ministack.app.SERVICE_HANDLERS[name] = ministack.app._lazy_handler(module_name)
    router.SERVICE_PATTERNS[name] = {"target_prefixes": [module.TARGET], "host_patterns": []}
