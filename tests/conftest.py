"""What all tests share: no network except for tests of the sandbox, no real credentials anywhere."""

import os
from collections.abc import Iterator

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings

# The same examples every time, and no judgement by the clock of a busy machine.
settings.register_profile("quarry", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quarry")

# A test that forgot to replace a client would sign with these and reach nothing.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_SERVICE_NAME="test",
    POWERTOOLS_METRICS_NAMESPACE="Test",
)


# Tests that share something costly and so run in one of the two processes: the deployment, the synthesised templates.
TOGETHER = {"tests/sandbox/platform/": "deployment", "tests/stacks/": "templates", "tests/policy/": "templates"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell pytest-xdist what to run together: else the tests of a file, which share its servers."""
    groups: dict[pytest.Item, str] = {}
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        groups[item] = next((name for folder, name in TOGETHER.items() if path.startswith(folder)), path)
        item.add_marker(pytest.mark.xdist_group(groups[item]))
    # The long ones first, so that none of the two processes ends up with one of them alone.
    order = list(TOGETHER.values())
    items.sort(key=lambda item: order.index(groups[item]) if groups[item] in order else len(order))


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Block sockets; the sandbox's tests may talk to this machine, and only to it."""
    if "tests/sandbox" in str(request.path):
        pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
    pytest_socket._remove_restrictions()
