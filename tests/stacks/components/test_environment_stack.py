"""What constructs ask their stack for."""

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Template
from constructs import Construct

from configuration.environment_file import load
from stacks.components.environment_stack import EnvironmentStack
from tests.templates import new_app
from tests.varying import Vary


@pytest.fixture
def stack() -> EnvironmentStack:
    return EnvironmentStack(new_app(), "Test", config=load("dev"), account=None, description="test")


def test_a_construct_finds_its_stack_however_deep_it_lies(stack: EnvironmentStack) -> None:
    deep = Construct(Construct(stack, "Outer"), "Inner")

    assert EnvironmentStack.of(deep) is stack
    assert EnvironmentStack.of(stack) is stack


def test_a_construct_of_a_capability_asks_for_its_own_kind_of_stack(stack: EnvironmentStack) -> None:
    class OtherStack(EnvironmentStack):
        pass

    with pytest.raises(TypeError, match="Test/Lost has to be in OtherStack, and is in EnvironmentStack"):
        OtherStack.of(Construct(stack, "Lost"))


def test_a_construct_in_a_stack_of_no_environment_is_refused() -> None:
    lost = Construct(Stack(new_app(), "Plain"), "Lost")

    with pytest.raises(TypeError, match="Plain/Lost has to be in EnvironmentStack, and is in Stack"):
        EnvironmentStack.of(lost)


def test_the_dependency_layer_is_made_once_and_only_where_somebody_asks(stack: EnvironmentStack) -> None:
    assert list(stack.node.children) == []

    first, second = stack.dependency_layer, stack.dependency_layer

    assert first is second
    assert first.node.path == "Test/Dependencies"
    Template.from_stack(stack).resource_count_is("AWS::Lambda::LayerVersion", 1)


@pytest.mark.parametrize(("target", "architecture"), [("arm64", "arm64"), ("x86_64", "x86_64")])
def test_the_layer_is_built_for_the_environments_machine(vary: Vary, target: str, architecture: str) -> None:
    config = vary(functions={"build_for": target})
    stack = EnvironmentStack(new_app(), "Test", config=config, account=None, description="test")

    assert stack.dependency_layer.architecture.name == architecture
