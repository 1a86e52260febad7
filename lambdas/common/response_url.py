"""Putting a custom resource's answer to the pre-signed URL that CloudFormation waits at."""

import logging
from typing import Final, Protocol

import urllib3

ATTEMPT_SECONDS: Final = 4.0
ATTEMPTS: Final = 3
MAX_PAUSE_SECONDS: Final = 10.0


class Send(Protocol):
    """Puts a body to a URL, trying again for some seconds."""

    def __call__(self, url: str, body: bytes, *, seconds: float) -> None: ...


def send(url: str, body: bytes, *, seconds: float) -> None:
    """Put the answer to CloudFormation's pre-signed URL.

    Args:
        seconds: in which it is tried again, but three times at least.

    Raises:
        urllib3.exceptions.HTTPError: it could not be reached, however often.
        OSError: it refused.
    """
    attempts = max(ATTEMPTS, int(seconds // (ATTEMPT_SECONDS + MAX_PAUSE_SECONDS)))
    # Its warnings of attempts that failed have the URL with its signature.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    # The URL is signed for an empty content type.
    reply = urllib3.PoolManager().request(
        "PUT",
        url,
        body=body,
        headers={"Content-Type": ""},
        timeout=urllib3.Timeout(total=ATTEMPT_SECONDS),
        retries=urllib3.Retry(
            total=attempts - 1,
            backoff_factor=0.5,
            backoff_max=MAX_PAUSE_SECONDS,
            allowed_methods=None,
            status_forcelist=(500, 502, 503, 504),
            raise_on_status=False,
            # It may name any time, and there is not any.
            respect_retry_after_header=False,
        ),
    )
    if reply.status >= 300:
        raise OSError(f"CloudFormation refused the answer with status {reply.status}")
