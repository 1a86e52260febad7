"""What looks like a secret in a document: everybody who may ask the knowledge base could be told it.

Signs, and no proof either way: what has one is asked about.
"""

import re
from typing import Final

# Bytes of the longest sign, which may lie across two parts of a file.
LONGEST: Final = 200
_NAMES: Final = re.compile(
    r"(?:^|\.)env(?:\.|$)|^id_(?:rsa|dsa|ecdsa|ed25519)|(?:^|[._-])(?:credentials|secrets?|passwords?|api[._-]?keys?)\.|\.(?:pem|key)\.",
    re.IGNORECASE,
)
_CONTENTS: Final = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY"),
    "an AWS access key": re.compile(
        rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|(?i:aws_secret_access_key|\"SecretAccessKey\")"
    ),
    "a key of Quarry": re.compile(rb"(?<![A-Za-z0-9])qk-[A-Za-z0-9_-]{43}"),
    "a key of another service": re.compile(
        rb"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|npm_|sk-|[rs]k_live_|xox[abp]-|AIza)[A-Za-z0-9_-]{20}"
    ),
}


def in_name(name: str) -> str | None:
    """Return what a file's own name, without folders, looks like, or None."""
    return "a secret, by its name" if _NAMES.search(name) else None


def in_content(part: bytes) -> str | None:
    """Return what a part of a file looks like it holds, or None. Packed formats show nothing."""
    return next((what for what, sign in _CONTENTS.items() if sign.search(part)), None)
