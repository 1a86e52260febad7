"""What all tests share: no network except for tests of the sandbox, no real credentials anywhere."""

import gc
import hashlib
import os
from collections.abc import Generator, Iterator

import pytest
import pytest_socket

# Loads Hypothesis's profile, for tests in whose modules nothing else does.
from tests import examples  # noqa: F401
from tests.closing_lines import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

# Nothing of what is imported and collected goes again: looking for it takes a second.
gc.disable()

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
    METRICS_ENVIRONMENT="test",
)


# Tests that share something costly and so run in one of the processes: the deployment, the CDK's library at work.
# The file with a sandbox of its own is here because of its place: what takes longest comes first.
TOGETHER = {
    "tests/sandbox/platform/": "deployment",
    "tests/stacks/": "templates",
    "tests/policy/": "templates",
    "tests/lambdas/common/test_settings.py": "templates",
    "tests/sandbox/deployments/test_knowledge_switching.py": "switching",
    "tests/sandbox/deployments/test_side_by_side.py": "side by side",
    "tests/sandbox/deployments/test_first_deployment.py": "first deployment",
    "tests/sandbox/deployments/": "deployments",
    "tests/sandbox/language_model/": "language model",
    "tests/sandbox/playground/": "playground",
    "tests/sandbox/studio_browser/": "browser",
    "tests/sandbox/teardown_faults/": "teardown",
    "tests/sandbox/tuning_deployment/": "tuning",
}

# Of a value in a test's name, at most. A name goes between the processes four times; one of 6 MB did.
NAME_CHARACTERS = 100


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long text by its beginning and a fingerprint of it; leave the other values to pytest."""
    if not isinstance(val, str | bytes) or len(val) <= NAME_CHARACTERS:
        return None
    content = val if isinstance(val, bytes) else val.encode(errors="surrogatepass")
    return f"{val[:8]!a}...{hashlib.sha256(content).hexdigest()[:8]}"


@pytest.hookimpl(wrapper=True)  # begins before pytest-xdist reads the marks, in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Tell pytest-xdist what to run together: else the tests of a file, which share its servers."""
    groups: list[str] = []
    for item in items:
        path = item.nodeid.partition("::")[0]
        groups.append(next((name for folder, name in TOGETHER.items() if path.startswith(folder)), path))
        item.add_marker(pytest.mark.xdist_group(groups[-1]))
    # The long ones first, so that none of the processes ends up with one of them alone.
    order = list(dict.fromkeys(TOGETHER.values()))
    ranks = [order.index(group) if group in order else len(order) for group in groups]
    items[:] = [item for _, item in sorted(zip(ranks, items, strict=True), key=lambda pair: pair[0])]
    yield
    # pytest 9.2 keeps names where pytest-xdist 3.8 does not put groups into them: all would be deployed twice.
    if items and hasattr(items[0].config, "workerinput") and "@" not in items[0].nodeid.rpartition("]")[2]:
        raise pytest.UsageError("this pytest-xdist does not group tests with this pytest; see requirements-dev.txt")


def pytest_collection_finish() -> None:
    """Keep the collector from looking, again and again, at what stays until the end: modules and thousands of tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


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
