"""botocore's clients with calls that are over by a deadline, over connections that outlive a freeze."""

import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import EndpointCreator
from botocore.session import Session

from lambdas.common.connections import KeptSession
from lambdas.common.deadline import Deadline

# A request in two packets would wait for the first one's acknowledgement.
_AT_ONCE: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Http(Protocol):
    """What of botocore's HTTP session is called. It raises botocore's exceptions and keeps connections open."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send a request and return the response, read to its end unless it is a stream."""
        ...


class BoundedClient:
    """A client whose calls can be given a deadline, and which else is botocore's; threads may share it.

    botocore's read time-out bounds each silence, not the call, and is the same for all calls of a client.

    Args:
        client: botocore's. It sends through connections that outlive a freeze from now on.
        session: gives the CA bundle.
        http: sends requests; botocore's own session over such connections unless a test gives another.
    """

    def __init__(self, client: Any, session: Session, *, http: Http | None = None) -> None:
        meta = client.meta
        self._client = client
        self._http: Any = http or _http_session(meta, ca_bundle=session.get_config_variable("ca_bundle"))
        meta.events.register("before-send", self._send_for_the_client)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def until(self, deadline: Deadline) -> Any:
        """Return this client with calls that are over by then, each with all its attempts and what is read of it later.

        Such a call raises botocore's ReadTimeoutError or ConnectTimeoutError when the time is up.
        """
        return _Until(self, self._http, deadline)

    def _send_for_the_client(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Send what the client has made and signed; botocore calls this before it would send itself."""
        response: AWSResponse = self._http.send(request)
        return response


class _Until:
    """The calls of a client, until a deadline."""

    def __init__(self, client: BoundedClient, http: Any, deadline: Deadline) -> None:
        self._client = client
        self._http = http
        self._deadline = deadline

    def until(self, deadline: Deadline) -> "_Until":
        return _Until(self._client, self._http, deadline)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def bounded(**arguments: Any) -> Any:
            with self._http.until(self._deadline):
                return call(**arguments)

        return bounded


def _http_session(meta: Any, *, ca_bundle: Any) -> Http:
    """Return an HTTP session as botocore's client makes its own, with its time-outs, proxies and CA bundle."""
    config = meta.config
    endpoint = EndpointCreator(meta.events).create_endpoint(
        meta.service_model,
        meta.region_name,
        meta.endpoint_url,
        verify=ca_bundle,
        timeout=(config.connect_timeout, config.read_timeout),  # type: ignore[arg-type] # what it takes is urllib3's
        max_pool_connections=config.max_pool_connections,
        http_session_cls=KeptSession,
        proxies=config.proxies,
        socket_options=[_AT_ONCE],
        client_cert=config.client_cert,
        proxies_config=config.proxies_config,
    )
    session: Http = endpoint.http_session
    return session
