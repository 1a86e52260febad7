"""The sandbox's AWS in this process: boto3 clients whose requests its application answers without a socket.

Its state can be kept and put back, so that one deployment serves as many teardowns as there are faults to try.
"""

import asyncio
import contextlib
import copy
import copyreg
import io
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote

import apsw
import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.connection import ACCOUNT, REGION

URL: Final = "http://localhost:4566"
_STATE: Final = ("ministack.services.", "sandbox.")


class _Raw(io.BytesIO):
    """A body as urllib3 hands it on."""

    def stream(self, *_arguments: Any, **_more: Any) -> Any:
        while chunk := self.read(65536):
            yield chunk


class LocalAws:
    """MiniStack's application in an event loop of its own, with what the sandbox adds to it."""

    def __init__(self) -> None:
        import ministack.app

        from sandbox import server

        server._install_extensions()
        self._app = ministack.app.app
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="local-aws").start()
        self._clients: dict[str, Any] = {}
        # What nobody may delete by a service's own API: a set of physical ids.
        self.denied: set[str] = set()
        # Operations that nobody may call.
        self.denied_lists: set[str] = set()

    def client(self, service: str) -> Any:
        """Return the client of a service; requests are sent once."""
        if service not in self._clients:
            session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x", region_name=REGION)
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
            made = session.client(service, endpoint_url=URL, config=config)  # type: ignore[call-overload]
            made.meta.events.register("before-send", self._send)
            made.meta.events.register("provide-client-params", self._refuse)
            self._clients[service] = made
        return self._clients[service]

    def run(self, work: Callable[[], Any]) -> Any:
        """Call something in the loop, where MiniStack's stores are used."""

        async def done() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()

    def keep(self) -> Callable[[], None]:
        """Return what puts the state of now back."""
        # What is given a name in place of what it is made of is not copied.
        for open_thing in (apsw.Connection, sqlite3.Connection, type(threading.Lock()), type(threading.RLock())):
            copyreg.pickle(open_thing, lambda _one: "as it is")
        kept = self.run(lambda: copy.deepcopy({id(store): store._data for store in _stores()}))

        def put_back() -> None:
            then = copy.deepcopy(kept)
            for store in _stores():
                store._data = then.get(id(store), {})

        return lambda: self.run(put_back)

    def forget(self) -> None:
        """Forget what was made to go wrong."""
        from sandbox.deletions import script
        from sandbox.tagging import lag
        from sandbox.tuning import script as tuning_script

        script.replace([])
        tuning_script.replace([])
        self.run(lag.release)
        self.denied, self.denied_lists = set(), set()

    def delete_stacks(self, names: Iterable[str]) -> None:
        """Delete stacks, with all that is in them."""
        client = self.client("cloudformation")
        for name in names:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            client.delete_stack(StackName=name)
            assert self.settle(stack["StackId"]) == "DELETE_COMPLETE", name

    def settle(self, stack_id: str) -> str:
        """Wait until nothing goes on in a stack, and return its status."""
        client, status = self.client("cloudformation"), "_IN_PROGRESS"
        while status.endswith("_IN_PROGRESS"):
            status = client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return status

    def raise_quotas(self) -> None:
        """Raise what a new account has none of: model units."""
        from sandbox.quotas import applied
        from sandbox.quotas.catalogue import ALL

        units = {f"units:{base}": 100.0 for base in ("amazon.nova-lite-v1:0:300k", "amazon.nova-lite-v1:0")}
        applied.replace({quota.code: 100.0 for quota in ALL} | units)

    def vanish(self, stack: str, logical_id: str) -> None:
        """Delete what is behind a resource of a stack, which CloudFormation does not hear of."""
        from ministack.services import cloudformation
        from ministack.services.cloudformation import provisioners

        def delete() -> None:
            name = next(one for one in cloudformation._stacks if one.endswith(f"-studio-{stack}"))
            resource = cloudformation._stacks[name]["_resources"][logical_id]
            with contextlib.suppress(Exception):
                provisioners._delete_resource(
                    resource["ResourceType"],
                    resource["PhysicalResourceId"],
                    resource.get("Properties", {}),
                    name,
                    logical_id,
                )

        asyncio.run_coroutine_threadsafe(asyncio.to_thread(delete), self._loop).result()

    def _refuse(self, params: dict[str, Any], model: Any, **_more: Any) -> None:
        """Refuse deleting what is denied, as IAM does."""
        if model.name in self.denied_lists:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, model.name)
        values = {str(one) for value in params.values() for one in (value if isinstance(value, list) else [value])}
        if not model.name.startswith(("Delete", "Schedule", "Stop")):
            return
        for id_ in self.denied:
            if set(id_.split("|")) <= values:
                message = f"User is not authorized to perform: {model.name} on resource: {id_}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, model.name)

    def _send(self, request: AWSPreparedRequest, **_more: Any) -> AWSResponse:
        return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).result()

    async def _answer(self, request: AWSPreparedRequest) -> AWSResponse:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body) if not hasattr(body, "read") else body.read()
        path, _, query = request.url.removeprefix(URL).partition("?")
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        headers = [(name.lower().encode(), _bytes(value)) for name, value in request.headers.items()]
        if not any(name == b"host" for name, _ in headers):
            headers.append((b"host", b"localhost:4566"))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(path) or "/",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 4566),
        }
        await self._app(scope, receive, send)
        start = next(one for one in told if one["type"] == "http.response.start")
        content = b"".join(one.get("body", b"") for one in told if one["type"] == "http.response.body")
        answered: Any = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
        return AWSResponse(request.url, start["status"], answered, _Raw(content))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("latin-1")


def _stores() -> list[Any]:
    """Return everything that holds state in MiniStack's and the sandbox's modules."""
    from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

    found: dict[int, Any] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(_STATE):
            for value in list(vars(module).values()):
                if isinstance(value, AccountRegionScopedDict | AccountScopedDict):
                    found[id(value)] = value
    return list(found.values())
