"""API Gateway's setting of a whole account and region: the role by which it writes the logs of all its APIs.

MiniStack keeps the setting, asks nothing of it, and forgets it with the stack that set it. AWS:

- takes the ARN of a role that is there and lets API Gateway in, and no other;
- refuses a stage with an access log while the account has no role;
- does nothing when ``AWS::ApiGateway::Account`` is deleted (the type's delete handler reads, and no more): the setting
  then names a role that may be gone, and no API of the account writes a log any more, without a word.

Source: API Gateway developer guide, "Set up CloudWatch logging for REST APIs"; registry schema of the type, handlers.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from ministack.core.responses import get_region
from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from sandbox import service_role
from sandbox.service_role import NotAuthorizedError, ServiceRole

_TYPE: Final = "AWS::ApiGateway::Account"
_SERVICE: Final = "apigateway.amazonaws.com"
_MARK: Final = "asks_the_account"
_MISSING: Final = "CloudWatch Logs role ARN must be set in account settings to enable logging"
_REFUSED: Final = "The role ARN does not have required permissions set to API Gateway"


class AccountError(ValueError):
    """API Gateway refuses; worded as its resource handlers word it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (Service: ApiGateway, Status Code: 400)")


def install() -> None:
    """Put it in place; doing it again changes nothing."""
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    if hasattr(handlers["create"], _MARK):
        return
    handlers["create"], handlers["update"] = _checking(handlers["create"]), _checking(handlers["update"])
    handlers["delete"] = lambda *_given: None
    apigateway_v1._update_account = _checking_call(apigateway_v1._update_account)


def role() -> ServiceRole | None:
    """Return the role that logs are written with; None if the account has none, or one that cannot be assumed."""
    arn = _setting()
    try:
        return _assumed(arn) if arn else None
    except NotAuthorizedError:
        return None


def require() -> None:
    """Check that a stage may have an access log.

    Raises:
        AccountError: the account has no role. Whether that is still there AWS does not ask.
    """
    if not _setting():
        raise AccountError(_MISSING)


def _setting() -> str:
    settings = apigateway_v1._account_settings.get("settings") or {}
    return str(settings.get("cloudwatchRoleArn") or "")


def _assumed(arn: str) -> ServiceRole:
    source = f"arn:aws:apigateway:{get_region()}::/account"
    # Where IAM does not count, a role has to be there all the same.
    service_role.find(arn)
    return service_role.assume(arn, service=_SERVICE, session="logs", source_arn=source)


def _check(arn: Any) -> None:
    if not arn:
        return
    try:
        _assumed(str(arn))
    except NotAuthorizedError as error:
        raise AccountError(_REFUSED) from error


def _checking(handler: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*arguments: Any, **named: Any) -> Any:
        properties = [argument for argument in arguments if isinstance(argument, dict)][-1]
        _check(properties.get("CloudWatchRoleArn"))
        return handler(*arguments, **named)

    setattr(checked, _MARK, True)
    return checked


def _checking_call(update: Callable[..., Any]) -> Callable[..., Any]:
    def checked(data: Any) -> Any:
        for patch in data.get("patchOperations", []):
            if patch.get("path") == "/cloudwatchRoleArn" and patch.get("op") != "remove":
                try:
                    _check(patch.get("value"))
                except AccountError:
                    body = {"message": _REFUSED}
                    return (
                        400,
                        {"Content-Type": "application/json", "x-amzn-errortype": "BadRequestException"},
                        (json.dumps(body).encode()),
                    )
        return update(data)

    return checked
