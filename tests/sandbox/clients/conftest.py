"""One deployment for all suites."""

from tests.sandbox.platform.conftest import platform

__all__ = ["platform"]
