"""The metadata fields of documents, which sidecars give and filters ask for."""

from typing import Final, Literal

FieldType = Literal["string", "number", "boolean"]

# In lower case: what Bedrock adds to the fields of a document, and accepts from nobody else.
_BEDROCKS_OWN: Final = ("x-amz-bedrock-", "amazon_bedrock_")


def is_bedrocks_own(name: str) -> bool:
    """Return whether a field's name is one that Bedrock keeps for itself."""
    return name.lower().startswith(_BEDROCKS_OWN)
