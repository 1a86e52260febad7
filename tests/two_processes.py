"""Tests in two processes that are forked when everything is collected: a pytest plugin, for `make test-fast`.

With pytest-xdist each process imports every test and starts Node for the CDK's library, and half a dozen messages are
sent for each test: a seventh of all the processor time that these tests take. Here that is done once. The groups are
pytest-xdist's marks, by tests/conftest.py, in its order. Each process takes the next one when it is through with its
own; the first begins with the first, the CDK's, since Node answers one process alone.

Only where a fork is safe, with what tests import: on Linux. Why this is no library: docs/decisions/0035.
"""

import atexit
import gc
import multiprocessing
import sys
import warnings
from collections.abc import Iterator, Sequence
from itertools import groupby
from multiprocessing.connection import Connection, wait
from types import SimpleNamespace
from typing import Any, Final

import pytest
from _pytest.threadexception import collect_thread_exception
from _pytest.unraisableexception import collect_unraisable

NAMES: Final = ("first", "second")
# The number of the next group, once there is none: a process leaves after the test that it runs.
NO_MORE: Final = 1 << 30

_FORK = multiprocessing.get_context("fork")


class _Taken:
    """The number of the group that is taken next, by any of the processes."""

    def __init__(self) -> None:
        self._next = _FORK.Value("i", 1)

    def take(self) -> int:
        with self._next.get_lock():
            taken: int = self._next.value
            self._next.value += 1
        return taken

    def stop(self) -> None:
        with self._next.get_lock():
            self._next.value = NO_MORE

    @property
    def stopped(self) -> bool:
        return bool(self._next.value >= NO_MORE)


class _Told:
    """What the process of the tests tells the one that prints: of a test its reports, and its warnings."""

    def __init__(self, config: pytest.Config, connection: "Connection[Any, Any]") -> None:
        self._config = config
        self._connection = connection
        self._reports: list[dict[str, Any] | None] = []
        self._warnings: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append(told)

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        # An open file, say, which no other process can be sent.
        warning_message.source = None
        told = {"warning_message": warning_message, "when": when, "nodeid": nodeid, "location": location}
        self._warnings.append(told)

    def tell(self) -> None:
        self._connection.send((self._reports, self._warnings))
        self._reports, self._warnings = [], []


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run what was collected; leave it to pytest where there is nothing to share, a person at the keyboard, coverage
    to measure, or pytest-xdist at work."""
    option = session.config.option
    groups = [list(items) for _, items in groupby(session.items, key=_group)]
    alone = option.collectonly or option.usepdb or getattr(option, "cov_source", None)
    other = option.numprocesses or hasattr(session.config, "workerinput")
    if alone or other or session.testsfailed or len(groups) < len(NAMES):
        return None
    # Made here, else each would make one of its own.
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    taken = _Taken()
    processes: dict[Connection[Any, Any], Any] = {}
    try:
        for name in NAMES:
            reads, writes = _FORK.Pipe(duplex=False)
            process = _FORK.Process(name=name, target=_run, args=(session, groups, taken, writes, name))
            with warnings.catch_warnings():
                # From Python 3.12 on a fork beside threads warns. Those that imports began wait for Node and tables.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            writes.close()
            processes[reads] = process
        _report(session, dict(processes))
    finally:
        taken.stop()
        for process in processes.values():
            process.join()
    return True


def _group(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else item.nodeid.partition("::")[0]


def _report(session: pytest.Session, processes: "dict[Connection[Any, Any], Any]") -> None:
    """Hand what the processes tell to pytest, until all of them have ended.

    Raises:
        RuntimeError: one of them did not come to its end, or a test was not run.
    """
    hook = session.config.hook
    run: set[str] = set()
    while processes:
        for connection in wait(list(processes)):
            assert isinstance(connection, Connection)
            process = processes[connection]
            try:
                reports, warned = connection.recv()
            except EOFError:
                del processes[connection]
                process.join()
                if process.exitcode:
                    raise RuntimeError(f"the {process.name} process ended with {process.exitcode}") from None
                continue
            for one in warned:
                hook.pytest_warning_recorded.call_historic(kwargs=one)
            for data in reports:
                report = hook.pytest_report_from_serializable(config=session.config, data=data)
                # As pytest-xdist does: what pytest prints of several processes it tells apart by this.
                report.node = SimpleNamespace(
                    gateway=SimpleNamespace(id=process.name), _workerinfocache=f"[{process.name}]"
                )
                run |= {report.nodeid} if report.when == "teardown" else set()
                hook.pytest_runtest_logreport(report=report)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
    if missing := [item.nodeid for item in session.items if item.nodeid not in run]:
        raise RuntimeError(f"{len(missing)} tests were not run, the first is {missing[0]}")


def _run(
    session: pytest.Session,
    groups: Sequence[list[pytest.Item]],
    taken: _Taken,
    connection: "Connection[Any, Any]",
    name: str,
) -> None:
    """Run tests in a process of their own until no group is left, and tell of each."""
    # What the other process will take away itself.
    atexit._clear()
    config = session.config
    told = _Told(config, connection)
    _part_from_the_other(config, name)
    config.pluginmanager.register(told)
    items = (item for group in _own(groups, taken, name) for item in group)
    item = next(items, None)
    try:
        while item:
            # None lets go what the tests before shared, down to the session.
            following = None if taken.stopped else next(items, None)
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            told.tell()
            item = following
        gc.collect()
        collect_unraisable(config)
        collect_thread_exception(config)
        told.tell()
    except KeyboardInterrupt:
        sys.exit(2)
    finally:
        session._setupstate.teardown_exact(None)
        atexit._run_exitfuncs()


def _own(groups: Sequence[list[pytest.Item]], taken: _Taken, name: str) -> Iterator[list[pytest.Item]]:
    if name == NAMES[0]:
        yield groups[0]
    while (number := taken.take()) < len(groups):
        yield groups[number]


def _part_from_the_other(config: pytest.Config, name: str) -> None:
    """Give the process what it cannot share with the one that it is a fork of."""
    # What is captured goes to a file, of which a fork has no place of its own.
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    factory = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.mktemp(name, numbered=False)
    # The other one prints; what is left is where pytest-timeout says where a test hangs.
    reporter: Any = config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(SimpleNamespace(_tw=reporter._tw), "terminalreporter")
    node = sys.modules.get("jsii._kernel.providers.process")
    if node and name != NAMES[0]:
        node._NodeProcess.send = _refuse


def _refuse(*_: Any) -> None:
    raise RuntimeError(
        "only the first process may use the CDK's library: TOGETHER in tests/conftest.py names its tests"
    )
