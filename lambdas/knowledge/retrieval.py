"""Finding passages: Bedrock's Retrieve, within a bounded time."""

import random
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError

from lambdas.chat.errors import error_code, is_daily_quota
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import ApiError
from lambdas.common.observability import logger
from lambdas.knowledge.filter_shape import RetrievalFilter
from lambdas.knowledge.passages import Passage, from_results
from lambdas.knowledge.retrieval_errors import RETRYABLE, to_api_error
from lambdas.knowledge.settings import KnowledgeSettings

# One search embeds the question, asks the store and may have the passages put in a new order.
TIMEOUT_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
BACKOFF_SECONDS: Final = 0.25
# Nothing is tried anew after this, since a model is to answer in the same request.
RETRY_WINDOW_SECONDS: Final = 4.0
# Source: Bedrock's quota for the size of a query. The rest of a longer text is not searched for.
MOST_CHARACTERS: Final = 1_000
# Another one may stand in the place of the knowledge base that answers so.
_MOVED: Final = frozenset({"AccessDeniedException", "ConflictException", "ResourceNotFoundException"})


class RetrieveClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def retrieve(self, **kwargs: Any) -> dict[str, Any]:
        """Search a knowledge base."""
        ...

    def until(self, deadline: Deadline, /) -> "RetrieveClient":
        """Return a client whose calls are over by then."""
        ...


class Retriever:
    """Searches the knowledge base.

    Args:
        client: makes the client when it is needed; without retries of its own.
        ids: yields the knowledge base to search, and others for when it turns out not to be there any more; by
            default it is that of the settings.
        deadline: when every search has to be over.
        sleep: waits that many seconds; for tests.
        clock: seconds from any start; for tests.
    """

    def __init__(
        self,
        *,
        settings: KnowledgeSettings,
        client: Callable[[], RetrieveClient],
        ids: Callable[[], Iterable[str]] | None = None,
        deadline: Deadline = NEVER,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._client = client
        self._ids = ids or (lambda: (settings.id,))
        self._deadline = deadline
        self._sleep = sleep
        self._clock = clock

    def until(self, deadline: Deadline) -> "Retriever":
        """Return this with searches that are over by then."""
        return Retriever(
            settings=self._settings,
            client=self._client,
            ids=self._ids,
            deadline=deadline,
            sleep=self._sleep,
            clock=self._clock,
        )

    def find(
        self,
        text: str,
        *,
        results: int,
        filter_: RetrievalFilter | None = None,
        filter_param: str = "filter",
    ) -> list[Passage]:
        """Return the passages that fit a text, best first, whatever their scores.

        Args:
            results: how many are looked for; with reranking no more than its own number of them is kept.
            filter_param: path of the filter in the request, for errors.

        Raises:
            ApiError: what ``retrieval_errors`` makes of the last failed call.
        """
        search = self._search(results)
        if filter_:
            search["filter"] = filter_
        arguments = {
            "retrievalQuery": {"text": text[:MOST_CHARACTERS]},
            "retrievalConfiguration": {"vectorSearchConfiguration": search},
        }
        param = filter_param if filter_ else None
        failure: ApiError | None = None
        for id_ in self._ids():
            try:
                return from_results(self._insist({"knowledgeBaseId": id_, **arguments})["retrievalResults"])
            except (ClientError, BotoCoreError) as error:
                told = to_api_error(error, knowledge_base_id=id_, filter_param=param)
                # AWS's words about a refused request may quote it; about all else they are what an operator needs.
                words = str(error) if told.status != 400 else ""
                logger.warning("retrieval failed", extra={"reason": error_code(error), "aws": words})
                if error_code(error) not in _MOVED:
                    raise told from error
                told.__cause__ = error
                # What the first one answers is what the caller is told.
                failure = failure or told
        assert failure is not None, "there is one at least"
        raise failure

    def _search(self, results: int) -> dict[str, Any]:
        search: dict[str, Any] = {
            "numberOfResults": results,
            "overrideSearchType": self._settings.search.upper(),
        }
        rerank = self._settings.reranking
        if rerank is not None:
            search["rerankingConfiguration"] = {
                "type": "BEDROCK_RERANKING_MODEL",
                "bedrockRerankingConfiguration": {
                    "modelConfiguration": {"modelArn": rerank.model_arn},
                    "numberOfRerankedResults": min(rerank.results, results),
                },
            }
        return search

    def _insist(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Search, again while it throttles or fails and the time lasts."""
        client = self._client().until(self._deadline)
        window = self._clock() + RETRY_WINDOW_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = client.retrieve(**arguments)
                if "retrievalResults" not in reply:
                    # botocore takes JSON that is damaged for an answer without members.
                    raise ResponseStreamingError(error="the answer is damaged")
                return reply
            except (ClientError, BotoCoreError) as error:
                last = attempt == ATTEMPTS or self._clock() > window
                if last or error_code(error) not in RETRYABLE or is_daily_quota(error):
                    raise
            self._sleep(BACKOFF_SECONDS * 2 ** (attempt - 1) * (1 + random.random()))  # noqa: S311 - jitter
        raise AssertionError("ATTEMPTS is at least 1")
