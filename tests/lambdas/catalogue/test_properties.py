"""Reading what a template or a Describe call says of a resource."""

from typing import Any

import pytest

from lambdas.catalogue.properties import Properties, UnknownPropertyError

REFERENCE = {"Ref": "Size"}
CHOICE = {"Fn::If": ["Wide", "a", "b"]}


@pytest.mark.parametrize("value", [5, 5.0, "5"])
def test_a_number_may_be_a_text(value: Any) -> None:
    assert Properties({"Disk": {"Size": value}}).number("Disk.Size", 1) == 5


def test_what_is_left_out_is_the_default() -> None:
    properties = Properties({"Disk": {}})

    assert properties.number("Disk.Size", 7) == 7
    assert properties.text("Kind", "GP3") == "GP3"
    assert properties.listed("Zones") == []
    assert properties.get("Disk.Size.Deeper") is None
    assert not properties.flag("On")


@pytest.mark.parametrize("on", [True, "true"])
def test_a_flag_may_be_a_text(on: Any) -> None:
    assert Properties({"On": on}).flag("On")


@pytest.mark.parametrize("path", ["Size", "Size.Deeper"])
@pytest.mark.parametrize("value", [REFERENCE, CHOICE])
def test_what_only_a_deployment_knows_is_not_guessed(path: str, value: Any) -> None:
    with pytest.raises(UnknownPropertyError, match=r"^Size(\.Deeper)? is known only once it is deployed$"):
        Properties({"Size": value}).number(path, 1)


def test_what_is_no_number_is_not_one() -> None:
    with pytest.raises(UnknownPropertyError, match="Size is no number: 'large'"):
        Properties({"Size": "large"}).number("Size", 1)


def test_references_in_a_list_count_and_choices_do_not() -> None:
    assert len(Properties({"Zones": [REFERENCE, "subnet-1"]}).listed("Zones")) == 2
    with pytest.raises(UnknownPropertyError, match="how many Zones has"):
        Properties({"Zones": [CHOICE]}).listed("Zones")
    with pytest.raises(UnknownPropertyError, match="Zones is known only"):
        Properties({"Zones": CHOICE}).listed("Zones")


def test_a_member_that_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(UnknownPropertyError, match=r"Rules\[1\] is known only"):
        list(Properties({"Rules": [{"Name": "one"}, REFERENCE]}).members("Rules"))
