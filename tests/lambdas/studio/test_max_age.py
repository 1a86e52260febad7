"""Apps that run for too long are stopped, whatever they do, and nothing else is."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.common import aws
from lambdas.studio import max_age
from lambdas.studio.domain import Domain
from lambdas.studio.max_age import NotStoppedError, lambda_handler, stop
from lambdas.studio.settings import MaxAgeSettings
from tests.lambdas.studio.fakes import DOMAIN, START, FakeStudio

TWELVE_HOURS_AGO = START - timedelta(hours=12)


@pytest.fixture
def studio() -> FakeStudio:
    return FakeStudio()


def run(studio: FakeStudio) -> tuple[int, int]:
    return stop(Domain(DOMAIN, sagemaker=studio), started_before=TWELVE_HOURS_AGO)


def test_what_runs_for_longer_is_stopped_and_the_rest_goes_on(studio: FakeStudio) -> None:
    old = {
        studio.app("ana", hours=12.01),
        studio.app("ana", kind="CodeEditor", hours=300),
        studio.app("ana", kind="Canvas", of="UserProfile", hours=13),
    }
    young = {studio.app("ben", hours=11.99), studio.app("cy", hours=0)}

    assert run(studio) == (3, 0)

    assert set(studio.asked("DeleteApp")) == old
    assert not young & set(studio.asked("DeleteApp"))
    # Their disks stay.
    assert {operation for operation, _ in studio.calls} == {"ListApps", "DeleteApp"}


@pytest.mark.parametrize("status", ["Pending", "Deleting", "Deleted", "Failed"])
def test_what_does_not_run_is_left_alone(studio: FakeStudio, status: str) -> None:
    studio.app("ana", hours=13, status=status)

    assert run(studio) == (0, 0)
    assert studio.asked("DeleteApp") == []


def test_hundreds_are_looked_through(studio: FakeStudio) -> None:
    for number in range(205):
        studio.app(f"space-{number}", hours=13)

    assert run(studio) == (205, 0)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_one_that_is_not_stopped_keeps_no_other_running(studio: FakeStudio, code: str, printed: io.StringIO) -> None:
    for name in ("ana", "ben", "cy"):
        studio.app(name, hours=13)
    studio.refuse = {"DeleteApp JupyterLab of ben": [code]}

    assert run(studio) == (2, 1)

    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    assert [(one["level"], one["what"]) for one in lines] == [
        ("WARNING", "app JupyterLab/default of space ana"),
        ("ERROR", "app JupyterLab/default of space ben"),
        ("WARNING", "app JupyterLab/default of space cy"),
    ]
    assert lines[1]["code"] == code
    assert lines[0]["since"] == "2026-11-29T23:00:00+00:00"


def test_a_call_that_hangs_keeps_no_other_running(studio: FakeStudio) -> None:
    studio.app("ana", hours=13)
    studio.app("ben", hours=13)

    def meanwhile() -> None:
        if studio.calls[-1] == ("DeleteApp", "JupyterLab of ana"):
            raise ReadTimeoutError(endpoint_url="https://sagemaker.test")

    studio.meanwhile = meanwhile

    assert run(studio) == (1, 1)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceInUse"])
def test_one_that_somebody_stops_at_this_moment_counts_for_neither(studio: FakeStudio, code: str) -> None:
    studio.app("ana", hours=13)
    studio.refuse = {"DeleteApp": [code]}

    assert run(studio) == (0, 0)


def test_a_domain_that_is_gone_has_none(studio: FakeStudio) -> None:
    studio.app("ana", hours=13)
    studio.refuse = {"ListApps": ["ResourceNotFound"]}

    assert run(studio) == (0, 0)


def test_apps_that_cannot_be_listed_are_an_error(studio: FakeStudio) -> None:
    studio.refuse = {"ListApps": ["AccessDeniedException"]}

    with pytest.raises(ClientError, match="AccessDenied"):
        run(studio)


@pytest.fixture
def _deployed(studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The function as the stack makes it, at the present."""
    for name, value in MaxAgeSettings(domain_id=DOMAIN, max_age_hours=12).to_env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws, "client", lambda _name, **_: studio)
    studio.clock.now = (datetime.now(UTC) - START).total_seconds()
    for cached in (max_age.settings, max_age.domain):
        cached.cache_clear()
    yield
    for cached in (max_age.settings, max_age.domain):
        cached.cache_clear()


def counted(text: str) -> dict[str, Any]:
    """Return the metrics of the one line of them."""
    (line,) = (json.loads(line) for line in text.splitlines() if "_aws" in line)
    return {name: line[name] for name in ("AppsStoppedByAge", "AppsNotStopped")}


@pytest.mark.usefixtures("_deployed")
def test_the_function_stops_what_is_older_than_its_setting_and_counts(
    studio: FakeStudio, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.app("ana", hours=12.1)
    studio.app("ben", hours=11.9)

    assert lambda_handler({}, None) == {"stopped": 1}

    assert studio.asked("DeleteApp") == ["JupyterLab of ana"]
    assert counted(capsys.readouterr().out) == {"AppsStoppedByAge": [1], "AppsNotStopped": [0]}


@pytest.mark.usefixtures("_deployed")
def test_the_function_fails_for_what_still_runs_and_counts_it(
    studio: FakeStudio, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that whoever looks at the function's errors sees that money is spent."""
    studio.app("ana", hours=13)
    studio.app("ben", hours=13)
    studio.refuse = {"DeleteApp JupyterLab of ana": ["AccessDeniedException"]}

    with pytest.raises(NotStoppedError, match="1 apps are too old and still run"):
        lambda_handler({}, None)

    assert studio.asked("DeleteApp") == ["JupyterLab of ana", "JupyterLab of ben"]
    assert counted(capsys.readouterr().out) == {"AppsStoppedByAge": [1], "AppsNotStopped": [1]}
