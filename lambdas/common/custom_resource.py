"""CloudFormation's protocol for custom resources: one answer, always, whatever happens.

Without it a deployment waits an hour for nothing. Source: CloudFormation user guide, custom resource response objects.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import urllib3

# What CloudFormation takes in all.
MAX_BYTES: Final = 4096
SEND_SECONDS: Final = 5.0
SEND_ATTEMPTS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What CloudFormation is told: ``reason`` is what `cdk deploy` prints if not ``ok``, ``data`` has attributes."""

    ok: bool
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)


class Send(Protocol):
    """Puts a body to a URL."""

    def __call__(self, url: str, body: bytes) -> None: ...


def send(url: str, body: bytes) -> None:
    """Put the answer to CloudFormation's pre-signed URL.

    Raises:
        urllib3.exceptions.HTTPError: it could not be reached, however often.
        OSError: it refused.
    """
    # The URL is signed for an empty content type.
    reply = urllib3.PoolManager().request(
        "PUT",
        url,
        body=body,
        headers={"Content-Type": ""},
        timeout=SEND_SECONDS,
        retries=urllib3.Retry(
            total=SEND_ATTEMPTS - 1,
            backoff_factor=0.5,
            allowed_methods=None,
            status_forcelist=(500, 502, 503, 504),
            raise_on_status=False,
        ),
    )
    if reply.status >= 300:
        raise OSError(f"CloudFormation refused the answer with status {reply.status}")


def body(event: dict[str, Any], answer: Answer, *, physical_id: str) -> bytes:
    """Return the answer to the event, as CloudFormation wants it; a reason that is too long is cut.

    Args:
        physical_id: the resource's id, which has to be told each time; another than before makes CloudFormation delete
            the former resource.
    """
    document = {
        "Status": "SUCCESS" if answer.ok else "FAILED",
        "Reason": "",
        "PhysicalResourceId": physical_id,
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        "Data": answer.data,
    }
    # Characters that JSON escapes count for more than one byte, so the text is cut until the whole fits.
    for limit in range(MAX_BYTES, 0, -64):
        encoded = json.dumps({**document, "Reason": shortened(answer.reason, limit)}, ensure_ascii=False).encode()
        if len(encoded) <= MAX_BYTES:
            return encoded
    return json.dumps({**document, "Data": {}}).encode()


def shortened(text: str, limit: int) -> str:
    """Return the text cut to ``limit`` bytes of UTF-8, with a mark where it was cut."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: limit - 3].decode(errors="ignore") + "…"
