"""Choosing ports: nobody listens on them, nobody else gets them."""

import socket
from pathlib import Path

import pytest

from sandbox import ports


def test_they_differ_each_time() -> None:
    chosen = [*ports.free(20), *ports.free(20)]

    assert len(set(chosen)) == 40


def test_no_outgoing_connection_gets_one() -> None:
    system = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(system.read_text().split()[0]) if system.exists() else 32_768

    assert all(1024 < port < first for port in ports.free(20))


def test_what_somebody_listens_on_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        (free,) = ports.free(1)
        monkeypatch.setattr(ports, "_candidates", iter([taken, free]))

        assert ports.free(1) == [free]


def test_when_none_is_left_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_candidates", iter(ports.free(1)))

    with pytest.raises(OSError, match="no 2 ports of 15000 to 29999 are free"):
        ports.free(2)
