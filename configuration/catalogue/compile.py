"""``python -m configuration.catalogue.compile``: check the YAML files here and write what lambdas load of them.

catalogue.json of models.yaml and prices.yaml, customization.json of customization.yaml.

Not imported by anything that runs in Lambda: it needs PyYAML.
"""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from configuration.catalogue import checks, customization_checks
from configuration.yaml_text import YamlError, read_mapping
from lambdas.catalogue import customization
from lambdas.catalogue.compiled import PATH
from lambdas.catalogue.customization import Customization
from lambdas.catalogue.facts import Catalogue

FOLDER: Final = Path(__file__).parent


class CatalogueError(ValueError):
    """The YAML files cannot be used; ``problems`` has a line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def parse(models: str, prices: str) -> Catalogue:
    """Read the two files' texts into a catalogue whose facts do not contradict each other.

    Raises:
        CatalogueError: with every mistake that was found, the file and the place first.
    """
    return of_documents(read(models, shown="models.yaml"), read(prices, shown="prices.yaml"))


def of_documents(models: dict[str, Any], prices: dict[str, Any]) -> Catalogue:
    """Make a catalogue of what stands in the two files.

    Raises:
        CatalogueError: as ``parse``.
    """
    described, priced = dict(models), dict(prices)
    # Anchors that models refer to; nothing reads them by this name.
    described.pop("routes", None)
    explained = [file.pop("sources", {}) for file in (described, priced)]
    document = {
        "sources": {word: text for sources in explained for word, text in sources.items()},
        "models": described.pop("models", None),
        "retired": described.pop("retired", None),
        "price_region": priced.pop("region", None),
        "prices": priced.pop("prices", None),
    }
    unknown = [f"models.yaml: unknown key {key!r}" for key in described]
    unknown += [f"prices.yaml: unknown key {key!r}" for key in priced]
    if unknown:
        raise CatalogueError(unknown)
    try:
        # By way of JSON, because that is how it will be read.
        catalogue = msgspec.json.decode(msgspec.json.encode(document), type=Catalogue)
    except (msgspec.ValidationError, TypeError) as error:
        raise CatalogueError([_placed(str(error), document)]) from error
    found = checks.problems(catalogue)
    if found:
        raise CatalogueError(found)
    return catalogue


def parse_customization(text: str, *, catalogue: Catalogue) -> Customization:
    """Read customization.yaml's text; it contradicts neither itself nor the catalogue.

    Raises:
        CatalogueError: as ``parse``.
    """
    document = read(text, shown="customization.yaml")
    # Anchors that models refer to; nothing reads them by this name.
    document.pop("shared", None)
    try:
        facts = msgspec.json.decode(msgspec.json.encode(document), type=Customization)
    except (msgspec.ValidationError, TypeError) as error:
        raise CatalogueError([f"customization.yaml: {_placed(str(error), document)}"]) from error
    found = customization_checks.problems(facts, catalogue)
    if found:
        raise CatalogueError([f"customization.yaml: {problem}" for problem in found])
    return facts


def to_json(facts: Catalogue | Customization) -> bytes:
    """Return the generated file: one model per line, so that a diff can be read."""
    fields = {field: msgspec.to_builtins(getattr(facts, field)) for field in facts.__struct_fields__}
    lines = [f'"{name}": {_spread(value)}' for name, value in fields.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def compiled() -> bytes:
    """Return what ``catalogue.json`` should be.

    Raises:
        CatalogueError: as ``parse``.
    """
    models, prices = (FOLDER / name for name in ("models.yaml", "prices.yaml"))
    return to_json(parse(models.read_text(encoding="utf-8"), prices.read_text(encoding="utf-8")))


def compiled_customization() -> bytes:
    """Return what ``customization.json`` should be.

    Raises:
        CatalogueError: as ``parse``.
    """
    catalogue = msgspec.json.decode(compiled(), type=Catalogue)
    text = (FOLDER / "customization.yaml").read_text(encoding="utf-8")
    return to_json(parse_customization(text, catalogue=catalogue))


def main() -> int:
    """Write the files; return the exit code, 1 if the sources cannot be used."""
    try:
        texts = {PATH: compiled(), customization.PATH: compiled_customization()}
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in texts.items():
        path.write_bytes(text)
    return 0


def read(text: str, *, shown: str) -> dict[str, Any]:
    """Read a YAML file's text.

    Raises:
        CatalogueError: it is not YAML, has a key twice, or is no mapping.
    """
    try:
        return read_mapping(text, shown=shown)
    except YamlError as error:
        raise CatalogueError([str(error)]) from error


def _placed(message: str, document: dict[str, Any]) -> str:
    """Name the model that msgspec's message means: "$.models[3].kind" says little to whoever wrote YAML."""
    reason, _, path = message.partition(" - at `$.")
    for part in ("models", "retired"):
        if path.startswith(f"{part}[") and isinstance(document.get(part), list):
            index = path.removeprefix(f"{part}[").partition("]")[0]
            entry = document[part][int(index)] if index.isdigit() else None
            if isinstance(entry, dict) and "id" in entry:
                path = path.replace(f"{part}[{index}]", f"{part}[{entry['id']}]", 1)
    return f"{path.rstrip('`') or 'models.yaml, prices.yaml'}: {reason}"


def _spread(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(_compact(entry) for entry in value) + "\n]"
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{_compact(key)}: {_compact(entry)}" for key, entry in value.items()) + "\n}"
    return _compact(value)


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    sys.exit(main())
