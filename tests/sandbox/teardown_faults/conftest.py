"""Two environments side by side and a stranger's things, deployed once; every test begins with all of it."""

from collections.abc import Callable, Iterator

import pytest

from sandbox import entry
from tests.sandbox.teardown_faults import platform
from tests.sandbox.teardown_faults.local_aws import LocalAws

# The one that is taken down has a name that begins with the other's.
ENVIRONMENT = "sandbox-studio"
OTHER = "sandbox"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults were tried."""
    from tests.sandbox.teardown_faults import faults

    if faults.tried:
        terminalreporter.write_line(f"{len(faults.tried):,} faults tried (SAMPLE={faults.SAMPLE})")


@pytest.fixture(scope="session")
def deployed() -> Iterator[tuple[LocalAws, Callable[[], None]]]:
    """The AWS, and what puts it back to when everything had just been deployed."""
    patch = pytest.MonkeyPatch()
    # States over time have tests of their own.
    patch.setattr(entry, "SECONDS", 0.0)
    aws = LocalAws()
    platform.prepare(aws)
    platform.make_strangers(aws)
    platform.deploy(aws, ENVIRONMENT)
    platform.deploy(aws, OTHER)
    yield aws, aws.keep()
    patch.undo()


@pytest.fixture
def aws(deployed: tuple[LocalAws, Callable[[], None]]) -> LocalAws:
    """The AWS as it was after the deployment."""
    found, put_back = deployed
    put_back()
    found.forget()
    return found
