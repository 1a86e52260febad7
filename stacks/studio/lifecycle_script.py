"""The lifecycle configuration's content: the program of stacks/studio/lifecycle with an environment's values.

The program is Python in a quoted here-document of a shell script, and the values are one line of it, a Python literal
in ASCII: no value can end the line, the literal or the document, whatever is in it.
"""

import ast
import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aws_cdk import Fn, Token

from configuration.studio.names import KEY_FIELD, NO_KEY_YET

# SageMaker's limit, in characters of base64.
MAX_CONTENT: Final = 16_384
# What a token may become that CloudFormation resolves: the name of a bucket is the longest.
_TOKEN: Final = re.compile(r"\$\{Token\[[^]]*\]\}")
_TOKEN_LENGTH: Final = 63

_PROGRAM: Final = Path(__file__).parent / "lifecycle" / "prepare_space.py"
_SETTINGS: Final = "SETTINGS: dict[str, Any] = {}"
# An app does not start if this takes more than five minutes, or fails. In no folder of the participant's, since Python
# imports from where it is.
_SCRIPT: Final = """\
#!/bin/bash
cd / && PATH="$PATH:/opt/conda/bin" timeout --kill-after=5 270 python3 - <<'QUARRY_PROGRAM_ENDS'
{program}
QUARRY_PROGRAM_ENDS
exit 0
"""


class LifecycleScriptError(ValueError):
    """The script is longer than SageMaker takes it."""


def render(
    *,
    base_url: str,
    aliases: Sequence[str],
    secret_prefix: str,
    bucket: str,
    notebooks: str,
    git_repository: str | None,
    region: str,
    cull_minutes: int,
) -> str:
    """Return the content of a lifecycle configuration, in base64.

    ``base_url``, ``bucket`` and ``notebooks`` may have tokens. Then CloudFormation encodes the content, and a hash of
    it does not change with what they become.

    Args:
        base_url: where notebooks ask, ending in /v1.
        aliases: those that notebooks may ask, the first by default.
        secret_prefix: what the name of a participant's secret begins with, before the space's name.
        bucket: where each participant has a prefix, participants/<space's name>/.
        notebooks: ``s3://bucket/key`` of a ZIP archive, unpacked into the home folder.
        git_repository: URL of what is cloned into the home folder in its place, or None.
        cull_minutes: how long a kernel or a terminal may be idle.

    Raises:
        LifecycleScriptError: the values are too long.
    """
    settings = {
        "base_url": base_url,
        "aliases": ",".join(aliases),
        "secret_prefix": secret_prefix,
        "bucket": bucket,
        "notebooks": notebooks,
        "git_repository": git_repository,
        "region": region,
        "cull_minutes": cull_minutes,
        "key_field": KEY_FIELD,
        "no_key_yet": NO_KEY_YET,
    }
    script = _SCRIPT.format(program=_program().replace(_SETTINGS, f"SETTINGS = {settings!a}", 1))
    length = -(-len(_TOKEN.sub("x" * _TOKEN_LENGTH, script).encode()) // 3) * 4
    if length > MAX_CONTENT:
        longest = max(settings, key=lambda name: len(str(settings[name])))
        raise LifecycleScriptError(
            f"the lifecycle script has {length:,} characters in base64, and SageMaker takes {MAX_CONTENT:,}; "
            f"its longest value is {longest}, of {len(str(settings[longest])):,} characters"
        )
    return Fn.base64(script) if Token.is_unresolved(script) else base64.b64encode(script.encode()).decode()


def _program() -> str:
    """The program without its functions' docstrings, for which there is no room."""
    text = _PROGRAM.read_text(encoding="utf-8")
    lines: list[str | None] = list(text.splitlines())
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef) and ast.get_docstring(function):
            first, last = function.body[0].lineno, function.body[0].end_lineno or 0
            lines[first - 1 : last] = [None] * (last - first + 1)
    return "\n".join(line for line in lines if line is not None)
