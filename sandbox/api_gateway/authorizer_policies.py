"""Policies of Lambda authorizers: a ``*`` stands for any characters, a line break in a path included.

MiniStack's does not, so that a request that its authorizer allows is denied where the path has one (``%0A``), without a
reason that a caller could be told. Source: IAM user guide, "Resource": ``*`` matches any combination of characters.
"""

import re

from ministack.services import apigateway_v1


def install() -> None:
    """Match as AWS does. Doing it again changes nothing."""
    apigateway_v1._arn_matches = _matches


def _matches(pattern: str, arn: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, arn, re.DOTALL) is not None
