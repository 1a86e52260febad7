"""What looks like a secret in a document: everybody who may ask the knowledge base could be told it.

Signs, and no proof either way: what has one is asked about.
"""

import re
from typing import Final

# Bytes of the longest sign, which may lie across two parts of a file.
LONGEST: Final = 400
_NAMES: Final = re.compile(
    r"(?:^|\.)(?:dot)?env(?:[._-]?(?:dev|development|local|prod|production|staging|test))?(?:\.|$)"
    r"|^id_(?:rsa|dsa|ecdsa|ed25519)|\.(?:pem|key|p12|pfx|ppk)\."
    r"|(?:^|[._-])(?:credentials|secrets?|passwo?rds?|passwds?|htpasswd|netrc|(?:api|private|secret|root)[._-]?keys?)\."
    r"|access[._-]?keys?\.",
    re.IGNORECASE,
)
# Patterns that begin with what they look for are found ten times as fast.
_CONTENTS: Final = {
    "a private key": re.compile(rb"---- ?BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY"),
    "a private key of PuTTY": re.compile(rb"PuTTY-User-Key-File-"),
    "a key of Kubernetes": re.compile(rb"client-key-data:"),
    "an AWS access key": re.compile(
        rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
        rb"|(?i:secret_?access_?key[\"']?[ \t]*[:=]|aws_secret_access_key)"
    ),
    "a key of Quarry": re.compile(rb"(?<![A-Za-z0-9])qk-[A-Za-z0-9_-]{43}"),
    "a key of another service": re.compile(
        rb"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|npm_|sk-|[rs]k_live_|xox[abp]-|AIza|hf_)[A-Za-z0-9_-]{20}"
    ),
    # As in `.env` files: a name in capitals at a line's beginning, and a value that is no reference and no placeholder.
    "a variable with a secret": re.compile(
        rb"(?m)^[ \t]*(?:export[ \t]+)?(?=[A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY))"
        rb"[A-Z][A-Z0-9_]{2,60}=[\"']?[^\s\"'<$.{]{6}"
    ),
    "an address with a password": re.compile(rb"[a-z]://[^\s/:@<]{1,40}:[^\s/:@<$*{]{3,40}@[A-Za-z0-9]"),
}


def in_name(name: str) -> str | None:
    """Return what a file's own name, without folders, looks like, or None."""
    return "a secret, by its name" if _NAMES.search(name) else None


def in_content(part: bytes) -> str | None:
    """Return what a part of a file looks like it holds, or None. Packed formats show nothing."""
    if 3 * part.count(0) > len(part):
        # As UTF-16 has what is ASCII.
        part = part.translate(None, b"\0")
    return next((what for what, sign in _CONTENTS.items() if sign.search(part)), None)
