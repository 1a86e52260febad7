"""SageMaker and Secrets Manager of an account, as the workshop's commands meet them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from configuration.studio.names import KEY_FIELD, NO_KEY_YET, secret_name

DOMAIN = "d-abc"
LIMIT = "The account-level service limit 'Studio JupyterLab Apps running on ml.t3.medium instances' is 6 Apps."


def refused(code: str, operation: str, message: str = "no") -> ClientError:
    """Return an error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Pages:
    """A paginator with a page."""

    page: dict[str, Any]

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Yield the page."""
        yield self.page


@dataclass
class AccessLog:
    """The endpoint's access log, as a paginator of FilterLogEvents; it filters by time alone, so too little.

    Attributes:
        lines: seconds since the epoch, key id, status.
        odd: messages that are no lines of ours, which come first.
        asked: from when on somebody wanted lines (milliseconds).
        fails: what it raises instead, after the first line.
    """

    lines: list[tuple[float, str, str]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    fails: Exception | None = None

    def paginate(self, *, logGroupName: str, startTime: int, filterPattern: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        """Yield a page per line."""
        assert (logGroupName, "4*" in filterPattern, "5*" in filterPattern) == ("access", True, True)
        self.asked.append(startTime)
        # As AWS does: a page may be empty though others follow.
        yield {"events": []}
        yield {"events": [{"message": message} for message in self.odd]}
        for number, (at, key_id, status) in enumerate(self.lines):
            if at * 1000 >= startTime:
                line = {"requestId": str(number), "keyId": key_id, "status": status}
                yield {"events": [{"message": json.dumps(line)}]}
            if self.fails:
                raise self.fails


@dataclass
class FakeStudio:
    """A domain, its spaces and apps; an app is a step further each time that somebody looks.

    Attributes:
        most: how many apps may run.
        fails: spaces whose apps fail.
        together: how many apps have to be asked for before any gets into service.
        throttled: how many calls of CreateApp are refused first.
        created: what CreateApp was asked for.
        quotas: code -> the account's value; a code that is missing is not known to it.
        log: the endpoint's access log.
    """

    spaces: list[str] = field(default_factory=list)
    apps: dict[str, str] = field(default_factory=dict)
    most: int = 40
    fails: set[str] = field(default_factory=set)
    together: int = 0
    throttled: int = 0
    created: list[dict[str, Any]] = field(default_factory=list)
    quotas: dict[str, float] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    log: "AccessLog" = field(default_factory=lambda: AccessLog())

    def add(self, *ids: str, environment: str = "dev") -> None:
        """Deploy a participant's space and secret."""
        for one in ids:
            self.spaces.append(one)
            self.secrets[secret_name(environment, one)] = json.dumps({KEY_FIELD: NO_KEY_YET})

    def key_of(self, one: str) -> str:
        """Return the key in a secret."""
        return str(json.loads(self.secrets[secret_name("dev", one)])[KEY_FIELD])

    def get_paginator(self, operation: str) -> Any:
        """ListSpaces and ListApps, and FilterLogEvents."""
        if operation == "filter_log_events":
            return self.log
        if operation == "list_spaces":
            return Pages({"Spaces": [{"SpaceName": name, "Status": "InService"} for name in self.spaces]})
        apps = [
            {"SpaceName": name, "AppType": "JupyterLab", "AppName": "default", "Status": status}
            for name, status in self.apps.items()
        ]
        for name in [*self.apps]:
            self._go_on(name)
        return Pages({"Apps": [{**app, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)} for app in apps]})

    def describe_space(self, *, DomainId: str, SpaceName: str) -> dict[str, Any]:  # noqa: N803
        resources = {"InstanceType": "ml.t3.medium", "LifecycleConfigArn": "arn:lcc"}
        return {"SpaceSettings": {"JupyterLabAppSettings": {"DefaultResourceSpec": resources}}}

    def describe_app(self, **app: str) -> dict[str, Any]:
        name = app["SpaceName"]
        status = self.apps.get(name)
        if status is None:
            raise refused("ResourceNotFound", "DescribeApp")
        self._go_on(name)
        return {"Status": status, "FailureReason": "no disk", "SpaceName": name}

    def _go_on(self, name: str) -> None:
        if self.apps[name] == "Pending" and len(self.created) >= self.together:
            self.apps[name] = "Failed" if name in self.fails else "InService"
        elif self.apps[name] == "Deleting":
            del self.apps[name]

    def create_app(self, **app: Any) -> None:
        if self.throttled:
            self.throttled -= 1
            raise refused("ThrottlingException", "CreateApp", "Rate exceeded")
        if len(self.apps) >= self.most:
            raise refused("ResourceLimitExceeded", "CreateApp", LIMIT)
        self.created.append(app)
        self.apps[app["SpaceName"]] = "Pending"

    def delete_app(self, **app: str) -> None:
        if app["SpaceName"] not in self.apps:
            raise refused("ResourceNotFound", "DeleteApp")
        self.apps[app["SpaceName"]] = "Deleting"

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        if QuotaCode not in self.quotas:
            raise refused("NoSuchResourceException", "GetServiceQuota")
        return {"Quota": {"Value": self.quotas[QuotaCode]}}

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        if SecretId not in self.secrets:
            raise refused("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.secrets[SecretId]}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:  # noqa: N803
        if SecretId not in self.secrets:
            raise refused("ResourceNotFoundException", "PutSecretValue")
        self.secrets[SecretId] = SecretString
