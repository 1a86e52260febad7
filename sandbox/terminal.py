"""What may be printed: names that come from elsewhere, as keys of S3 and commands, may hold anything."""


def shown(name: str) -> str:
    """Return a name as a terminal can be shown it: what does not print is escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)
