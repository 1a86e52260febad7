"""What does not go, is refused for the moment or takes longer than there is: asked for again, or told."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.common.custom_resource import CustomResourceError, UnfinishedError
from lambdas.lifecycle.removal import ATTEMPTS, NAMED
from tests.lambdas.studio.conftest import ANA, PEOPLE
from tests.lambdas.studio.fakes import FakeStudio
from tests.lambdas.studio.test_clean_up import destroy


@pytest.mark.parametrize("failures", [1, ATTEMPTS - 1])
def test_a_deletion_that_fails_is_asked_for_again(studio: FakeStudio, failures: int) -> None:
    studio.space("scratch", ANA)
    studio.failing = {f"JupyterLab of {ANA}": failures, "scratch": failures}

    destroy(studio)

    assert studio.names("App") == set()
    assert studio.names("Space") == set(PEOPLE)


def test_what_never_goes_is_told_with_awss_reason_and_holds_up_nothing_else(studio: FakeStudio) -> None:
    studio.failing = {f"JupyterLab of {ANA}": 1000}

    with pytest.raises(CustomResourceError) as caught:
        destroy(studio)

    assert not isinstance(caught.value, UnfinishedError)
    assert str(caught.value) == (
        "1 of what has to go first cannot be deleted: app JupyterLab/default of space ana-lima (Failed: its instance "
        "is lost). Mend that or delete them by hand, and do the same again: it goes on from there."
    )
    assert studio.names("App") == {f"JupyterLab of {ANA}"}


def test_a_deletion_that_aws_refuses_is_told_with_its_words(studio: FakeStudio) -> None:
    studio.refuse = {f"DeleteApp JupyterLab of {ANA}": ["AccessDeniedException"] * 100}

    with pytest.raises(CustomResourceError, match=r"\(AccessDeniedException: words about AccessDeniedException\)"):
        destroy(studio)

    assert studio.names("App") == {f"JupyterLab of {ANA}"}


def test_a_reason_that_cannot_be_looked_up_is_left_out(studio: FakeStudio) -> None:
    studio.failing = {f"JupyterLab of {ANA}": 1000}
    studio.refuse = {"DescribeApp": ["AccessDeniedException"]}

    with pytest.raises(CustomResourceError, match=r"space ana-lima \(Failed\)\."):
        destroy(studio)


def test_many_that_do_not_go_are_told_as_far_as_the_answer_has_room() -> None:
    studio = FakeStudio()
    apps = [studio.app(f"{number:02}" * 30) for number in range(40)]
    studio.failing = dict.fromkeys(apps, 1000)

    with pytest.raises(CustomResourceError) as caught:
        destroy(studio)

    assert str(caught.value).count("Failed") == NAMED
    assert "and 30 more" in str(caught.value)
    assert len(str(caught.value)) < 3_800
    assert len([one for one, _ in studio.calls if one == "DescribeApp"]) == NAMED


@pytest.mark.parametrize("code", ["ResourceInUse", "ThrottlingException", "ResourceNotFound", "InternalFailure"])
def test_a_deletion_that_is_refused_for_the_moment_is_asked_for_again(studio: FakeStudio, code: str) -> None:
    """However often: as long as something else is changing, or AWS is busy."""
    studio.refuse = {f"DeleteApp JupyterLab of {ANA}": [code] * (ATTEMPTS + 5)}

    destroy(studio)

    assert studio.names("App") == set()


@pytest.mark.parametrize("operation", ["ListApps", "ListSpaces", "ListUserProfiles"])
@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_a_listing_that_is_refused_for_the_moment_is_asked_for_again(
    studio: FakeStudio, operation: str, code: str
) -> None:
    studio.space("scratch", ANA)
    studio.refuse = {operation: [code] * (ATTEMPTS - 1)}

    destroy(studio)

    assert studio.names("App") == set()
    assert studio.names("Space") == set(PEOPLE)


def test_a_listing_that_is_denied_now_and_then_is_asked_again(studio: FakeStudio) -> None:
    denied = ["AccessDeniedException"] * (ATTEMPTS - 1)
    studio.refuse = {"ListApps": [*denied, "", *denied]}

    destroy(studio)

    assert studio.names("App") == set()


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException"])
def test_a_listing_that_stays_refused_is_an_error(studio: FakeStudio, code: str) -> None:
    studio.refuse = {"ListApps": [code] * 1000}

    with pytest.raises(ClientError, match=code):
        destroy(studio)


def test_a_call_that_hangs_is_tried_again(studio: FakeStudio) -> None:
    hangs = [True, True]

    def meanwhile() -> None:
        if hangs:
            hangs.pop()
            raise ReadTimeoutError(endpoint_url="https://sagemaker.test")

    studio.meanwhile = meanwhile

    destroy(studio)

    assert studio.names("App") == set()


def test_time_that_runs_out_ends_the_run_with_what_is_left_and_the_next_goes_on(studio: FakeStudio) -> None:
    studio.seconds = {f"JupyterLab of {ANA}": 1_200}

    for run in (1, 2):
        with pytest.raises(UnfinishedError) as caught:
            destroy(studio, run=run)
        assert studio.clock.left() >= 0
        studio.clock.ends += 500
    destroy(studio, run=3)

    assert str(caught.value) == (
        "The time is over, and 1 of what has to go first are left: app JupyterLab/default of space ana-lima (Deleting)."
        " Look whether they go by themselves, delete them otherwise, and do the same again: it goes on from there."
    )
    assert studio.names("App") == set()
    assert studio.asked("DeleteApp").count(f"JupyterLab of {ANA}") == 1


def test_time_that_runs_out_among_many_ends_the_run() -> None:
    """A call may take its time."""
    studio = FakeStudio()
    for number in range(100):
        studio.app(f"space-{number}")

    def meanwhile() -> None:
        studio.clock.now += 20

    studio.meanwhile = meanwhile

    with pytest.raises(UnfinishedError, match=r"100 of what has to go first are left: .* and 90 more"):
        destroy(studio, [])

    assert studio.clock.now <= studio.clock.ends + 20


@pytest.mark.parametrize("code", ["ThrottlingException", ""])
def test_time_that_runs_out_before_anything_is_known_is_told_as_such(studio: FakeStudio, code: str) -> None:
    def meanwhile() -> None:
        if not code:
            raise ReadTimeoutError(endpoint_url="https://sagemaker.test")

    studio.meanwhile = meanwhile
    studio.refuse = {"ListApps": [code] * 1000}

    with pytest.raises(UnfinishedError) as caught:
        destroy(studio)

    assert str(caught.value) == (
        "It is not known yet whether anything is left. Do the same again. AWS's last word was "
        f"{code or 'ReadTimeoutError'}."
    )
