"""One deletion at a time goes wrong; the teardown gets over it, or says what is left and why, and goes on later."""

import pytest

from sandbox.deletions import script
from tests.sandbox.teardown_faults import faults, platform
from tests.sandbox.teardown_faults.conftest import ENVIRONMENT
from tests.sandbox.teardown_faults.local_aws import LocalAws

pytestmark = pytest.mark.teardown

STACKS = tuple(one.lower() for one in platform.ORDER)


@pytest.mark.parametrize("way", faults.WAYS)
@pytest.mark.parametrize("stack", STACKS)
def test_a_deletion_goes_wrong(aws: LocalAws, stack: str, way: str) -> None:
    chosen = faults.of_stack(aws, stack, way)
    # Quicker, and as good: the stacks beside it are gone when its own turn comes.
    aws.delete_stacks(f"quarry-{ENVIRONMENT}-{one}" for one in STACKS if one != stack)
    put_back = aws.keep()
    wrong = []
    for fault in chosen:
        put_back()
        aws.forget()
        wrong += [f"{fault}: {problem}" for problem in faults.problems(fault, aws)]
        faults.tried.append(str(fault))
    script.replace([])

    assert not wrong, "\n".join(wrong)
