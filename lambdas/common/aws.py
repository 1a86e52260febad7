"""AWS clients of the functions: made on first use, with bounded time-outs and retries.

botocore is used without boto3: a Converse call needs nothing that boto3 adds, and leaving it out makes every cold start
shorter (``make bench`` shows by how much).
"""

from functools import cache
from typing import Any, Final, Literal

import botocore.session
from botocore.config import Config

Service = Literal["bedrock", "bedrock-runtime", "dynamodb", "lambda", "service-quotas", "ssm"]

# The dependency layer keeps botocore's data of exactly these services.
SERVICES: Final[tuple[Service, ...]] = ("bedrock", "bedrock-runtime", "dynamodb", "lambda", "service-quotas", "ssm")


@cache
def session() -> botocore.session.Session:
    """The process's botocore session."""
    return botocore.session.get_session()


def client(service: Service, *, read_timeout: float, max_attempts: int = 2) -> Any:
    """Make a client of ``service``.

    Args:
        read_timeout: seconds to wait for an answer; keep it below the function's own time-out.
        max_attempts: calls in all, the first included. Retries wait in botocore's ``standard`` manner.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        user_agent_extra="quarry",
    )
    return session().create_client(service, config=config)
