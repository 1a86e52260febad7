import pytest

from configuration.names import STACKS
from lambdas.teardown.kind import Found
from lambdas.teardown.ownership import WORDS, Ownership

DEV = Ownership(
    environment="dev",
    members=frozenset({"kb-1", "quarry-dev-inference-Chat1A2B-xyz", "d-mine"}),
    environments=frozenset({"dev", "dev-2"}),
)


@pytest.mark.parametrize(
    "found",
    [
        Found(id="x", tags={"quarry:environment": "dev"}),
        Found(id="x", name="quarry-prod-inference-Table", tags={"quarry:environment": "dev"}),
        Found(id="kb-1"),
        Found(id="job", of=("kb-1",)),
        Found(id="app", of=("d-mine",), name="anything"),
        Found(id="/aws/lambda/quarry-dev-inference-Chat1A2B-xyz", of=("quarry-dev-inference-Chat1A2B-xyz",)),
        Found(id="g", name="/aws/lambda/quarry-dev-inference-Gone-abc"),
        Found(id="g", name="quarry-dev-studio-RoleABC-123"),
        Found(id="p", name="quarry-dev-f6f14e50"),
        Found(id="p", name="/quarry/dev/aliases/fast"),
        Found(id="p", name="quarry/dev/participants/ana"),
    ],
)
def test_what_is_the_environments(found: Found) -> None:
    assert DEV.has(found)


@pytest.mark.parametrize(
    "found",
    [
        Found(id="x", name="my-table"),
        Found(id="x", tags={"team": "ours"}),
        Found(id="x", tags={"quarry:environment": "dev-2"}),
        # Another environment's tag counts more than any name or stack.
        Found(id="kb-1", tags={"quarry:environment": "dev-2"}),
        Found(id="x", name="quarry-dev-inference-Table", tags={"quarry:environment": "dev-2"}),
        # Prefix traps.
        Found(id="x", name="quarry-dev-2-inference-TableABC"),
        Found(id="x", name="/aws/lambda/quarry-dev-2-inference-Chat"),
        Found(id="x", name="quarry-dev-2-f6f14e50"),
        Found(id="x", name="/quarry/dev-2/aliases/fast"),
        Found(id="x", name="/quarry/development/x"),
        Found(id="x", name="quarry-develop-inference-x"),
        # A stranger's with a name that looks like ours and is none of a stack's.
        Found(id="x", name="quarry-dev-backup"),
        Found(id="x", name="quarry-dev-"),
        Found(id="x", name="my-quarry-dev-inference-x"),
        Found(id="x", name=""),
        Found(id="x", of=("kb-2",)),
    ],
)
def test_what_is_not(found: Found) -> None:
    assert not DEV.has(found)


def test_an_environment_named_like_a_stack_of_another_keeps_its_own() -> None:
    found = Found(id="x", name="quarry-dev-inference-knowledge-Table")
    known = Ownership(environment="dev", members=(), environments=("dev", "dev-inference"))

    assert not known.has(found)
    assert Ownership(environment="dev-inference", members=(), environments=("dev", "dev-inference")).has(found)


def test_every_stacks_own_part_of_its_name_is_known() -> None:
    assert {one.lower() for one in STACKS} <= WORDS
