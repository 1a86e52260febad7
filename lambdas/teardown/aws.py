"""The account that is looked at: clients, and the words in which services say that something is not there."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of

Clients = Callable[[str], Any]

_MISSING: Final = re.compile(
    r"(ResourceNotFound|NotFound|NoSuch|NonExistent|DoesNotExist|InvalidGroup\.NotFound|Invalid\w+ID\.NotFound)"
    r"|^404$|^ParameterNotFound$"
)
# Services that say so in a text, under a code that means more.
_MISSING_TEXT: Final = re.compile(r"does not exist|not found|doesn't exist|cannot be found|could not be found", re.I)
_TELLS_IN_A_TEXT: Final = frozenset({"ValidationError", "ValidationException", "ResourceNotFound"})
DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
)


def is_missing(error: ClientError) -> bool:
    """Tell whether the error says that what was named is not there."""
    code, message = code_of(error), str(error.response["Error"].get("Message", ""))
    if _MISSING.search(code):
        return True
    return code in _TELLS_IN_A_TEXT and _MISSING_TEXT.search(message) is not None


@dataclass
class Aws:
    """An account and region, asked for one environment.

    Args:
        environment: its name.
        region: of the environment.
        clients: makes boto3's (or botocore's) client of a service; asked once for each.
        account: the account's id; asked of STS if it is not known.
    """

    environment: str
    region: str
    clients: Clients
    account: str = ""
    _made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._made:
            self._made[service] = self.clients(service)
        return self._made[service]

    @property
    def account_id(self) -> str:
        """The account's id."""
        if not self.account:
            self.account = str(self.client("sts").get_caller_identity()["Account"])
        return self.account

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something in this region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    @property
    def partition(self) -> str:
        """The part of AWS that the region is in."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def pages(self, service: str, operation: str, member: str, **arguments: Any) -> Iterator[Any]:
        """Yield what an operation lists, page by page.

        Raises:
            ClientError: AWS refuses.
        """
        client = self.client(service)
        if client.can_paginate(operation):
            for page in client.get_paginator(operation).paginate(**arguments):
                yield from page.get(member) or []
            return
        following: dict[str, Any] = {}
        while True:
            page = getattr(client, operation)(**arguments, **following)
            yield from page.get(member) or []
            token = next((name for name in ("nextToken", "NextToken") if page.get(name)), None)
            if token is None:
                return
            following = {token: page[token]}

    def described(self, service: str, operation: str, **arguments: Any) -> Mapping[str, Any] | None:
        """Return what an operation says of one thing; None if that is not there.

        Raises:
            ClientError: AWS refuses otherwise.
        """
        try:
            found: Mapping[str, Any] = getattr(self.client(service), operation)(**arguments)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return found
