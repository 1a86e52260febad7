"""A line that should be a record: decoded, or what is wrong with it in words that help."""

import json
import re
from typing import Any, Final

import msgspec

from lambdas.tuning.data_sets.lines import BYTE_ORDER_MARK
from lambdas.tuning.data_sets.report import Finding

_DECODER: Final = msgspec.json.Decoder()
_KINDS: Final = {list: "an array", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
_TRAILING_COMMA: Final = re.compile(rb",\s*[}\]]")
_PYTHON_WORDS: Final = re.compile(rb"[:\[,]\s*(None|True|False|NaN|Infinity|-Infinity|undefined)\b")
_ONE_RECORD: Final = "write one record per line, each a JSON object"


def decode(line: bytes) -> dict[str, Any] | Finding:
    """Return the record of a line, or why it has none."""
    if not line.strip():
        return Finding("blank-line", "the line is blank", "remove it: Bedrock takes each line for a record")
    try:
        value = _DECODER.decode(line)
    except UnicodeDecodeError:
        return _not_utf_8(line)
    except RecursionError:
        return Finding("json", "the line is nested too deeply to be read", _ONE_RECORD)
    except msgspec.DecodeError as error:
        return _not_json(line, error)
    if not isinstance(value, dict):
        kind = "null" if value is None else _KINDS.get(type(value), "no object")
        return Finding("not-an-object", f"the line is {kind}, not an object", _ONE_RECORD)
    return value


def _not_utf_8(line: bytes) -> Finding:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start : error.start + 1]
        hint = "save the file as UTF-8 without a byte order mark"
        said = f"byte {error.start + 1} (0x{byte.hex()}) is not UTF-8"
        try:
            said += f"; in Windows-1252, as in Latin-1, it is {byte.decode('cp1252')!r}"
            hint = "save the file as UTF-8: `iconv -f WINDOWS-1252 -t UTF-8 FILE` if it is that"
        except UnicodeDecodeError:
            pass
        return Finding("encoding", said, hint)
    return Finding("encoding", "the line is not UTF-8", "save the file as UTF-8 without a byte order mark")


def _not_json(line: bytes, error: msgspec.DecodeError) -> Finding:
    text = line.strip()
    if b"\0" in text:
        return Finding("nul", f"byte {line.index(0) + 1} is NUL", "remove it; a text file has none")
    if text.startswith(BYTE_ORDER_MARK):
        return Finding(
            "byte-order-mark", "the line begins with a byte order mark", "save the file as UTF-8 without one"
        )
    if text.startswith((b"'", b"{'")):
        return Finding("json", "texts are in single quotes; JSON has double ones", "write it with a JSON library")
    if text.endswith((b"},", b"},]")):
        return Finding(
            "trailing-comma", "there is a comma after the record", "remove it: a line feed separates records"
        )
    if "out of range" in str(error):
        return Finding("json", "a number is too large to be read", "write it as a text")
    python, reason, column = _second_opinion(text)
    if reason.startswith("Extra data"):
        if text[column - 1 :].lstrip().startswith(b"{"):
            return Finding("several-records", "there is more than one record in the line", _ONE_RECORD)
        return Finding("json", f"there is something after the record, at column {column}", _ONE_RECORD)
    if reason.startswith("Unterminated string") or (1 < column > len(text) - 1 and text[-1:] not in b"}]"):
        return Finding(
            "cut-off",
            "the record is cut off: the line ends within it",
            "write each whole record in one line, line breaks in texts as \\n",
        )
    if (found := _TRAILING_COMMA.search(text)) and (abs(found.end() - column) <= 2 or python):
        return Finding(
            "trailing-comma",
            f"there is a comma before a closing bracket, at column {found.start() + 1}",
            "remove it: JSON has none",
        )
    if found := _PYTHON_WORDS.search(text):
        word = found.group(1).decode()
        return Finding("json", f"{word} is not JSON", "write null, true, false or a number, with a JSON library")
    if reason.startswith("Invalid control character"):
        return _bare_control(text, column)
    if "surrogate" in str(error) or re.search(rb"\\ud[89ab][0-9a-f]{2}", text, re.IGNORECASE):
        return Finding(
            "encoding", "an escape \\ud8.. to \\udf.. stands alone: half a character", "write the text anew as UTF-8"
        )
    return Finding("json", f"the line is not JSON: {reason}, at column {column}", "write it with a JSON library")


def _bare_control(text: bytes, column: int) -> Finding:
    character = text.decode("utf-8", "replace")[column - 1 : column]
    if character == "\t":
        return Finding("json", f"a text has a bare tab, at column {column}", "write it as \\t, with a JSON library")
    return Finding(
        "json",
        f"a text has a bare control character (0x{ord(character):02x}), at column {column}",
        "remove it, or write it as an escape, with a JSON library",
    )


def _second_opinion(text: bytes) -> tuple[bool, str, int]:
    """Return whether Python reads it, and if not its reason, whose places are better than msgspec's."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return False, error.msg, error.colno
    except (UnicodeDecodeError, RecursionError):
        return False, "it cannot be read", 1
    return True, "it is read by some programs only", 1
