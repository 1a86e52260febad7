"""How a client reaches the sandbox: ports, URLs, credentials, environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_AWS_PORT = 4566
DEFAULT_PORT = 8787
ACCOUNT = "000000000000"
REGION = "us-east-1"
ACCESS_KEY_ID = "AKIASANDBOXADMIN0001"

# The CDK CLI reads these too; a stray value names a real account or region.
_CDK_VARIABLES = ("CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION", "CDK_NEW_BOOTSTRAP")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The two ports of one sandbox on 127.0.0.1, and its administrator's key.

    ``aws_port`` answers the AWS APIs, ``port`` is the front door to the deployed REST API.
    """

    aws_port: int
    port: int
    secret_access_key: str
    access_key_id: str = ACCESS_KEY_ID

    @property
    def aws_url(self) -> str:
        """``http://localhost:<aws_port>``; by name, because S3 host-style and template URLs are parsed by host name."""
        return f"http://localhost:{self.aws_port}"

    @property
    def url(self) -> str:
        """``http://localhost:<port>``, the front door."""
        return f"http://localhost:{self.port}"

    def environment(self, *, state: Path) -> dict[str, str]:
        """Environment variables that point every AWS client at this sandbox.

        ``state`` is the sandbox's state directory; the CDK CLI keeps its caches there instead of in the home directory,
        and temporary files go there too, so that ``down`` leaves none behind.
        """
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ENDPOINT_URL_S3": self.aws_url,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": REGION,
            "CDK_HOME": str(state / "cdk"),
            "TMPDIR": str(state / "tmp"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "SANDBOX_URL": self.url,
            "SANDBOX_STATE": str(state),
        }

    def client_environment(self, inherited: Mapping[str, str], *, state: Path) -> dict[str, str]:
        """``inherited`` without anything of a real AWS account, plus :meth:`environment`.

        Every ``AWS_*`` variable is dropped, known or not: a profile, a session token or a service's own endpoint that
        survived would send a command meant for the sandbox to a real account.
        """
        kept = {name: value for name, value in inherited.items() if not _is_aws(name)}
        return {**kept, **_without_proxy(kept), **self.environment(state=state)}


def _is_aws(name: str) -> bool:
    return name.upper().startswith("AWS_") or name in _CDK_VARIABLES


def _without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY in both spellings, so that a configured proxy is not asked for the loopback."""
    current = inherited.get("no_proxy") or inherited.get("NO_PROXY") or ""
    names = [name for name in (part.strip() for part in current.split(",")) if name]
    value = ",".join([*names, *(name for name in _LOOPBACK_NAMES if name not in names)])
    return {"NO_PROXY": value, "no_proxy": value}
