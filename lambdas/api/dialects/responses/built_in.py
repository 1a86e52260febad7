"""Tools that OpenAI's models know without a description, and that the caller runs: the shell, patches of files.

Bedrock's models do not know them. In a conversation that is brought along, their calls and what they gave are taken for
a function's of that name.
"""

from typing import Any, Final

import msgspec

# Type of an item -> the function, and the member with its input.
_CALLS: Final = {
    "local_shell_call": ("local_shell", "action"),
    "shell_call": ("shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
}
_OUTPUTS: Final = frozenset(f"{kind}_output" for kind in _CALLS)


def as_function_item(item: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return an item of such a tool as a function's; every other one as it is."""
    if kind in _CALLS:
        name, member = _CALLS[kind]
        call_id = item.get("call_id") or item.get("id")
        return {"type": "function_call", "call_id": call_id, "name": name, "arguments": item.get(member)}
    if kind in _OUTPUTS:
        given = item.get("output")
        text = given if isinstance(given, str) or given is None else msgspec.json.encode(given).decode()
        return {
            "type": "function_call_output",
            "call_id": item.get("call_id") or item.get("id"),
            "output": text if text is not None else item.get("status"),
        }
    return item
