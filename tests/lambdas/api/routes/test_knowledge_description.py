"""``GET /v1/knowledge``: what filters may name, or that there is no knowledge base."""

from dataclasses import replace

import pytest

from lambdas.api import composition
from lambdas.api.call import Call
from lambdas.api.routes.knowledge_description import describe_knowledge
from lambdas.common.deadline import NEVER
from lambdas.common.errors import NotFoundError
from tests.lambdas.fakes import SETTINGS

CALL = Call(authorizer={}, deadline=NEVER)


def test_the_fields_that_filters_may_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "settings", lambda: SETTINGS)
    composition.knowledge.cache_clear()
    known = SETTINGS.knowledge
    assert known is not None

    told = describe_knowledge(CALL).body

    assert (told.model, told.results, told.metadata) == (known.alias, known.results, known.metadata)
    composition.knowledge.cache_clear()


def test_without_documents_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "settings", lambda: replace(SETTINGS, knowledge=None))
    composition.knowledge.cache_clear()

    with pytest.raises(NotFoundError, match="no knowledge base"):
        describe_knowledge(CALL)
