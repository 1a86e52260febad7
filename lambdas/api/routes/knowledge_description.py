"""``GET /v1/knowledge``: how the documents are asked, for clients that offer filters."""

from msgspec import Struct

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.knowledge.fields import FieldType


class KnowledgeDescription(Struct, tag_field="object", tag="knowledge", frozen=True, kw_only=True):
    """How the documents are asked unless a request says otherwise.

    Attributes:
        model: alias that answers.
        results: how many passages are looked for.
        metadata: the documents' own fields that a filter may name, and what each holds.
    """

    model: str
    results: int
    metadata: dict[str, FieldType]


def describe_knowledge(_: Call) -> Answer[KnowledgeDescription]:
    """Describe the knowledge base.

    Raises:
        NotFoundError: the environment has none.
    """
    known = composition.knowledge().settings
    return Answer(body=KnowledgeDescription(model=known.alias, results=known.results, metadata=known.metadata))
