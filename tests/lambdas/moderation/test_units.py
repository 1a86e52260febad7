"""What a judgement costs."""

import pytest

from lambdas.allowances.usage import Usage
from lambdas.moderation import units


def test_what_was_judged_is_paid_by_the_policies_that_judged_it() -> None:
    one = {"contentPolicyUnits": 2, "topicPolicyUnits": 0, "sensitiveInformationPolicyUnits": 2, "wordPolicyUnits": 2}

    # 0.15 and 0.10 dollars a thousand.
    assert units.taken(one, one, region="us-east-1") == Usage(micro_dollars=1_000, input_micro_dollars=1_000)
    assert units.taken({}, region="us-east-1") == Usage()


@pytest.mark.parametrize(("characters", "texts", "number"), [(1, 1, 1), (999, 1, 1), (1_001, 1, 2), (1_200, 3, 4)])
def test_the_most_is_at_least_what_all_policies_take(characters: int, texts: int, number: int) -> None:
    found = units.most(characters, texts=texts, region="us-east-1")

    assert found.micro_dollars == number * 400
    assert found.priced


def test_where_a_regions_price_is_not_known_the_dearest_counts() -> None:
    assert units.most(1, texts=1, region="mars-north-1").micro_dollars >= 400
