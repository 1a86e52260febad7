"""CloudFormation resource types that MiniStack lacks.

Every type is a row of ``catalogue``. Its properties are checked against the CloudFormation registry schema; its
resources live in MiniStack's own service where there is one, and are kept as records where there is none.
"""

from sandbox.resources.record_store import records
from sandbox.resources.registration import register

__all__ = ["records", "register"]
