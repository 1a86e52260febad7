"""Quotas are found by their names, in every form that Service Quotas has."""

from dataclasses import replace

import pytest

from lambdas.model_access.quotas import list_quotas, shortages
from tests.lambdas.model_access.fakes import HAIKU, MICRO, FakeQuotas

SMALL = 1.0


@pytest.mark.parametrize(
    ("name", "concerns"),
    [
        ("On-demand model inference requests per minute for Amazon Nova Micro", "micro"),
        ("On-demand InvokeModel tokens per minute for Nova Micro", "micro"),
        ("Cross-region model inference requests per minute for Amazon Nova Micro", ""),
        ("On-demand model inference requests per minute for Amazon Nova Micro 2", ""),
        ("Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5", "haiku"),
        ("Cross-Region InvokeModel requests per minute for Anthropic Claude Haiku 4.5 V1", "haiku"),
        ("Global cross-region model inference requests per minute for Anthropic Claude Haiku 4.5", ""),
        ("Batch inference job size for Claude Haiku 4.5", ""),
    ],
)
def test_a_quota_concerns_the_model_that_it_names(name: str, concerns: str) -> None:
    quotas = list_quotas(FakeQuotas({"Something else": 1, name: SMALL}))

    found = {label for label, one in (("micro", MICRO), ("haiku", HAIKU)) if shortages(one, quotas, participants=1)}

    assert found == ({concerns} if concerns else set())


BY_SCOPE = {
    "on-demand": "On-demand model inference requests per minute for Anthropic Claude Haiku 4.5",
    "geography": "Cross-region model inference requests per minute for Anthropic Claude Haiku 4.5",
    "global": "Global cross-region model inference requests per minute for Anthropic Claude Haiku 4.5",
}
APPLICATION_PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"


@pytest.mark.parametrize("called_as", ["", APPLICATION_PROFILE])
@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (HAIKU.model_id, "on-demand"),
        (HAIKU.callable_id, "geography"),
        (f"global.{HAIKU.model_id}", "global"),
    ],
)
def test_quotas_are_those_of_what_calls_end_at(target: str, scope: str, called_as: str) -> None:
    candidate = replace(HAIKU, callable_id=target).called_as(called_as or target)

    concerned = {
        name
        for name, quota in BY_SCOPE.items()
        if shortages(candidate, list_quotas(FakeQuotas({quota: SMALL})), participants=1)
    }

    assert concerned == {scope}


def test_a_custom_model_has_none_of_these_quotas() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl"
    custom = replace(HAIKU, callable_id=arn, custom=True)
    quotas = list_quotas(FakeQuotas(dict.fromkeys(BY_SCOPE.values(), SMALL)))

    assert shortages(custom, quotas, participants=40) == []


def test_the_smallest_for_the_need_comes_first() -> None:
    base = "per minute for Amazon Nova Micro"
    quotas = list_quotas(
        FakeQuotas({f"On-demand model inference tokens {base}": 100, f"On-demand model inference requests {base}": 1})
    )

    assert [one.quota.kind for one in shortages(MICRO, quotas, participants=2)] == ["tokens", "requests"]
