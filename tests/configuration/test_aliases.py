"""What the aliases of an environment call."""

from configuration.aliases import AliasTargets
from configuration.models import Models

MICRO = "amazon.nova-micro-v1:0"
NOVA_2 = "amazon.nova-2-lite-v1:0"
EMBED = "cohere.embed-v4:0"


def aliases(*, region: str = "us-east-1", **named: list[str]) -> AliasTargets:
    return AliasTargets(models=Models.model_validate({"aliases": named}), region=region)


def test_the_same_alias_calls_what_its_region_has() -> None:
    for region, called in (("us-east-1", [MICRO, f"us.{NOVA_2}"]), ("us-west-2", [f"us.{MICRO}", f"us.{NOVA_2}"])):
        found = aliases(region=region, fast=[MICRO, NOVA_2]).targets("fast")

        assert [target.callable_id for target in found] == called


def test_an_alias_chats_if_its_first_model_does() -> None:
    there = aliases(fast=[MICRO, EMBED], embed=[EMBED, MICRO])

    assert there.chatting() == ["fast"]
    assert [target.model.model_id for target in there.of_kind("embed", "chat")] == [MICRO]
