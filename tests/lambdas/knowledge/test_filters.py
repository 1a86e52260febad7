"""Filters: what each becomes for Bedrock, that it means the same, and what is refused by name."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.common.errors import InvalidRequestError
from lambdas.knowledge.filters import MOST_CONDITIONS, Fields, to_retrieval_filter
from tests.lambdas import service_model

FIELDS: Fields = {"department": "string", "city": "string", "year": "number", "public": "boolean"}


def bedrocks(given_: Any) -> dict[str, Any] | None:
    return to_retrieval_filter(given_, FIELDS, param="filter")


def condition(how: str, key: str, value: Any) -> dict[str, Any]:
    return {how: {"key": key, "value": value}}


FINANCE = condition("equals", "department", "Finance")
NEW = condition("greaterThanOrEquals", "year", 2024)
OLD = condition("lessThan", "year", 2026)
FROM = condition("equals", "year", 2024)
PUBLIC = condition("equals", "public", True)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (None, None),
        ({}, None),
        ({"department": "Finance"}, FINANCE),
        ({"public": True}, condition("equals", "public", True)),
        ({"year": {"gte": 2024, "lt": 2026}}, {"andAll": [NEW, OLD]}),
        ({"department": "Finance", "year": {"gte": 2024}}, {"andAll": [FINANCE, NEW]}),
        ({"any": [{"department": "Finance"}, {"year": {"gte": 2024}}]}, {"orAll": [FINANCE, NEW]}),
        ({"all": [{"department": "Finance"}, {"year": {"gte": 2024}}]}, {"andAll": [FINANCE, NEW]}),
        ({"any": [{"department": "Finance"}]}, FINANCE),
        ({"any": [{"department": "Finance", "year": {"gte": 2024}}, {"year": {"lt": 2026}}]},
         {"orAll": [{"andAll": [FINANCE, NEW]}, OLD]}),
        ({"department": {"in": ["a", "b"]}}, condition("in", "department", ["a", "b"])),
        ({"year": {"in": [2023, 2024]}}, {"orAll": [condition("equals", "year", 2023), FROM]}),
        ({"year": {"in": [2024]}}, FROM),
        ({"year": {"not_in": [2023, 2024, 2024]}},
         {"andAll": [condition("notEquals", "year", 2023), condition("notEquals", "year", 2024)]}),
        ({"all": [{"department": "Finance"}, {"all": [{"year": {"gte": 2024}}, {"year": {"lt": 2026}}]}]},
         {"andAll": [FINANCE, NEW, OLD]}),
        ({"public": True, "any": [{"year": {"lt": 2026}}, {"department": "Finance", "year": {"gte": 2024}}]},
         {"orAll": [{"andAll": [PUBLIC, OLD]}, {"andAll": [PUBLIC, FINANCE, NEW]}]}),
        ({"any": [{"year": year} for year in range(7)]},
         {"orAll": [{"orAll": [condition("equals", "year", year) for year in range(5)]},
                    {"orAll": [condition("equals", "year", year) for year in (5, 6)]}]}),
        ({"department": {"not_in": ["a"]}}, condition("notIn", "department", ["a"])),
        ({"department": {"starts_with": "F"}}, condition("startsWith", "department", "F")),
        ({"department": {"contains": "F"}}, condition("stringContains", "department", "F")),
        ({"department": {"ne": "F"}}, condition("notEquals", "department", "F")),
        ({"year": {"gt": 1.5}}, condition("greaterThan", "year", 1.5)),
        ({"year": {"lte": 1}}, condition("lessThanOrEquals", "year", 1)),
    ],
)  # fmt: skip
def test_each_becomes_bedrocks(given_: Any, expected: Any) -> None:
    assert bedrocks(given_) == expected


@pytest.mark.parametrize(
    ("given_", "param", "says"),
    [
        ({"colour": "red"}, "filter.colour", r"`city` \(a text\), .*`year` \(a number\)"),
        ({"year": "2024"}, "filter.year", "must be a number"),
        ({"year": True}, "filter.year", "must be a number"),
        ({"year": 10**30}, "filter.year", "must be a number"),
        ({"year": None}, "filter.year", "must be a number"),
        ({"department": 1}, "filter.department", "must be a text"),
        ({"department": ["a"]}, "filter.department", "must be a text"),
        ({"public": "yes"}, "filter.public", "must be true or false"),
        ({"public": {"gt": True}}, "filter.public.gt", "takes eq, ne"),
        ({"department": {"gt": "a"}}, "filter.department.gt", "takes eq, ne, in"),
        ({"year": {"between": 1}}, "filter.year.between", "takes eq, ne, gt"),
        ({"year": {"in": 1}}, "filter.year.in", "a list that is not empty"),
        ({"year": {"in": []}}, "filter.year.in", "a list that is not empty"),
        ({"year": {"in": [1, "2"]}}, "filter.year.in[1]", "must be a number"),
        ({"year": {}}, "filter.year", "empty"),
        ({"any": []}, "filter.any", "not empty"),
        ({"any": {}}, "filter.any", "not empty"),
        ({"any": [{}]}, "filter.any[0]", "empty"),
        ({"any": ["x"]}, "filter.any[0]", "must be an object"),
        ({"all": [{"year": {"gte": "x"}}]}, "filter.all[0].year.gte", "must be a number"),
        ({"any": [{"any": [{"any": [{"any": [{"year": 1}]}]}]}]}, "filter.any[0].any[0].any[0].any[0]", "deeply"),
        ({"year": {"in": list(range(MOST_CONDITIONS + 1))}}, "filter", "more than 50 conditions"),
        ({"year": {"in": list(range(26))}}, "filter", "5 conditions together, each of which may be 5 more"),
        (
            {
                "any": [{"city": "a", "department": "b", "year": {"in": list(range(6))}}] * 3,
                "all": [{"any": [{"year": year, "city": str(year)} for year in range(6)]}],
            },
            "filter",
            "more than Bedrock",
        ),
        ({"any": [{"year": 1}] * (MOST_CONDITIONS + 1)}, "filter", "more than 50 conditions"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given_: Any, param: str, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says) as refused:
        bedrocks(given_)

    assert refused.value.param == param
    assert f"`{param}`" in refused.value.message


def test_documents_without_fields_say_how_to_get_some() -> None:
    with pytest.raises(InvalidRequestError, match=r"no fields to filter by.*knowledge\.metadata"):
        to_retrieval_filter({"year": 1}, {}, param="filter")


# What hypothesis makes: filters that are right, to any shape that is accepted.
_TEXT = st.text(max_size=3)
_NUMBER = st.integers(-3, 3) | st.floats(-3, 3, allow_nan=False)


def _comparisons(values: st.SearchStrategy[Any], *names: str) -> st.SearchStrategy[Any]:
    one = st.sampled_from(names).flatmap(
        lambda name: st.tuples(
            st.just(name), st.lists(values, min_size=1, max_size=2) if name in ("in", "not_in") else values
        )
    )
    return st.lists(one, min_size=1, max_size=2).map(dict)


_text = _TEXT | _comparisons(_TEXT, "eq", "ne", "in", "not_in", "starts_with", "contains")
_number = _NUMBER | _comparisons(_NUMBER, "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in")
_flat = st.fixed_dictionaries(
    {}, optional={"department": _text, "city": _text, "year": _number, "public": st.booleans()}
).filter(bool)
_FILTERS = st.recursive(
    _flat,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "any": st.lists(inner, min_size=1, max_size=2),
            "all": st.lists(inner, min_size=1, max_size=2),
            "year": _number,
        },
    ).filter(bool),
    max_leaves=4,
)
_DOCUMENTS = st.fixed_dictionaries({"department": _TEXT, "city": _TEXT, "year": _NUMBER, "public": st.booleans()})

OURS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
    "in": lambda value, values: value in values,
    "not_in": lambda value, values: value not in values,
    "starts_with": lambda value, beginning: bool(value.startswith(beginning)),
    "contains": lambda value, part: part in value,
}  # fmt: skip
AWS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": operator.eq, "notEquals": operator.ne, "greaterThan": operator.gt, "greaterThanOrEquals": operator.ge,
    "lessThan": operator.lt, "lessThanOrEquals": operator.le,
    "in": OURS["in"], "notIn": OURS["not_in"], "startsWith": OURS["starts_with"], "stringContains": OURS["contains"],
}  # fmt: skip


def fits_ours(document: Mapping[str, Any], given_: Mapping[str, Any]) -> bool:
    def holds(name: str, wanted: Any) -> bool:
        if name in ("any", "all"):
            return {"any": any, "all": all}[name](fits_ours(document, one) for one in wanted)
        compared = wanted if isinstance(wanted, dict) else {"eq": wanted}
        return all(OURS[how](document[name], value) for how, value in compared.items())

    return all(holds(name, wanted) for name, wanted in given_.items())


def fits_aws(document: Mapping[str, Any], filter_: Mapping[str, Any]) -> bool:
    ((how, what),) = filter_.items()
    if how in ("andAll", "orAll"):
        return {"andAll": all, "orAll": any}[how](fits_aws(document, one) for one in what)
    return AWS[how](document[what["key"]], what["value"])


def within_bedrocks_bounds(filter_: Mapping[str, Any], groups: int = 0) -> bool:
    ((how, what),) = filter_.items()
    if how in ("andAll", "orAll"):
        fits = groups < 2 and 2 <= len(what) <= 5
        return fits and all(within_bedrocks_bounds(member, groups + 1) for member in what)
    return how not in ("in", "notIn") or all(isinstance(value, str) for value in what["value"])


def depth(given_: Any) -> int:
    groups = [one for name in ("any", "all") for one in given_.get(name, [])]
    return 1 + max(map(depth, groups), default=0)


@settings(deadline=None)
@given(given_=_FILTERS.filter(lambda filter_: depth(filter_) <= 4), document=_DOCUMENTS)
def test_a_filter_means_to_bedrock_what_it_means_to_the_caller(given_: Any, document: Any) -> None:
    try:
        made = bedrocks(given_)
    except InvalidRequestError as error:
        assert "more than Bedrock filters by" in error.message  # noqa: PT017 - either outcome is right
        return

    assert made is not None
    assert within_bedrocks_bounds(made)
    assert fits_aws(document, made) == fits_ours(document, given_)
    search = {"vectorSearchConfiguration": {"filter": made}}
    arguments = {"knowledgeBaseId": "KBTEST0001", "retrievalQuery": {"text": "x"}, "retrievalConfiguration": search}
    assert service_model.problems("bedrock-agent-runtime", "Retrieve", arguments) == []


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*FIELDS, *OURS, "any", "all", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(given_=st.dictionaries(st.sampled_from([*FIELDS, "any", "all", "x"]), _JSON, max_size=3))
def test_whatever_is_sent_is_a_filter_or_refused_by_name(given_: Any) -> None:
    try:
        bedrocks(given_)
    except InvalidRequestError as error:
        assert (error.param or "").startswith("filter")  # noqa: PT017 - either outcome is right
