"""Which knowledge base is asked: the one that the environment has now, and not the one of the last deployment.

Nearly everything about a knowledge base is create-only, so a switch puts another one in its place, in a deployment of
another stack than that of the functions. Its id is read from the SSM parameter that the switch changes, and kept for
some seconds; the switch waits for longer than that before it takes the former knowledge base away. Where the parameter
cannot be read, or what it names cannot be asked, the id of the functions' own deployment still stands.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common.observability import logger

CACHE_SECONDS: Final = 10.0


class Parameters(Protocol):
    """The one call of Systems Manager that is made."""

    def get_parameter(self, **kwargs: Any) -> Any:
        """Return a parameter."""
        ...


class CurrentId:
    """The id of the knowledge base that there is now.

    Args:
        deployed: the id as the functions' own deployment knew it.
        parameter: name of the SSM parameter that has it.
        client: makes the client when it is needed.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        deployed: str,
        parameter: str,
        client: Callable[[], Parameters],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deployed = deployed
        self._parameter = parameter
        self._client = client
        self._clock = clock
        self._known = deployed
        self._until = float("-inf")

    def candidates(self) -> Iterator[str]:
        """Yield the id to ask; whoever finds that it cannot be asked, goes on to the next one."""
        tried = [self._get()]
        yield tried[0]
        # It may have changed since it was read.
        self._until = float("-inf")
        for other in (self._get(), self._deployed):
            if other not in tried:
                tried.append(other)
                yield other

    def _get(self) -> str:
        now = self._clock()
        if now >= self._until:
            self._known = self._read() or self._known
            self._until = now + CACHE_SECONDS
        return self._known

    def _read(self) -> str:
        try:
            return str(self._client().get_parameter(Name=self._parameter)["Parameter"]["Value"])
        except (ClientError, BotoCoreError) as error:
            logger.warning("knowledge base's id not read", extra={"parameter": self._parameter, "aws": str(error)})
            return ""
