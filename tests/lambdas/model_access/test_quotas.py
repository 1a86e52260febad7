"""Quotas are found by their names, in every form that Service Quotas has."""

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


def test_the_smallest_for_the_need_comes_first() -> None:
    base = "per minute for Amazon Nova Micro"
    quotas = list_quotas(
        FakeQuotas({f"On-demand model inference tokens {base}": 100, f"On-demand model inference requests {base}": 1})
    )

    assert [one.quota.kind for one in shortages(MICRO, quotas, participants=2)] == ["tokens", "requests"]
