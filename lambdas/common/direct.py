"""The calls that every chat request makes, on a short way: botocore's signer and HTTP session without its client.

For these calls a client spends half of its time on what they can do without: the rules for endpoints, every member's
way through the service's model, out and back, hooks, retries. What is sent and what is raised is the client's;
tests/lambdas/common/test_direct*.py hold the two side by side, and docs/decisions/0018 says what is lost.
"""

from binascii import a2b_base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.credentials import ReadOnlyCredentials
from botocore.endpoint import convert_to_response_dict
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.handlers import add_recursion_detection_header, add_retry_headers
from botocore.parsers import create_parser
from botocore.session import Session

from lambdas.common.bounded import BoundedClient, Http
from lambdas.common.network_errors import as_botocores
from lambdas.common.streamed_events import StreamedEvents

_JSON: Final = {"Content-Type": "application/json"}
_TABLE_HEADERS: Final = {
    operation: {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    for operation in ("GetItem", "UpdateItem")
}


class _Request(AWSRequest):
    """A request whose body is bytes from the start, so that the signer need not prepare it all to see them."""

    @property
    def body(self) -> Any:
        return self.data


class DirectClient(BoundedClient):
    """A client that makes some calls itself and leaves all others to botocore's; threads may share it.

    Whole replies are JSON as it came, without ``ResponseMetadata``; of their bytes, which JSON has as base64, only a
    thought that nobody may read is made bytes.

    Args:
        client: botocore's, of Bedrock or DynamoDB: gives the endpoint, the time-outs and the exceptions. It sends
            through the same connections from now on.
        session: gives the credentials, anew for each call, and the CA bundle.
        http: sends requests; botocore's own, over connections that outlive a freeze, unless a test gives another.
    """

    def __init__(self, client: Any, session: Session, *, http: Http | None = None) -> None:
        super().__init__(client, session, http=http)
        meta = client.meta
        self._endpoint = meta.endpoint_url.rstrip("/")
        self._agent = meta.config.user_agent
        self._scope = (meta.service_model.signing_name, meta.region_name)
        # As the signer reads it from the URL, which it would otherwise do twice for every request.
        nobody = ReadOnlyCredentials("", "", None)
        self._host = SigV4Auth(nobody, *self._scope).headers_to_sign(AWSRequest(url=self._endpoint))["host"]
        self._credentials: Any = session.get_credentials()

    def converse(self, *, modelId: str, **arguments: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Call Bedrock's Converse, once.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        reply = self._decoded("Converse", self._send("Converse", _path(modelId, "converse"), arguments, _JSON))
        for block in reply.get("output", {}).get("message", {}).get("content", ()):
            thought = block.get("reasoningContent", {})
            if "redactedContent" in thought:
                thought["redactedContent"] = a2b_base64(thought["redactedContent"])
        return reply

    def converse_stream(self, *, modelId: str, **arguments: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Call Bedrock's ConverseStream, once; ``stream`` of the reply raises botocore's exceptions, whatever breaks.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        path = _path(modelId, "converse-stream")
        response = self._send("ConverseStream", path, arguments, _JSON, streamed=True)
        reply = self._parsed("ConverseStream", response)
        reply["stream"] = StreamedEvents(reply["stream"], response.raw, self._endpoint)
        return reply

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """Call DynamoDB's UpdateItem, once: whether it may be made twice if it was made, only the caller knows.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        return self._table_call("UpdateItem", arguments)

    def get_item(self, **arguments: Any) -> dict[str, Any]:
        """Call DynamoDB's GetItem; what a second attempt may mend is tried again by botocore's client.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        try:
            return self._table_call("GetItem", arguments)
        except ConnectionClosedError:
            # Of a new connection: a kept one that was closed is renewed before anybody hears of it.
            pass
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
        found: dict[str, Any] = self._client.get_item(**arguments)
        return found

    def _table_call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._decoded(operation, self._send(operation, "/", arguments, _TABLE_HEADERS[operation]))

    def _send(
        self,
        operation: str,
        path: str,
        arguments: dict[str, Any],
        headers: Mapping[str, str],
        *,
        streamed: bool = False,
    ) -> AWSResponse:
        request = _Request(
            method="POST",
            url=self._endpoint + path,
            headers={**headers, "Host": self._host},
            data=msgspec.json.encode(arguments),
            stream_output=streamed,
        )
        # Frozen, because credentials may be renewed while they are read. Where there are none, the signer says so.
        credentials = self._credentials and self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, *self._scope).add_auth(request)
        response: AWSResponse = self._http.send(self._completed(request))
        if response.status_code >= 300:
            raise self._error(operation, response)
        return response

    def _completed(self, request: AWSRequest) -> AWSPreparedRequest:
        """Add the headers that are not signed: signing goes through all headers several times, so these come after."""
        request.context["retries"] = {"invocation-id": str(uuid4()), "attempt": 1}
        prepared = request.prepare()
        prepared.headers["User-Agent"] = self._agent
        # The trace's, under Lambda.
        add_recursion_detection_header({"headers": prepared.headers})
        add_retry_headers(prepared)  # type: ignore[arg-type] # uses context and headers, which both kinds have
        return prepared

    def _decoded(self, operation: str, response: AWSResponse) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            # Nothing, or no JSON: botocore makes something of it.
            reply = self._parsed(operation, response)
            del reply["ResponseMetadata"]
        return reply

    def _error(self, operation: str, response: AWSResponse) -> ClientError:
        """Return what botocore's client raises for the response."""
        # The body of what was to be a stream is only read here.
        with as_botocores(self._endpoint):
            parsed = self._parsed(operation, response)
        code = parsed["Error"]["Code"]
        if shape := self._client.meta.service_model.shape_for_error_code(code):
            parsed.update(self._parsed(operation, response, shape))
        error: ClientError = self._client.exceptions.from_code(code)(parsed, operation)
        return error

    def _parsed(self, operation: str, response: AWSResponse, shape: Any = None) -> dict[str, Any]:
        """Return the response as botocore's client reads it."""
        service = self._client.meta.service_model
        model = service.operation_model(operation)
        answer = convert_to_response_dict(response, model)
        parsed: dict[str, Any] = create_parser(service.resolved_protocol).parse(answer, shape or model.output_shape)
        return parsed


@lru_cache
def _path(model_id: str, operation: str) -> str:
    return f"/model/{quote(model_id, safe='')}/{operation}"
