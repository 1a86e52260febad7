"""AWS clients of the functions: made on first use, with bounded time-outs and retries.

botocore is used without boto3: a Converse call needs nothing that boto3 adds, and leaving it out makes every cold start
shorter (``make bench`` shows by how much).
"""

from functools import cache
from typing import Any, Final, Literal, get_args

import botocore.session
from botocore.config import Config

Service = Literal[
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "cloudformation",
    "dynamodb",
    "ec2",
    "efs",
    "lambda",
    "opensearchserverless",
    "resourcegroupstaggingapi",
    "s3",
    "sagemaker",
    "scheduler",
    "service-quotas",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
]

# The dependency layer keeps botocore's data of exactly these services.
SERVICES: Final[tuple[Service, ...]] = get_args(Service)

# Every request calls these, with arguments whose shape the tests hold against botocore's models: checking them again
# would take a twelfth of the call's time.
SHAPES_TESTED: Final[frozenset[Service]] = frozenset({"bedrock-runtime", "dynamodb"})


@cache
def session() -> botocore.session.Session:
    """The process's botocore session."""
    return botocore.session.get_session()


def region() -> str:
    """The region that the process runs in, and its clients call."""
    return str(session().get_config_variable("region"))


def client(
    service: Service, *, read_timeout: float, max_attempts: int = 2, bounded: bool = False, direct: bool = False
) -> Any:
    """Make a client of ``service``.

    Args:
        read_timeout: seconds to wait for an answer; keep it below the function's own time-out.
        max_attempts: calls in all, the first included. Retries wait in botocore's ``standard`` manner.
        bounded: one of ``lambdas.common.bounded``, whose calls can be given a deadline.
        direct: such a one, and make the calls of ``lambdas.common.direct`` on its short way.
    """
    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        parameter_validation=service not in SHAPES_TESTED,
        # Whole, because botocore puts its own together anew, twice, for every call: an eighth of the call's time.
        user_agent=f"{session().user_agent()} quarry",
    )
    made: Any = session().create_client(service, config=config)
    # Imported here, because most functions have no such calls.
    if direct:
        from lambdas.common.direct import DirectClient

        return DirectClient(made, session())
    if bounded:
        from lambdas.common.bounded import BoundedClient

        return BoundedClient(made, session())
    return made
