"""Who may be asked for an alias, wherever the aliases come from."""

from collections.abc import Callable

import pytest

from lambdas.catalogue.models import ModelNotInCatalogueError
from lambdas.chat.aliases import Aliases
from lambdas.chat.candidates import Candidate
from lambdas.chat.settings import CalledByArn
from lambdas.common.errors import InvalidRequestError, NotFoundError
from tests.lambdas.fakes import ALIASES, HAIKU, HAIKU_ID, NOVA_LITE, NOVA_MICRO, TITAN

TUNED = CalledByArn("arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl", NOVA_MICRO)
PROFILE = CalledByArn("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl", HAIKU)


def test_what_an_entry_does_not_say_the_catalogue_does() -> None:
    assert Candidate.of(NOVA_MICRO) == Candidate(NOVA_MICRO, NOVA_MICRO, "in_region")
    assert Candidate.of(HAIKU) == Candidate(HAIKU, HAIKU_ID, "geography")
    assert Candidate.of(f"global.{HAIKU_ID}") == Candidate(f"global.{HAIKU_ID}", HAIKU_ID, "global")
    assert Candidate.of(TUNED) == Candidate(TUNED.arn, NOVA_MICRO, "in_region")
    assert Candidate.of(PROFILE) == Candidate(PROFILE.arn, HAIKU_ID, "geography")


@pytest.mark.parametrize("entry", ["nope", "us.nope", CalledByArn("arn:aws:bedrock:x", "nope")])
def test_an_entry_that_the_catalogue_does_not_know_is_told(entry: str | CalledByArn) -> None:
    with pytest.raises(ModelNotInCatalogueError, match="nope"):
        Aliases(lambda: {"fast": [entry]}).candidates("fast")


def test_candidates_are_best_first() -> None:
    assert [one.callable_id for one in ALIASES.chatting("fast")] == [NOVA_MICRO, NOVA_LITE]
    assert ALIASES.embedding("embed").callable_id == TITAN
    assert {alias: len(found) for alias, found in ALIASES.every().items()} == {"embed": 1, "fast": 2, "smart": 1}


@pytest.mark.parametrize("ask", [ALIASES.candidates, ALIASES.chatting, ALIASES.embedding])
def test_an_alias_that_is_none_is_told_those_that_there_are(ask: Callable[[str], object]) -> None:
    with pytest.raises(NotFoundError) as told:
        ask("nope")

    assert str(told.value) == "There is no model `nope`. Models go by alias here: `embed`, `fast`, `smart`."
    assert (told.value.status, told.value.param, told.value.code) == (404, "model", "model_not_found")


def test_the_member_that_named_the_alias_is_told() -> None:
    with pytest.raises(NotFoundError) as told:
        ALIASES.candidates("nope", param="alias")

    assert told.value.param == "alias"


def test_an_alias_is_asked_only_for_what_its_first_candidate_can() -> None:
    with pytest.raises(InvalidRequestError, match="`embed` is not a model that can chat"):
        ALIASES.chatting("embed")
    with pytest.raises(InvalidRequestError, match="`fast` is not an embedding model"):
        ALIASES.embedding("fast")


def test_a_source_that_changes_is_followed() -> None:
    entries = {"fast": [NOVA_MICRO]}
    aliases = Aliases(lambda: entries)
    (before,) = aliases.chatting("fast")

    entries["fast"], entries["tuned"] = [NOVA_LITE], [NOVA_MICRO]

    assert [one.callable_id for one in aliases.chatting("fast")] == [NOVA_LITE]
    assert list(aliases.every()) == ["fast", "tuned"]
    assert aliases.chatting("tuned")[0] is before

    del entries["fast"]
    with pytest.raises(NotFoundError, match="go by alias here: `tuned`"):
        aliases.chatting("fast")


def test_the_source_is_asked_once_for_each_answer() -> None:
    asked = 0

    def source() -> dict[str, list[str]]:
        nonlocal asked
        asked += 1
        return {"fast": [NOVA_MICRO, NOVA_LITE], "embed": [TITAN]}

    aliases = Aliases(source)
    assert asked == 0
    aliases.every()
    assert asked == 1
    aliases.chatting("fast")
    assert asked == 2
    with pytest.raises(NotFoundError):
        aliases.candidates("nope")
    assert asked == 3


def test_candidates_are_kept_with_the_facts_and_prices_that_they_found() -> None:
    aliases = Aliases(lambda: {"fast": [CalledByArn(TUNED.arn, NOVA_MICRO)], "smart": [HAIKU]})

    first, second = aliases.candidates("fast"), aliases.candidates("fast")

    assert first[0] is second[0]
    assert first[0].price is second[0].price is not None
