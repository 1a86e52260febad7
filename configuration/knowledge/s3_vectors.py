"""What a vector in S3 Vectors may carry for a knowledge base."""

from typing import Final

# A document's own metadata fields, and the bytes of all of them. Source: Bedrock user guide, knowledge-base-setup.
MAX_FIELDS: Final = 35
MAX_FIELD_BYTES: Final = 1024
# S3 Vectors keeps up to 40 KB with a vector, and Bedrock puts the child's text and its parent's there. At some five
# bytes a token this leaves a quarter for the rest. AWS warns of "very high token counts" and gives no number.
MAX_FAMILY_TOKENS: Final = 6000
