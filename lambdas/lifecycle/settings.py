"""The settings of the function behind the custom resources."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class LifecycleSettings(EnvSettings):
    """None: what is to be done, and to what, stands in the custom resource's own properties."""
