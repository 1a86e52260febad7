"""API Gateway's STREAM integrations with Lambda: MiniStack decides on the request, the function's server answers it.

MiniStack has by then matched the resource and the method, asked the authorizer, throttled and validated; its refusals
are its own. What the function fails at is answered through the API's gateway responses, as API Gateway does.

Nothing that happens to the client reaches the function: "streams are not interrupted or stopped when the invoking
client connection is broken" (Lambda developer guide, response streaming), nor does API Gateway's own time-out stop it.
It runs to its end, or until its time is up.
"""

import asyncio
import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from ministack.core.responses import StreamingResponse
from ministack.services import apigateway_v1, lambda_svc

from sandbox.api_gateway.response_transfer import STREAM
from sandbox.concurrency import ThrottledError
from sandbox.control import Receive, Send
from sandbox.streaming import adapter, answers, function, request
from sandbox.streaming.answers import Call
from sandbox.streaming.function import Function
from sandbox.streaming.instance import StartError
from sandbox.streaming.invocation import Invocation
from sandbox.streaming.logs import LogStream
from sandbox.streaming.pool import FullError, Pool
from sandbox.streaming.upstream import Exchange, UpstreamError

# API Gateway ends a stream that is silent for so long (seconds), by type of endpoint.
_IDLE_SECONDS: Final = 300.0
_IDLE_SECONDS_EDGE: Final = 30.0
_DEFAULT_TIMEOUT_MILLISECONDS: Final = 29_000

_logger = logging.getLogger(__name__)
# Functions that go on though their responses are not sent any more.
_left: Final[set[asyncio.Task[None]]] = set()
_invoke_lambda_proxy = apigateway_v1._invoke_lambda_proxy_v1


class StreamIntegration:
    """Stands in for MiniStack's Lambda proxy integration, which it leaves to itself where nothing is streamed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def invoke(self, integration: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        """Answer a request as ``apigateway_v1._invoke_lambda_proxy_v1`` does, with the same arguments."""
        api_id, stage_name, stage, resource, path, method, headers, body, query, path_parameters = arguments
        call = Call(
            integration=integration,
            api_id=api_id,
            stage_name=stage_name,
            stage=stage,
            resource=resource,
            path=path,
            method=method,
            headers=headers or {},
            body=body or b"",
            query=query or {},
            path_parameters=path_parameters or {},
            options=options,
        )
        if integration.get("responseTransferMode") == STREAM:
            return await self._answer(call)
        try:
            return await _invoke_lambda_proxy(integration, *arguments, **options)
        except ThrottledError:
            return answers.throttled(call)

    async def _answer(self, call: Call) -> Any:
        reference = apigateway_v1._extract_lambda_ref_from_integration_uri(call.integration.get("uri", ""))
        found = function.find(reference, account=call.options["owner_account_id"], region=call.options["owner_region"])
        if found is None:
            return answers.function_missing()
        problem = adapter.problem(found.environment, layers=found.layers)
        if problem is not None:
            _report(found, problem)
            return answers.failed(call, status=500)
        slot, _ = lambda_svc._acquire_execution_slot(found.record, found.config)
        if slot is None:
            return answers.throttled(call)
        # Closed as soon as the response is complete, and otherwise when the request is over.
        held = ExitStack()
        request.closing().callback(held.close)
        held.callback(lambda_svc._release_execution_slot, slot)
        return await self._run(call, found, held)

    async def _run(self, call: Call, found: Function, held: ExitStack) -> Any:
        loop = asyncio.get_running_loop()
        allowed = int(call.integration.get("timeoutInMillis") or _DEFAULT_TIMEOUT_MILLISECONDS) / 1000
        deadline = loop.time() + allowed
        try:
            async with asyncio.timeout_at(deadline):
                instance = await self._pool.acquire(found)
        except FullError as error:
            _logger.warning("function %s was not run: %s", found.key.name, error)
            return answers.throttled(call)
        except StartError as error:
            _logger.warning("function %s did not start: %s", found.key.name, error)
            return answers.failed(call)
        except TimeoutError:
            return answers.timed_out()
        invocation = Invocation(instance, self._pool, now=loop.time())
        held.callback(invocation.finish)
        stream = _Stream(
            call=call,
            held=held,
            invocation=invocation,
            deadline=min(deadline, invocation.deadline),
            idle_seconds=_idle_seconds(call.api_id),
        )
        try:
            return await stream.open()
        except TimeoutError:
            return answers.timed_out()
        except (StartError, UpstreamError) as error:
            invocation.log(f"ERROR {error} Runtime.ExitError")
            invocation.keep = await instance.survives()
            return answers.failed(call)


@dataclass(frozen=True, kw_only=True)
class _Stream:
    """The response on its way from the function's server to the client, whether that is still there or not.

    Attributes:
        held: what the request holds; to be closed before the client can know that the response is complete, so that
            its next request finds the instance free.
        deadline: on the event loop's clock (seconds), of the whole response.
    """

    call: Call
    held: ExitStack
    invocation: Invocation
    deadline: float
    idle_seconds: float

    async def open(self) -> Any:
        """Send the request on, and return status, headers and the rest of the response, for MiniStack to send.

        Raises:
            TimeoutError: there was no status in time.
            StartError: the server ended before it was ready.
            UpstreamError: it answered with an error that is the invocation's.
        """
        instance = self.invocation.instance
        event = self.call.event()
        begun = asyncio.create_task(self._begin(event))
        await asyncio.wait({begun}, timeout=max(0.0, self.deadline - asyncio.get_running_loop().time()))
        if not begun.done():
            self._leave(begun)
            raise TimeoutError
        try:
            exchange = begun.result()
        except TimeoutError:
            self.invocation.time_out()
            raise
        self.held.callback(exchange.close)
        if exchange.status in instance.settings.error_statuses:
            raise UpstreamError(f"the server answered with the error status {exchange.status}")
        headers = answers.response_headers(exchange.headers, request_id=event["requestContext"]["requestId"])

        async def relay(send: Send, _receive: Receive) -> None:
            await self._relay(exchange, send)

        return exchange.status, headers, StreamingResponse(relay)

    async def _begin(self, event: dict[str, Any]) -> Exchange:
        instance = self.invocation.instance
        if not instance.ready and not await instance.wait_until_ready(deadline=self.invocation.deadline):
            raise TimeoutError
        sent = adapter.http_request(
            event, self.call.body, settings=instance.settings, lambda_context=self.invocation.context()
        )
        return await Exchange.begin(instance.port, sent)

    async def _relay(self, exchange: Exchange, send: Send) -> None:
        """Send the body. One that breaks off is left without its end, so that the client sees that it is cut."""
        try:
            async with asyncio.timeout_at(self.deadline):
                await self._copy(exchange, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            self._leave(exchange)
        except UpstreamError as error:
            self.invocation.log(f"ERROR {error} Runtime.TruncatedResponse")
            self.invocation.keep = await self.invocation.instance.survives()
        finally:
            self.held.close()

    async def _copy(self, exchange: Exchange, send: Send) -> None:
        chunks = exchange.chunks()
        while True:
            async with asyncio.timeout(self.idle_seconds):
                chunk = await anext(chunks, None)
            if chunk is None or exchange.complete:
                self.held.close()
            if chunk is None:
                return
            # To a client that hung up nothing is sent, and the function is read all the same.
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    def _leave(self, going_on: "asyncio.Task[Exchange] | Exchange") -> None:
        """Let the function run to its end, with what the request holds, though nobody waits for it any more."""
        if asyncio.get_running_loop().time() >= self.invocation.deadline:
            self.invocation.time_out()
            if isinstance(going_on, asyncio.Task):
                going_on.cancel()
            return
        task = asyncio.create_task(self._read_out(going_on, self.held.pop_all()))
        _left.add(task)
        task.add_done_callback(_left.discard)

    async def _read_out(self, going_on: "asyncio.Task[Exchange] | Exchange", held: ExitStack) -> None:
        with held:
            try:
                async with asyncio.timeout_at(self.invocation.deadline):
                    exchange = await going_on if isinstance(going_on, asyncio.Task) else going_on
                    held.callback(exchange.close)
                    async for _ in exchange.chunks():
                        pass
            except TimeoutError:
                self.invocation.time_out()
            except (StartError, UpstreamError) as error:
                self.invocation.log(f"ERROR {error} Runtime.ExitError")
                self.invocation.keep = await self.invocation.instance.survives()


def _idle_seconds(api_id: str) -> float:
    types = (apigateway_v1._rest_apis[api_id].get("endpointConfiguration") or {}).get("types") or ()
    return _IDLE_SECONDS_EDGE if "EDGE" in types else _IDLE_SECONDS


def _report(found: Function, problem: str) -> None:
    """Say in both logs why a function cannot stream."""
    _logger.warning("function %s cannot stream: %s", found.key.name, problem)
    log = LogStream(found)
    log.open()
    log.write([f"ERROR this function cannot stream: {problem}"])
