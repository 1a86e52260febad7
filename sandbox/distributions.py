"""What CloudFront refuses of a distribution with names of one's own. MiniStack's CloudFormation makes one of anything.

The certificate is ACM's, of us-east-1, issued, and covers every name; a name is one distribution's only, in all of
AWS; an origin is waited for 120 seconds at most. Sources: CloudFront's API reference, CreateDistribution, errors
InvalidViewerCertificate and CNAMEAlreadyExists; developer guide, "Requirements for using alternate domain names" and
"Response timeout".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ministack.core.responses import get_account_id
from ministack.services import acm, cloudfront
from ministack.services.cloudformation import provisioners

_TYPE: Final = "AWS::CloudFront::Distribution"
_CERTIFICATES: Final = "us-east-1"
_MOST_SILENT_SECONDS: Final = 120
# MiniStack keeps a distribution as the XML of its configuration.
_CNAME: Final = re.compile(r"<(?:\w+:)?CNAME>([^<]+)<")


class DistributionError(ValueError):
    """CloudFront would refuse it; the text is what it would say."""


@functools.cache
def install() -> None:
    """Refuse as CloudFront does; doing it again changes nothing."""
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update = handlers["create"], handlers["update"]

    def create_checked(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        check(props.get("DistributionConfig") or {})
        return create(logical_id, props, stack_name)

    def update_checked(physical_id: str, old: dict[str, Any], new: dict[str, Any], *more: Any, **named: Any) -> Any:
        check(new.get("DistributionConfig") or {}, own=physical_id)
        return update(physical_id, old, new, *more, **named)

    handlers.update(create=create_checked, update=update_checked)


def check(config: Mapping[str, Any], *, own: str = "") -> None:
    """Check a distribution's configuration, as a template has it.

    Args:
        own: id of the distribution that it is for, if there is one.

    Raises:
        DistributionError: CloudFront would refuse it.
    """
    for origin in config.get("Origins") or ():
        seconds = int((origin.get("CustomOriginConfig") or {}).get("OriginReadTimeout") or 30)
        if not 1 <= seconds <= _MOST_SILENT_SECONDS:
            raise DistributionError(f"InvalidOriginReadTimeout: {seconds} is not between 1 and {_MOST_SILENT_SECONDS}")
    names = [str(name).lower() for name in config.get("Aliases") or ()]
    if not names:
        return
    arn = str((config.get("ViewerCertificate") or {}).get("AcmCertificateArn") or "")
    if not arn:
        raise DistributionError(
            "InvalidViewerCertificate: To add an alternate domain name (CNAME) to a CloudFront distribution, you must "
            "attach a trusted certificate that validates your authorization to use the domain name."
        )
    found = acm._certificates.get_scoped(get_account_id(), _CERTIFICATES, arn)
    if arn.split(":")[3] != _CERTIFICATES or found is None or found["Status"] != "ISSUED":
        raise DistributionError(
            "InvalidViewerCertificate: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't "
            "valid, or doesn't include a valid certificate chain."
        )
    covered = [found["DomainName"], *(found.get("SubjectAlternativeNames") or ())]
    if not all(_covers(covered, name) for name in names):
        raise DistributionError(
            "InvalidViewerCertificate: The certificate that is attached to your distribution doesn't cover the "
            "alternate domain name (CNAME) that you're trying to add."
        )
    if set(names) & _taken(own):
        raise DistributionError(
            "CNAMEAlreadyExists: One or more of the CNAMEs you provided are already associated with a different "
            "resource."
        )


def _covers(covered: Iterable[str], name: str) -> bool:
    """Whether a certificate is for a name: an asterisk stands for one label, the first."""
    return any(re.fullmatch(re.escape(one.lower()).replace(r"\*", "[^.]+", 1), name) is not None for one in covered)


def _taken(own: str) -> set[str]:
    """Return the names that distributions have, of whatever account, but for one's own."""
    found: set[str] = set()
    for key, one in cloudfront._distributions._data.items():
        if key[-1] != own:
            found |= {name.lower() for name in _CNAME.findall(one["config_xml"])}
    return found
