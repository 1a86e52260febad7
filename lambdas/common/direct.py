"""The calls that every chat request makes, on a short way: botocore's signer and HTTP session without its client.

For these calls a client spends half of its time on what they can do without: the rules for endpoints, every member's
way through the service's model, out and back, hooks, retries. What is sent and what is raised is the client's, and
tests/lambdas/common/test_direct.py holds the two side by side.
"""

import socket
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.endpoint import convert_to_response_dict
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser
from botocore.session import Session
from botocore.utils import get_environ_proxies

_JSON: Final = {"Content-Type": "application/json"}
_UPDATE_ITEM: Final = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.UpdateItem",
}
# A request in two packets would wait for the first one's acknowledgement.
_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Http(Protocol):
    """What of botocore's HTTP session is called. It raises botocore's exceptions and keeps connections open."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send a request and return the response, read to its end unless it is a stream."""
        ...


class DirectClient:
    """A client that makes some calls itself and leaves all others to botocore's.

    Whole replies are JSON as it came: without ``ResponseMetadata``, and bytes in them are base64.

    Args:
        client: botocore's, of Bedrock or DynamoDB: gives the endpoint, the time-outs and the exceptions.
        session: gives the credentials.
        http: sends requests; botocore's own unless a test gives another.
    """

    def __init__(self, client: Any, session: Session, *, http: Http | None = None) -> None:
        meta = client.meta
        self._client = client
        self._endpoint = meta.endpoint_url.rstrip("/")
        self._agent = meta.config.user_agent
        self._scope = (meta.service_model.signing_name, meta.region_name)
        self._credentials: Any = session.get_credentials()
        self._http: Http = http or URLLib3Session(
            # What it takes is what urllib3 takes; the stubs know less.
            timeout=(meta.config.connect_timeout, meta.config.read_timeout),  # type: ignore[arg-type]
            verify=session.get_config_variable("ca_bundle") or True,
            proxies=get_environ_proxies(self._endpoint),
            socket_options=[_AT_ONCE],  # type: ignore[list-item]
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def converse(self, *, modelId: str, **arguments: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Call Bedrock's Converse, once.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        return _decoded(self._send("Converse", _path(modelId, "converse"), arguments, _JSON))

    def converse_stream(self, *, modelId: str, **arguments: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Call Bedrock's ConverseStream, once; ``stream`` of the reply is botocore's own.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        path = _path(modelId, "converse-stream")
        response = self._send("ConverseStream", path, arguments, _JSON, streamed=True)
        return self._parsed("ConverseStream", response)

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """Call DynamoDB's UpdateItem; what a second attempt may mend is tried again by botocore's client.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        try:
            return _decoded(self._send("UpdateItem", "/", arguments, _UPDATE_ITEM))
        except ConnectionClosedError:
            # One that was kept too long.
            pass
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
        reply: dict[str, Any] = self._client.update_item(**arguments)
        return reply

    def _send(
        self,
        operation: str,
        path: str,
        arguments: dict[str, Any],
        headers: Mapping[str, str],
        *,
        streamed: bool = False,
    ) -> AWSResponse:
        request = AWSRequest(
            method="POST",
            url=self._endpoint + path,
            headers={**headers, "User-Agent": self._agent},
            data=msgspec.json.encode(arguments),
            stream_output=streamed,
        )
        # Frozen, because credentials may be renewed while they are read. Where there are none, the signer says so.
        credentials = self._credentials and self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, *self._scope).add_auth(request)
        response = self._http.send(request.prepare())
        if response.status_code >= 300:
            raise self._error(operation, response)
        return response

    def _error(self, operation: str, response: AWSResponse) -> ClientError:
        """Return what botocore's client raises for the response."""
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


def _path(model_id: str, operation: str) -> str:
    return f"/model/{quote(model_id, safe='')}/{operation}"


def _decoded(response: AWSResponse) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.json.decode(response.content)
    return reply
