"""The roles' rights against what their code asked for while every other test of this folder ran: so it runs last."""

from pathlib import Path

import httpx
import pytest

from tests.sandbox import rights
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

PREFIX = "quarry-sandbox-"


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> None:
    """What only some tests ask for says nothing of what nobody needs."""
    here = Path(__file__).parent
    ran = {item.path.name for item in request.session.items if item.path.parent == here}
    if request.config.option.keyword or ran != {path.name for path in here.glob("test_*.py")}:
        pytest.skip("compares after all tests of this folder")


@pytest.mark.usefixtures("whole_run")
def test_every_right_is_used_and_nothing_is_asked_for_in_vain(platform: Platform) -> None:
    told = httpx.get(f"{platform.aws['endpoint_url']}/_sandbox/rights", timeout=PATIENCE).json()["rights"]
    grants = rights.granted(platform.client("iam"), prefix=PREFIX)

    assert rights.unused(grants, told, rights.UNSEEN) == []
    assert rights.not_granted(grants, told, prefix=PREFIX) == []
    assert rights.needless(grants, rights.UNSEEN) == []
