"""Loading ``catalogue.json``, which ``python -m configuration.catalogue.compile`` makes of the two YAML files.

JSON, because PyYAML is not in the dependency layer and takes a hundred times longer (``make bench``, row catalogue).
"""

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from lambdas.catalogue.facts import Catalogue

PATH: Final = Path(__file__).with_name("catalogue.json")


@cache
def load() -> Catalogue:
    """Return the catalogue, read and type-checked once per process.

    Raises:
        msgspec.ValidationError: the file is not what this code expects; compile it anew.
    """
    return msgspec.json.decode(PATH.read_bytes(), type=Catalogue)
