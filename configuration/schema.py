"""environments/schema.json, by which editors complete and check environment files. ``make schema`` writes it."""

import json
import sys
from typing import Final

from configuration.config import Config
from configuration.environment_file import PROJECT

PATH: Final = PROJECT / "environments" / "schema.json"


def render() -> str:
    """Return the schema's text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"wrote {PATH.relative_to(PROJECT)}\n")
