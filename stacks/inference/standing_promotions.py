"""What stands over the configured candidates, told by `cdk diff`: promotions are made at run time, and no template has
them, so nobody would see that what is deployed is not what answers.

The CDK CLI looks each alias's parameter up, as it does for any context that a synth lacks, and synthesises again with
what it found; the app calls nothing, and the templates stay as they are. The CLI keeps what it finds in
cdk.context.json for ever: here that counts for a minute, which is enough for the synth that it was looked up for.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aws_cdk import Annotations, Stack, Token
from aws_cdk.cloud_assembly_schema import ContextProvider, SSMParameterContextQuery
from constructs import Construct

from lambdas.chat import promotions
from lambdas.chat.promotions import Promotion

# `--context promotions=off` looks nothing up: for `--no-lookups`, and where a second synth is too long.
SWITCH: Final = "promotions"
OFF: Final = "off"
FRESH_SECONDS: Final = 60.0
# Where the CLI keeps what it looked up: the folder that it runs the app in.
KEPT: Final = Path("cdk.context.json")
# What the CLI gives instead of a value, and the words for a parameter that there is not.
_ERROR: Final = "$providerError"
_NONE: Final = "not available in account"


def _is_fresh() -> bool:
    try:
        return time.time() - KEPT.stat().st_mtime < FRESH_SECONDS
    except OSError:
        return False


def tell(
    scope: Construct,
    *,
    environment: str,
    configured: Mapping[str, Sequence[str]],
    is_fresh: Callable[[], bool] = _is_fresh,
) -> None:
    """Annotate the scope with each promotion that stands; have the CLI look them up first, where it knows the account.

    Args:
        configured: alias -> ids of its configured candidates, best first.
        is_fresh: whether what the CLI has kept was looked up for this synth; for tests.
    """
    stack = Stack.of(scope)
    if Token.is_unresolved(stack.account) or scope.node.try_get_context(SWITCH) == OFF:
        return
    fresh = is_fresh()
    for alias, candidates in configured.items():
        name = f"{promotions.path_of(environment)}/{alias}"
        key = f"quarry:promotion:{stack.account}:{stack.region}:{name}"
        found = scope.node.try_get_context(key)
        # Errors are not kept: they are always of this synth.
        if found is None or (isinstance(found, str) and not fresh):
            stack.report_missing_context_key(
                key=key,
                provider=ContextProvider.SSM_PARAMETER_PROVIDER,
                props=SSMParameterContextQuery(account=stack.account, region=stack.region, parameter_name=name),
            )
        elif told := _told(alias, found, ", ".join(candidates)):
            Annotations.of(scope).add_info_v2(f"quarry:promotion:{alias}", told)


def _told(alias: str, found: Any, configured: str) -> str | None:
    """Return the sentence for what was found; None where nothing stands over the configured candidates."""
    if not isinstance(found, str):
        error = str(found.get(_ERROR, found) if isinstance(found, Mapping) else found)
        if _NONE in error:
            return None
        return f"{alias}: configured are {configured}. Whether a promotion stands over them could not be read: {error}"
    try:
        entry = promotions.parse(found)
    except ValueError:
        return f"{alias}: {configured} answer. What stands in place of a promotion is none, and is ignored."
    if not isinstance(entry, Promotion):
        return None
    until = f" until {entry.until:%Y-%m-%d %H:%M %Z}" if entry.until else ""
    return (
        f"{alias}: the promoted {entry.tuned.arn.rpartition(':')[2]} (run {entry.tuned.run}, of {entry.tuned.base}) "
        f"answers since {entry.since:%Y-%m-%d %H:%M %Z}{until}, before the configured {configured}. A deployment "
        f"leaves it; `quarry tune promote --fall-back {alias}` ends it."
    )
