"""`make up` where everything is up."""

import pytest

from tests.sandbox.platform.conftest import Platform

pytestmark = pytest.mark.deployments


def test_make_up_again_changes_nothing_and_keeps_the_key(platform: Platform) -> None:
    again = platform.run("make", "up")

    assert again.returncode == 0, again.stdout
    assert "(no changes)" in again.stdout
    assert platform.api_key in again.stdout
