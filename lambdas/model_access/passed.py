"""Which properties of the custom resource have passed: a rollback to them must not fail, whatever is found.

When an update of the stack fails, CloudFormation's rollback updates the custom resource once more, with the properties
that it had before. If that failed too, because the models of old have ended meanwhile, the stack would be stuck in
UPDATE_ROLLBACK_FAILED. CloudFormation does not say that it rolls back, so what has passed is remembered, in the
parameter of ``lambdas.model_access.published``: fingerprints with the second at which they passed, latest first.

    {"passed": [["5feceb66ffc86f38", 1795273200], ["6b86b273ff34fce1", 1793273200]], ...}
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from lambdas.model_access import published
from lambdas.model_access.published import ParameterClient

# After the check has passed, something else can still fail the same update of the stack, which then goes back to what
# passed before. Later a return to that is somebody's wish, and checked like any other.
ROLLBACK_SECONDS: Final = 3600
# What CloudFormation adds, of which the check takes no notice.
_OF_CLOUDFORMATION: Final = ("ServiceToken", "ServiceTimeout")


class Passed(Protocol):
    """Remembers which properties have passed."""

    def has(self, properties: Mapping[str, Any]) -> bool:
        """Whether a stack may have to go back to these."""
        ...

    def add(self, properties: Mapping[str, Any]) -> None:
        """Note that these have passed now."""
        ...


class PassedInParameter:
    """Keeps fingerprints beside the published findings.

    Args:
        name: of the SSM parameter.
        clock: seconds since 1970; for tests.
    """

    def __init__(self, client: ParameterClient, name: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def has(self, properties: Mapping[str, Any]) -> bool:
        """Whether these passed last, or before what passed within the last hour.

        Raises:
            botocore.exceptions.ClientError: the parameter cannot be read.
        """
        known = _known(published.document_in(self._client, self._name))
        if known and self._clock() - known[0][1] > ROLLBACK_SECONDS:
            known = known[:1]
        return fingerprint(properties) in [one for one, _ in known]

    def add(self, properties: Mapping[str, Any]) -> None:
        """Note that these have passed now; of former ones only the latest other is kept.

        Raises:
            botocore.exceptions.ClientError: the parameter cannot be read or written.
        """
        document = published.document_in(self._client, self._name)
        mark = fingerprint(properties)
        others = [[one, at] for one, at in _known(document) if one != mark]
        document["passed"] = [[mark, int(self._clock())], *others[:1]]
        value = published.as_value(document)
        self._client.put_parameter(Name=self._name, Value=value, Type="String", Overwrite=True)


def fingerprint(properties: Mapping[str, Any]) -> str:
    """Return what two sets of properties share only if they ask for the same check."""
    asked = {name: value for name, value in properties.items() if name not in _OF_CLOUDFORMATION}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _known(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return what stands there, latest first; nothing if it is something else."""
    try:
        return [(str(one), int(at)) for one, at in document.get("passed", [])]
    except (TypeError, ValueError):
        return []
