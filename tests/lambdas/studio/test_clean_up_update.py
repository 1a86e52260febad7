"""Who is left out loses what they made; nobody else loses anything."""

from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.studio.clean_up import clean_up
from tests.lambdas.studio.conftest import ANA, BEN, PEOPLE
from tests.lambdas.studio.fakes import DOMAIN, FakeStudio, request


def update(studio: FakeStudio, participants: Sequence[str], former: Any) -> None:
    """Have what no longer belongs deleted."""
    asked = request(studio.clock, "Update", Participants=participants, former=former)
    clean_up(asked, sagemaker=studio, sleep=studio.clock.sleep)


def of(participants: Sequence[str], domain: str = DOMAIN) -> dict[str, Any]:
    """Return former properties."""
    return {"DomainId": domain, "Participants": participants}


def test_who_is_left_out_loses_apps_and_other_spaces_and_nobody_else_anything(studio: FakeStudio) -> None:
    studio.space("anas-other", ANA)
    studio.app("anas-other", kind="CodeEditor")
    studio.app(ANA, kind="Canvas", of="UserProfile")
    studio.space("bens-other", BEN)
    studio.app("bens-other")
    studio.space("together", None)
    studio.app("together")

    update(studio, [BEN], of(PEOPLE))

    assert studio.names("App") == {f"JupyterLab of {BEN}", "JupyterLab of bens-other", "JupyterLab of together"}
    assert studio.names("Space") == {ANA, BEN, "bens-other", "together"}
    assert studio.names("UserProfile") == set(PEOPLE)


def test_who_is_left_out_loses_the_app_in_their_own_space_though_its_owner_is_not_told(studio: FakeStudio) -> None:
    studio.space(ANA, None)

    update(studio, [BEN], of(PEOPLE))

    assert studio.names("App") == {f"JupyterLab of {BEN}"}
    assert studio.names("Space") == {ANA, BEN}


@pytest.mark.parametrize(
    ("participants", "former"),
    [
        (PEOPLE, of(PEOPLE)),
        ([BEN, ANA], of(PEOPLE)),
        ([*PEOPLE, "cy"], of(PEOPLE)),
        # Another domain's resource is deleted by itself.
        ([BEN], of(PEOPLE, "d-other")),
        ([BEN], {"DomainId": DOMAIN}),
        ([BEN], {"DomainId": DOMAIN, "Participants": "ana-lima"}),
        ([BEN], {}),
    ],
)
def test_where_nobody_is_left_out_nothing_is_even_looked_at(
    studio: FakeStudio, participants: list[str], former: Any
) -> None:
    update(studio, participants, former)

    assert studio.calls == []
