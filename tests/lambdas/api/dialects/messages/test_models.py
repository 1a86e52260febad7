"""The aliases in pages, as Anthropic's API has them."""

from typing import Any

import pytest

from lambdas.api.dialects.messages.models import info, page
from lambdas.common.errors import InvalidRequestError
from lambdas.model_access.abilities import Abilities
from lambdas.model_access.listing import Model, ModelStatus


def model(alias: str, kind: Any = "chat", longest: int = 10_000) -> Model:
    abilities = Abilities(kind=kind, parameters=[], features=[], max_output_tokens=longest, prices={})
    status = ModelStatus(standing=None, verdict=None, checked_at=None, candidates=[], abilities=abilities)
    return Model(id=alias, created=0, owned_by="amazon", quarry=status)


MODELS = [model("a"), model("b"), model("bge", "embedding", 0), model("c"), model("d")]


def test_an_alias_is_told_with_what_is_known_of_it() -> None:
    told = info(model("a", longest=64_000))

    assert (told.id, told.display_name, told.max_tokens, told.created_at) == ("a", "a", 64_000, "1970-01-01T00:00:00Z")
    assert info(model("bge", "embedding", 0)).max_tokens is None


@pytest.mark.parametrize(
    ("query", "ids", "has_more"),
    [
        ({}, "abcd", False),
        ({"limit": "2"}, "ab", True),
        ({"limit": "2", "after_id": "b"}, "cd", False),
        ({"limit": "1", "after_id": "b"}, "c", True),
        ({"limit": "1", "before_id": "c"}, "b", True),
        ({"before_id": "c"}, "ab", False),
        ({"after_id": "d"}, "", False),
        ({"before_id": "a"}, "", False),
    ],
)
def test_pages_go_in_both_directions_and_have_only_those_that_answer(
    query: dict[str, str], ids: str, has_more: bool
) -> None:
    found = page(MODELS, query)

    assert [one.id for one in found.data] == list(ids)
    assert (found.first_id, found.last_id) == ((ids[0], ids[-1]) if ids else (None, None))
    assert found.has_more is has_more


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "two"}, "limit"),
        ({"after_id": "e"}, "after_id"),
        ({"before_id": ""}, "before_id"),
        ({"after_id": "bge"}, "after_id"),
        ({"before_id": "b", "after_id": "a"}, "before_id"),
    ],
)
def test_a_page_that_there_cannot_be_is_refused(query: dict[str, str], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        page(MODELS, query)

    assert refused.value.param == param
