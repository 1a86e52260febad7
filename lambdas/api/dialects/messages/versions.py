"""The headers ``anthropic-version`` and ``anthropic-beta``: what is honoured, and what is dropped and named.

Source: Anthropic's API reference, "Versions", "Beta headers"; what Claude Code 2.1.332 sends.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.tolerance import named

# What is spoken here, the newest last; who sends none means any. What the newer one has taken away is accepted all the
# same, since other models know it still. Source: Anthropic's API reference, "Versions", "Migrating to 2026-10-21".
VERSIONS: Final = ("2023-06-01", "2026-10-21")


class Beta(Struct, frozen=True):
    """A beta feature: whether what it is about is there, and in which form."""

    name: str
    honoured: bool
    about: str


BETAS: Final = (
    Beta("prompt-caching-2024-07-31", True, "`cache_control` always counts"),
    Beta("extended-cache-ttl-2025-04-11", False, "Bedrock keeps for five minutes"),
    Beta("token-counting-2024-11-01", True, "`/v1/messages/count_tokens`"),
    Beta("pdfs-2024-09-25", True, "documents are taken where the model reads them"),
    Beta("structured-outputs-2025-11-13", True, "`output_config.format` and `output_format`"),
    Beta("effort-2025-11-24", True, "`output_config.effort`, where the model thinks"),
    Beta("thinking-token-count-2026-05-13", True, "`usage.output_tokens_details`, estimated"),
    Beta("claude-code-20250219", True, "says who calls"),
    Beta("fine-grained-tool-streaming-2025-05-14", True, "inputs of tools are streamed as they come"),
    Beta("advanced-tool-use-2025-11-20", True, "`defer_loading` and `tool_reference`; nothing runs on a server"),
    Beta("mid-conversation-tool-changes-2026-07-01", True, "each request has its own tools"),
    Beta("interleaved-thinking-2025-05-14", False, "Converse has no word for it"),
    Beta("context-management-2025-06-27", False, "the whole conversation is sent"),
    Beta("context-1m-2025-08-07", False, "a model's own window counts"),
    Beta("output-128k-2025-02-19", False, "a model's own limit counts"),
    Beta("token-efficient-tools-2025-02-19", False, "Converse has no word for it"),
    Beta("mcp-client-2025-04-04", False, "nothing runs on a server: `mcp_servers` is refused"),
    Beta("code-execution-2025-05-22", False, "nothing runs on a server: its tool is refused"),
    Beta("files-api-2025-04-14", False, "there is no Files API"),
    Beta("computer-use-2025-01-24", False, "its tools are refused"),
)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HONOURED: Final = frozenset(beta.name for beta in BETAS if beta.honoured)


def dropped(headers: Mapping[str, str]) -> Sequence[str]:
    """Return what the headers ask for that is not done: a newer version, and betas as ``anthropic-beta.<name>``.

    Args:
        headers: by names in small letters.

    Raises:
        InvalidRequestError: the version is none, or one from before those that are spoken here.
    """
    version = headers.get("anthropic-version", "").strip()
    # Dates of this form are in order as texts are.
    if version and not (_DATE.fullmatch(version) and version >= VERSIONS[0]):
        raise InvalidRequestError(
            f"`anthropic-version: {version}` is not spoken here; send {VERSIONS[-1]}.", param="anthropic-version"
        )
    asked = (name.strip() for name in headers.get("anthropic-beta", "").split(","))
    betas = named(f"anthropic-beta.{name}" for name in asked if name and name not in _HONOURED)
    return ("anthropic-version", *betas) if version and version not in VERSIONS else betas
