"""``python -m configuration.cost.compile``: check prices.yaml and resources.yaml and write lambdas' services.json."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from configuration.yaml_text import YamlError, read_mapping
from lambdas.catalogue import idle, services
from lambdas.catalogue.service_facts import Services

FOLDER: Final = Path(__file__).parent
FILES: Final = ("prices.yaml", "resources.yaml")


class PricesError(ValueError):
    """The YAML files cannot be used; ``problems`` has a line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse(prices: str, resources: str) -> Services:
    """Read the two files' texts.

    Raises:
        PricesError: with every mistake that was found.
    """
    document: dict[str, Any] = {}
    try:
        for text, name in zip((prices, resources), FILES, strict=True):
            document |= read_mapping(text, shown=name)
        # By way of JSON, because that is how it will be read.
        read = msgspec.json.decode(msgspec.json.encode(document), type=Services)
    except (YamlError, msgspec.ValidationError, TypeError) as error:
        raise PricesError([str(error)]) from error
    found = sorted(_problems(read))
    if found:
        raise PricesError(found)
    return read


def to_json(read: Services) -> bytes:
    """Return the generated file: an entry per line, so that a diff can be read."""
    fields = []
    for field in read.__struct_fields__:
        entries = msgspec.to_builtins(getattr(read, field)).items()
        lines = [f"{_compact(key)}: {_compact(value)}" for key, value in entries]
        fields.append(f'"{field}": {{\n' + ",\n".join(lines) + "\n}")
    return ("{\n" + ",\n".join(fields) + "\n}\n").encode()


def compiled() -> bytes:
    """Return what ``services.json`` should be.

    Raises:
        PricesError: as ``parse``.
    """
    prices, resources = ((FOLDER / name).read_text(encoding="utf-8") for name in FILES)
    return to_json(parse(prices, resources))


def main() -> int:
    """Write the file; return the exit code, 1 if the sources cannot be used."""
    try:
        text = compiled()
    except PricesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    services.PATH.write_bytes(text)
    return 0


def _problems(read: Services) -> Iterator[str]:
    for name, price in read.prices.items():
        for word in re.findall(r"\[([^\]]+)\]", price.source):
            if word not in read.sources:
                yield f"{name}: source [{word}] is not explained under sources"
        if price.period is not None and price.per != 1:
            yield f"{name}: a price by the {price.period} is one unit's; leave per out"
    tables = {"free": read.free.keys(), "by_use": read.by_use.keys(), "lambdas/catalogue/idle.py": idle.BILLED.keys()}
    for first, second in (
        ("free", "by_use"),
        ("free", "lambdas/catalogue/idle.py"),
        ("by_use", "lambdas/catalogue/idle.py"),
    ):
        for type_name in tables[first] & tables[second]:
            yield f"{type_name} is in {first} and in {second}; keep one"


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    sys.exit(main())
