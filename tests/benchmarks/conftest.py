"""Measurements talk to servers that they start on this machine, and their tests may do so too."""

import pytest
import pytest_socket


@pytest.fixture
def loopback(_no_network: None) -> None:
    """Let sockets reach this machine, and only it; ``_no_network`` undoes that."""
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
