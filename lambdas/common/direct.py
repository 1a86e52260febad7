"""The two calls that every chat request makes, on a short way: botocore's signer and HTTP session without its client.

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
        """Send a request and return the response, read to its end."""
        ...


class DirectClient:
    """A client that makes ``converse`` and ``update_item`` itself and leaves everything else to botocore's.

    Replies are JSON as it came: without ``ResponseMetadata``, and bytes in them are base64.

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
        return self._post("Converse", f"/model/{quote(modelId, safe='')}/converse", arguments, _JSON)

    def update_item(self, **arguments: Any) -> dict[str, Any]:
        """Call DynamoDB's UpdateItem; what a second attempt may mend is tried again by botocore's client.

        Raises:
            ClientError, BotoCoreError: as botocore's client.
        """
        try:
            return self._post("UpdateItem", "/", arguments, _UPDATE_ITEM)
        except ConnectionClosedError:
            # One that was kept too long.
            pass
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
        reply: dict[str, Any] = self._client.update_item(**arguments)
        return reply

    def _post(self, operation: str, path: str, arguments: dict[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        request = AWSRequest(
            method="POST",
            url=self._endpoint + path,
            headers={**headers, "User-Agent": self._agent},
            data=msgspec.json.encode(arguments),
        )
        # Frozen, because credentials may be renewed while they are read. Where there are none, the signer says so.
        credentials = self._credentials and self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, *self._scope).add_auth(request)
        response = self._http.send(request.prepare())
        if response.status_code >= 300:
            raise self._error(operation, response)
        reply: dict[str, Any] = msgspec.json.decode(response.content)
        return reply

    def _error(self, operation: str, response: AWSResponse) -> ClientError:
        """Return what botocore's client raises for the response."""
        service = self._client.meta.service_model
        answer = {
            "status_code": response.status_code,
            "headers": response.headers,
            "body": response.content,
            "context": {},
        }
        parser = create_parser(service.resolved_protocol)
        parsed = parser.parse(answer, service.operation_model(operation).output_shape)
        code = parsed["Error"]["Code"]
        if shape := service.shape_for_error_code(code):
            parsed.update(parser.parse(answer, shape))
        error: ClientError = self._client.exceptions.from_code(code)(parsed, operation)
        return error
