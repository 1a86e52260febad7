"""A deployment of this folder's own, which its tests may deploy to again."""

from tests.sandbox.platform.conftest import model, platform

__all__ = ["model", "platform"]
