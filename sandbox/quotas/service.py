"""The service ``service-quotas``: what applies to the account, the numbers that the services here enforce."""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, Response
from sandbox.quotas import applied, catalogue
from sandbox.quotas.catalogue import Quota

SERVICE = "service-quotas"
TARGET = "ServiceQuotasV20190624."
_OPERATIONS = ("GetServiceQuota", "GetAWSDefaultServiceQuota", "ListServiceQuotas")
_MOST = 100


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> Response:
    """Answer one request, as MiniStack's own services do."""
    operation = headers.get("x-amz-target", "").removeprefix(TARGET)
    try:
        if operation not in _OPERATIONS:
            raise AwsError("IllegalArgumentException", f"This local AWS does not do {operation} of Service Quotas.")
        document = _run(operation, shapes.parse(operation, body, service=SERVICE))
    except AwsError as error:
        return error.response()
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document).encode()


def _run(operation: str, request: Json) -> Json:
    known = [quota for quota in catalogue.ALL if quota.service == request["ServiceCode"]]
    if not known:
        raise AwsError("NoSuchResourceException", f"There is no service {request['ServiceCode']}.")
    code = request.get("QuotaCode")
    found = [quota for quota in known if code in (None, quota.code)]
    if operation == "ListServiceQuotas":
        return _page(found, request)
    if not found:
        raise AwsError("NoSuchResourceException", f"There is no quota {code}.")
    account_own = operation == "GetServiceQuota"
    return {"Quota": _shown(found[0], applied.value(found[0]) if account_own else found[0].default)}


def _page(found: list[Quota], request: Json) -> Json:
    token = request.get("NextToken", "0")
    if not (token.isascii() and token.isdigit()):
        raise AwsError("IllegalArgumentException", "The token is invalid.")
    start, most = int(token), request.get("MaxResults", _MOST)
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return {"Quotas": [_shown(quota, applied.value(quota)) for quota in found[start : start + most]], **more}


def _shown(quota: Quota, value: float) -> Json:
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }
