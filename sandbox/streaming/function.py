"""A Lambda function as MiniStack keeps it: what is needed to run it, and whether it is still the same one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ministack.core.responses import request_scope
from ministack.services import lambda_svc

# A change of any of them means new execution environments, as on AWS.
_IDENTITY: Final = (
    "CodeSha256",
    "Environment",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "Version",
)


@dataclass(frozen=True, kw_only=True)
class FunctionKey:
    """What names one version of a function; ``version`` may be ``$LATEST``."""

    account: str
    region: str
    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """One version of a function.

    Attributes:
        fingerprint: differs as soon as its code or configuration does.
        record: MiniStack's own, for MiniStack's own functions.
    """

    key: FunctionKey
    fingerprint: str
    record: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def config(self) -> dict[str, Any]:
        """MiniStack's configuration, named as in GetFunctionConfiguration."""
        config: dict[str, Any] = self.record["config"]
        return config

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that its owner gave it."""
        variables: dict[str, str] = lambda_svc._runtime_env_vars(self.config)
        return variables

    @property
    def layers(self) -> list[str]:
        """ARNs of its layer versions."""
        return [layer if isinstance(layer, str) else layer["Arn"] for layer in self.config.get("Layers") or []]

    @property
    def timeout_seconds(self) -> float:
        """How long one invocation may take."""
        return float(self.config.get("Timeout", 3))


def find(reference: str, *, account: str, region: str) -> Function | None:
    """The function that an ARN or name means, with its version or alias; None when there is none."""
    record, config, _name = lambda_svc._get_func_record_for_ref_in_scope(reference, account_id=account, region=region)
    if record is None or config is None:
        return None
    execution = lambda_svc._execution_record_for_config(record, config)
    owner, home = lambda_svc._account_region_from_function_config(config)
    key = FunctionKey(account=owner, region=home, name=config["FunctionName"], version=config.get("Version", "$LATEST"))
    return Function(key=key, fingerprint=_fingerprint(config), record=execution)


def current_fingerprint(key: FunctionKey) -> str | None:
    """The fingerprint that the function has now, or None when it was deleted."""
    with request_scope(key.account, key.region):
        record = lambda_svc._functions.get(key.name)
        if record is None:
            return None
        if key.version != "$LATEST":
            record = (record.get("versions") or {}).get(key.version)
    return None if record is None else _fingerprint(record["config"])


def _fingerprint(config: Mapping[str, Any]) -> str:
    text = json.dumps([config.get(name) for name in _IDENTITY], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
