"""What participants are given: a line of a CSV each, and a page to print.

A key is shown by one handout: the secret remembers that it was, and a later handout says so in the key's place, unless
it is asked to show keys again. Both files are readable by their owner only.
"""

import csv
import io
import os
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from configuration.studio.names import APP_TYPE
from configuration.studio.participants import Participant
from configuration.studio.roster import cell
from configuration.studio.section import Allowance
from quarry.command_error import CommandError
from quarry.workshop.page import page

CSV_NAME: Final = "handout.csv"
COLUMNS: Final = ("id", "name", "email", "endpoint", "api_key", "allowance", "sign_in", "page")
_LINK_SECONDS: Final = 300
# A page's name: a participant's id and what it is.
_PAGE: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.html")


@dataclass(frozen=True, kw_only=True)
class Handout:
    """What one participant is given.

    Attributes:
        api_key: None if an earlier handout has shown it, at ``handed_out_at``.
        playground: its address; None if the environment has none.
    """

    participant: Participant
    api_key: str | None
    handed_out_at: int | None
    base_url: str
    alias: str
    allowance: str
    sign_in: str
    playground: str | None = None

    @property
    def key_text(self) -> str:
        """The key, or what stands in its place."""
        if self.api_key is not None:
            return self.api_key
        at = datetime.fromtimestamp(self.handed_out_at or 0, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"handed out on {at}"

    @property
    def page_name(self) -> str:
        """The page's file name."""
        return f"{self.participant.id}.html"


def in_words(allowance: Allowance) -> str:
    """Return an allowance as "$5.00 in all, 1,000,000 tokens a day, 20 requests a minute"."""
    return (
        f"${allowance.usd:,.2f} in all, {allowance.tokens_per_day:,} tokens a day, "
        f"{allowance.requests_per_minute:,} requests a minute"
    )


def sign_in(participant_id: str, *, domain_id: str, region: str) -> str:
    """Return the command that makes a link into the participant's notebook, good for five minutes."""
    arguments = [
        *("--domain-id", domain_id),
        *("--user-profile-name", participant_id),
        *("--space-name", participant_id),
        *("--landing-uri", f"app:{APP_TYPE}:"),
        *("--expires-in-seconds", str(_LINK_SECONDS)),
        *("--region", region),
        *("--query", "AuthorizedUrl"),
        *("--output", "text"),
    ]
    return shlex.join(["aws", "sagemaker", "create-presigned-domain-url", *arguments])


def curl(handout: Handout) -> str:
    """Return the first request as curl makes it; the key comes from a variable where the page does not show it."""
    key = handout.api_key or "$QUARRY_API_KEY"
    return (
        f"curl {handout.base_url}/chat/completions \\\n"
        f'  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \\\n'
        f'  -d \'{{"model": "{handout.alias}", "max_tokens": 200, '
        '"messages": [{"role": "user", "content": "Hello"}]}\''
    )


def python(handout: Handout) -> str:
    """Return the first request in Python."""
    key = f'"{handout.api_key}"' if handout.api_key else 'os.environ["QUARRY_API_KEY"]'
    first = "" if handout.api_key else "import os\n"
    return (
        f"{first}from openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{handout.base_url}", api_key={key})\n'
        'messages = [{"role": "user", "content": "Hello"}]\n'
        f'reply = client.chat.completions.create(model="{handout.alias}", messages=messages, max_tokens=200)\n'
        "print(reply.choices[0].message.content)"
    )


def write(handouts: list[Handout], folder: Path) -> Path:
    """Write the CSV and the pages, and return the CSV's path. What is there of an earlier handout is replaced.

    Pages that the earlier one wrote for people who are in this one no more are deleted.

    Raises:
        CommandError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in handouts:
            text = page(
                name=one.participant.display_name,
                participant_id=one.participant.id,
                key=one.key_text,
                shown=one.api_key is not None,
                base_url=one.base_url,
                allowance=one.allowance,
                sign_in=one.sign_in,
                curl=curl(one),
                python=python(one),
                playground=one.playground,
            )
            _write(folder / one.page_name, text)
        for name in _pages(folder / CSV_NAME) - {one.page_name for one in handouts}:
            (folder / name).unlink(missing_ok=True)
        _write(folder / CSV_NAME, table(handouts))
    except OSError as error:
        raise CommandError(f"{folder}: cannot be written to: {error.strerror}", exit_code=2) from error
    return folder / CSV_NAME


def _pages(earlier: Path) -> set[str]:
    """Return the pages that an earlier handout's CSV names: files beside it, and nothing else."""
    if not earlier.is_file():
        return set()
    try:
        rows = list(csv.DictReader(io.StringIO(earlier.read_text(encoding="utf-8", errors="replace"), newline="")))
    except csv.Error:
        return set()
    return {name for row in rows if (name := row.get("page")) and _PAGE.fullmatch(name)}


def table(handouts: list[Handout]) -> str:
    """Return the CSV; what a spreadsheet would run as a formula stays text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in handouts:
        who = one.participant
        cells = (who.id, who.display_name, who.email or "", one.base_url, one.key_text, one.allowance, one.sign_in)
        writer.writerow([cell(value) for value in (*cells, one.page_name)])
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner can read from its first byte on."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
    ) as stream:
        stream.write(text)
    temporary.replace(path)
