"""What people made goes before what the stack made, whatever state it is in; and those who stay keep theirs."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.custom_resource import CustomResourceError
from lambdas.lifecycle.removal import PAUSE_SECONDS
from lambdas.studio.clean_up import clean_up
from tests.lambdas.studio.conftest import ANA, BEN, PEOPLE
from tests.lambdas.studio.fakes import DOMAIN, FakeStudio, request


def destroy(studio: FakeStudio, participants: Any = PEOPLE, *, run: int = 1) -> None:
    """Have everything deleted."""
    asked = request(studio.clock, Participants=participants, run=run)
    clean_up(asked, sagemaker=studio, sleep=studio.clock.sleep)


def test_apps_go_and_what_the_stack_made_stays_for_cloudformation(studio: FakeStudio) -> None:
    destroy(studio)

    assert studio.names("App") == set()
    assert studio.names("Space") == studio.names("UserProfile") == set(PEOPLE)


def test_spaces_and_user_profiles_that_cloudformation_does_not_know_go_after_the_apps(studio: FakeStudio) -> None:
    studio.space("scratch", ANA)
    studio.space("together", None)
    studio.profile("guest")
    studio.space("guest", "guest")
    studio.app("scratch")
    studio.app("together", kind="CodeEditor")
    studio.app("guest", kind="Canvas", of="UserProfile")

    destroy(studio)

    assert studio.names("App") == set()
    assert studio.names("Space") == studio.names("UserProfile") == set(PEOPLE)
    deletions = [operation for operation, _ in studio.calls if operation.startswith("Delete")]
    assert deletions == ["DeleteApp"] * 5 + ["DeleteSpace"] * 3 + ["DeleteUserProfile"]


def test_a_space_of_a_participants_name_that_is_somebody_elses_is_not_theirs(studio: FakeStudio) -> None:
    studio.space(ANA, BEN)

    destroy(studio)

    assert studio.names("Space") == {BEN}


def test_a_space_of_a_participants_name_whose_owner_is_not_told_is_theirs(studio: FakeStudio) -> None:
    studio.space(ANA, None)

    destroy(studio)

    assert studio.names("Space") == set(PEOPLE)


def test_an_empty_domain_takes_no_time(studio: FakeStudio) -> None:
    studio.things.clear()

    destroy(studio)

    assert studio.clock.now == 0
    assert not any(operation.startswith("Delete") for operation, _ in studio.calls)


def test_a_domain_that_is_gone_has_nothing_in_it(studio: FakeStudio) -> None:
    studio.refuse = {name: ["ResourceNotFound"] for name in ("ListApps", "ListSpaces", "ListUserProfiles")}

    destroy(studio)

    assert studio.names("App")


def test_what_goes_at_once_is_not_waited_for_long(studio: FakeStudio) -> None:
    studio.seconds = {f"JupyterLab of {name}": 1 for name in PEOPLE}

    destroy(studio)

    assert studio.clock.now == 1


def test_hundreds_are_listed_page_by_page() -> None:
    studio = FakeStudio()
    for number in range(205):
        studio.app(f"space-{number}")
        studio.space(f"space-{number}", None)

    destroy(studio, [])

    assert not studio.things or {thing.status for thing in studio.things.values()} == {"Deleted"}
    assert len(studio.asked("DeleteApp")) == 205


def test_twice_is_as_once(studio: FakeStudio) -> None:
    destroy(studio)
    before = len(studio.asked("DeleteApp"))

    destroy(studio)

    assert len(studio.asked("DeleteApp")) == before


@pytest.mark.parametrize("status", ["Failed", "InService"])
def test_an_app_in_any_state_that_can_go_goes(studio: FakeStudio, status: str) -> None:
    studio.things["App", f"JupyterLab of {ANA}"].status = status

    destroy(studio)

    assert studio.names("App") == set()


@pytest.mark.parametrize("status", ["Pending", "Deleting"])
def test_an_app_that_is_starting_or_stuck_is_waited_for(studio: FakeStudio, status: str) -> None:
    """And not asked meanwhile. The others go."""
    app = studio.things["App", f"JupyterLab of {ANA}"]
    app.status, app.until = status, 200
    app.then = "InService" if status == "Pending" else "Deleted"

    destroy(studio)

    assert studio.names("App") == set()
    assert studio.clock.now >= 200
    assert studio.asked("DeleteApp").count(f"JupyterLab of {ANA}") == (1 if status == "Pending" else 0)


@pytest.mark.parametrize("status", ["Failed", "Update_Failed", "Delete_Failed"])
def test_a_foreign_space_in_any_state_goes(studio: FakeStudio, status: str) -> None:
    studio.space("scratch", ANA, status=status)
    studio.profile("guest", status=status)

    destroy(studio)

    assert studio.names("Space") == studio.names("UserProfile") == set(PEOPLE)


def test_an_app_that_is_started_meanwhile_goes_too(studio: FakeStudio) -> None:
    """People are still there, and press Run."""
    starts = iter([BEN, BEN, "scratch"])
    studio.space("scratch", BEN)

    def meanwhile() -> None:
        if studio.clock.now > 13 and (place := next(starts, None)):
            studio.app(place)

    studio.meanwhile = meanwhile

    destroy(studio)

    assert studio.names("App") == set()
    assert studio.names("Space") == set(PEOPLE)
    assert next(starts, None) is None


def test_what_vanishes_meanwhile_was_wanted(studio: FakeStudio) -> None:
    """As by the other hand of somebody at the console."""
    studio.space("scratch", ANA)

    def meanwhile() -> None:
        if studio.calls[-1][0].startswith("Delete"):
            studio.things = {key: thing for key, thing in studio.things.items() if key[0] == "UserProfile"}

    studio.meanwhile = meanwhile

    destroy(studio)

    assert studio.names("UserProfile") == set(PEOPLE)


def test_every_change_is_logged_once(studio: FakeStudio, printed: io.StringIO) -> None:
    studio.failing = {f"JupyterLab of {ANA}": 1}

    destroy(studio)

    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    app = "app JupyterLab/default of space ana-lima"
    assert [(one["message"], one.get("is")) for one in lines if one.get("what") == app] == [
        ("found", "InService"),
        ("changed", "Deleting"),
        ("changed", "Failed"),
        ("changed", "Deleting"),
        ("gone", None),
    ]
    assert (lines[-1]["message"], lines[-1]["removed"], lines[-1]["run"]) == ("cleaned up", 2, 1)


def test_a_creation_does_nothing(studio: FakeStudio) -> None:
    clean_up(request(studio.clock, "Create", Participants=PEOPLE), sagemaker=studio)

    assert studio.calls == []


@pytest.mark.parametrize("domain", [None, "", 7, ["d-x"]])
@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_without_a_domain_there_is_nothing_to_delete_and_nothing_to_make(
    studio: FakeStudio, kind: str, domain: Any
) -> None:
    asked = request(studio.clock, kind, DomainId=domain, Participants=PEOPLE)

    if kind == "Delete":
        clean_up(asked, sagemaker=studio)
    else:
        with pytest.raises(CustomResourceError, match="lack DomainId"):
            clean_up(asked, sagemaker=studio)
    assert studio.calls == []


NAMES = st.sampled_from(["a", "b", "c", "d"])
STATUSES = st.sampled_from(["InService", "Failed", "Delete_Failed", "Update_Failed"])


@given(
    st.sets(NAMES),
    st.dictionaries(NAMES, STATUSES),
    st.dictionaries(NAMES, st.tuples(st.none() | NAMES, STATUSES)),
    st.sets(st.tuples(NAMES, st.sampled_from(["Space", "UserProfile"]))),
    st.dictionaries(st.sampled_from(["JupyterLab of a", "a", "b"]), st.integers(1, 3)),
)
def test_whatever_there_is_cloudformation_can_delete_the_rest(
    participants: set[str],
    profiles: dict[str, str],
    spaces: dict[str, tuple[str | None, str]],
    apps: set[tuple[str, str]],
    failing: dict[str, int],
) -> None:
    studio = FakeStudio(failing=failing)
    for name, status in profiles.items():
        studio.profile(name, status=status)
    for name, (owner, status) in spaces.items():
        studio.space(name, owner if owner in profiles else None, status=status)
    for place, of_ in apps:
        if place in (spaces if of_ == "Space" else profiles):
            studio.app(place, of=of_)

    destroy(studio, list(participants))

    assert studio.names("App") == set()
    assert studio.names("Space") <= participants
    assert studio.names("UserProfile") <= participants
    assert studio.clock.now <= 500 - PAUSE_SECONDS


def test_the_fake_refuses_as_sagemaker_does(studio: FakeStudio) -> None:
    for delete, key in (
        (studio.delete_space, {"SpaceName": ANA}),
        (studio.delete_user_profile, {"UserProfileName": ANA}),
    ):
        call: Callable[..., None] = delete
        with pytest.raises(ClientError, match="ResourceInUse"):
            call(DomainId=DOMAIN, **key)
