"""``aws:ResourceTag`` in a policy sees the tags of what MiniStack alone knows none of."""

from collections.abc import Iterator

import pytest
from ministack.services import bedrock, bedrock_agent, tagging

from sandbox.tagging import conditions

BASE = "arn:aws:bedrock:us-east-1:000000000000:knowledge-base/KBAAAAAAAA"
GUARDRAIL = "arn:aws:bedrock:us-east-1:000000000000:guardrail/abc"


@pytest.fixture(autouse=True)
def _tagged() -> Iterator[None]:
    conditions.install()
    bedrock_agent._tags[BASE] = {"quarry:environment": "one"}
    bedrock._tags[GUARDRAIL] = [{"key": "quarry:environment", "value": "two"}]
    yield
    bedrock.reset()
    bedrock_agent.reset()


def test_knowledge_bases_and_guardrails_have_theirs() -> None:
    assert tagging.resource_tags(BASE) == {"quarry:environment": "one"}
    assert tagging.resource_tags(GUARDRAIL) == {"quarry:environment": "two"}


def test_what_is_not_there_has_none() -> None:
    assert tagging.resource_tags(f"{BASE[:-1]}B") is None
