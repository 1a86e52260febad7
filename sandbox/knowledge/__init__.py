"""Knowledge bases behind ``bedrock-agent`` and ``bedrock-agent-runtime``: ingestion jobs, documents, retrieval, rerank.

It replaces MiniStack's own, which read a bucket at once and without asking anybody, kept whole files as passages, and
made up answers. Here documents are read, chunked, embedded and searched for real, with the rights of the knowledge
base's service role (:mod:`sandbox.knowledge.passages` tells how they are ranked).
RetrieveAndGenerate is refused.
"""


def install() -> None:
    """Put the engine into the MiniStack of this process, before it serves. Safe to call again.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced; another version than the pinned one.
    """
    # Here, not above: the modules below import MiniStack.
    from sandbox import control
    from sandbox.knowledge import library, service

    service.install()
    control.on_reset(library.forget)
