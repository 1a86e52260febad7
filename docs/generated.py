"""Parts of documents that are made from the code, between two markers."""


def between(text: str, begin: str, end: str, *, made: str) -> str:
    """Return a document with what was made between its markers.

    Raises:
        ValueError: it has no such markers.
    """
    before, first, rest = text.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise ValueError(f"the document has no {begin} followed by {end}")
    return f"{before}{begin}\n\n{made}\n{end}{after}"
