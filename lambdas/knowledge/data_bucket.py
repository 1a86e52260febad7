"""What is where in the data bucket of a knowledge base."""

from typing import Final

# What documents' keys begin with. What callers are told of a document is its key below it.
DOCUMENTS_PREFIX: Final = "documents/"
# What the keys of ingestions' outcomes begin with: a JSON object per job.
OUTCOMES_PREFIX: Final = "ingestions/"
