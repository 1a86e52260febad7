"""Choosing ports for servers that are about to start."""

import itertools
import random
import socket
import threading
from collections.abc import Iterator
from typing import Final

HOST: Final = "127.0.0.1"
# Below the ports that systems give to outgoing connections (Linux from 32768, macOS and Windows from 49152): such a
# connection, of which the sandbox makes hundreds a second, could take a port before the server that it is for listens.
_FIRST: Final = 15_000
_LAST: Final = 29_999

_lock = threading.Lock()


def _shuffled() -> Iterator[int]:
    # In an order of this process's own, so that two that choose at the same time choose differently.
    ports = list(range(_FIRST, _LAST + 1))
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


_candidates = _shuffled()


def free(count: int) -> list[int]:
    """Return so many ports on the loopback that nobody listens on, and that this function did not return lately.

    Raises:
        OSError: there are not so many.
    """
    found: list[int] = []
    with _lock:
        for port in itertools.islice(_candidates, _LAST - _FIRST + 1):
            if _is_free(port):
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(f"no {count} ports of {_FIRST} to {_LAST} are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
