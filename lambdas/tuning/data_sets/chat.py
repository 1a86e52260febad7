"""Records of OpenAI's chat schema with what the grader compares an answer to, for reinforcement."""

from typing import Any

from lambdas.tuning.data_sets.record import Record, Wanted, check_keys, check_text, kind_of

ROLES = ("system", "user", "assistant")


def check(record: dict[str, Any], wanted: Wanted, into: Record) -> None:
    """Note everything that is wrong with a record."""
    if not check_keys(record, wanted, into):
        return
    if record["reference_answer"] in (None, "", {}, []):
        into.problem(
            "empty-text",
            "reference_answer is empty",
            "give the grader what it compares answers to, or remove the record",
        )
    messages = record["messages"]
    if not isinstance(messages, list):
        into.problem("type", f"messages is {kind_of(messages)}, not an array", f"expected: {wanted.format.example}")
        return
    roles = [_check_message(message, f"messages[{index}]", into) for index, message in enumerate(messages)]
    if "system" in roles[1:]:
        into.problem("role-order", "a system message is not the first", "put the system message first")
    if None not in roles and "user" not in roles:
        into.problem("no-messages", "messages has no message of the user", "add the prompt, with the role user")
    elif roles and roles[-1] == "assistant":
        into.warn(
            "last-role",
            "the last message is the assistant's: the model is to answer the user",
            "end with the user's message, and put the answer into reference_answer",
        )


def _check_message(message: Any, where: str, into: Record) -> str | None:
    if not isinstance(message, dict):
        into.problem("type", f"{where} is {kind_of(message)}, not an object", 'write {"role": "user", "content": "…"}')
        return None
    content = message.get("content")
    if isinstance(content, list):
        into.problem(
            "other-format", f"{where}.content is an array, as in Converse's schema, not a text", 'write "content": "…"'
        )
    else:
        text = check_text(content, f"{where}.content", into)
        if text is not None:
            into.prompts.append((f"{where}.content", text))
    role = message.get("role")
    if isinstance(role, str) and role in ROLES:
        return role
    shown = repr(role[:40]) if isinstance(role, str) else kind_of(role)
    into.problem("role", f"{where}.role is {shown}", f"write one of {', '.join(ROLES)}")
    return None
