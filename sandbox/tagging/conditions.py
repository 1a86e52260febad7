"""``aws:ResourceTag`` in policies: MiniStack knows the tags of few services when it evaluates one.

Source: IAM user guide, "Controlling access to AWS resources using tags"; which resource types know the key is in the
service authorization reference, as those of Bedrock: knowledge bases, guardrails, prompts, custom models.
"""

from __future__ import annotations

import functools

from ministack.services import tagging

from sandbox.tagging.collectors import everything


@functools.cache
def install() -> None:
    """Let conditions see the tags of whatever carries some. Doing it again changes nothing."""
    known = tagging.resource_tags

    def resource_tags(arn: str) -> dict[str, str] | None:
        found: dict[str, str] | None = known(arn)
        if found is not None:
            return found
        return next((tags for one, tags in everything() if one == arn), None)

    tagging.resource_tags = resource_tags
