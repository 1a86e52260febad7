"""The role that an environment made and by which API Gateway writes the logs of all APIs of the account."""

from typing import Any

import pytest

from lambdas.teardown.aws import Aws
from lambdas.teardown.teardown import take_inventory, tear_down
from lambdas.teardown.verdict import Verdict
from tests.lambdas.teardown.account import FakeCloudFormation, FakeStack, Hourglass, Nothing, account, refusal

ROLE = "quarry-dev-inference-RestLoggingRole-1"
ARN = f"arn:aws:iam::1:role/{ROLE}"


class Roles(Nothing):
    """IAM with one role, of dev's."""

    def __init__(self) -> None:
        super().__init__()
        self.there = [ROLE]
        self.answers = {
            "list_roles": lambda **_: {"Roles": [{"RoleName": one, "Arn": ARN} for one in self.there]},
            "list_role_tags": {"Tags": [{"Key": "quarry:environment", "Value": "dev"}]},
            "get_role": self._get,
            "list_attached_role_policies": {"AttachedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/p"}]},
            "delete_role": lambda RoleName: self.there.remove(RoleName),  # noqa: N803
        }

    def _get(self, *, RoleName: str) -> dict[str, Any]:  # noqa: N803
        if RoleName not in self.there:
            raise refusal("NoSuchEntity")
        return {"Role": {"RoleName": RoleName}}


class Gateway(Nothing):
    """API Gateway: the account's setting, and the names of its REST APIs."""

    def __init__(self, named: str, *apis: str) -> None:
        super().__init__()
        self.named = named
        self.answers = {
            "get_account": lambda: {"cloudwatchRoleArn": self.named} if self.named else {},
            "get_rest_apis": {"items": [{"name": name} for name in apis]},
            "update_account": self._update,
        }

    def _update(self, *, patchOperations: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert patchOperations == [{"op": "remove", "path": "/cloudwatchRoleArn"}]
        self.named = ""
        return {}


def sockets(*apis: tuple[str, str]) -> Nothing:
    """Return API Gateway's other half, with APIs of a protocol."""
    found = Nothing()
    found.answers = {"get_apis": {"Items": [{"Name": name, "ProtocolType": protocol} for name, protocol in apis]}}
    return found


def of_dev(gateway: Gateway, roles: Roles, **more: Any) -> Aws:
    return account(iam=roles, apigateway=gateway, **more)


def down(aws: Aws) -> Verdict:
    time = Hourglass()
    return tear_down(aws, left=time.left, sleep=time.sleep)


def test_it_stays_while_another_api_writes_its_logs_with_it_and_says_why() -> None:
    gateway, roles = Gateway(ARN, "quarry-test-api", "orders"), Roles()
    verdict = down(of_dev(gateway, roles))

    assert roles.there == [ROLE]
    assert gateway.named == ARN
    assert verdict.is_zero
    assert verdict.deleted == verdict.left == ()
    (row,) = verdict.shown()["shared"]
    assert (row["id"], row["origin"]) == (ROLE, "account")
    assert "as those of quarry-test-api and 1 more" in row["why"]


def test_the_inventory_lists_it_among_what_is_shared() -> None:
    found = take_inventory(of_dev(Gateway(ARN, "orders"), Roles()))

    assert found.things == []
    assert [one.id for one in found.shared] == [ROLE]
    assert "as those of orders." in found.shared[0].why


def test_the_last_one_takes_it_along_and_the_setting_too() -> None:
    gateway, roles = Gateway(ARN), Roles()
    verdict = down(of_dev(gateway, roles))

    assert roles.there == []
    assert gateway.named == ""
    assert [one.id for one in verdict.deleted] == [ROLE]
    assert verdict.is_zero
    assert verdict.shared == ()


@pytest.mark.parametrize("protocol", ["WEBSOCKET", "HTTP"])
def test_apis_for_sockets_count_and_http_apis_do_not(protocol: str) -> None:
    roles = Roles()
    down(of_dev(Gateway(ARN), roles, apigatewayv2=sockets(("chat", protocol))))

    assert bool(roles.there) == (protocol == "WEBSOCKET")


def test_a_role_that_the_account_does_not_name_any_more_goes() -> None:
    gateway, roles = Gateway("arn:aws:iam::1:role/quarry-test-inference-RestLoggingRole-2", "quarry-test-api"), Roles()
    verdict = down(of_dev(gateway, roles))

    assert roles.there == []
    assert gateway.named.endswith("-2")
    assert verdict.is_zero


def test_while_its_stack_is_there_it_is_the_stacks() -> None:
    stack = FakeStack("quarry-dev-inference", ("RestLoggingRole", "AWS::IAM::Role", ROLE))
    found = take_inventory(account(FakeCloudFormation(stack), iam=Roles(), apigateway=Gateway(ARN, "quarry-dev-api")))

    assert ROLE in {one.id for one in found.things}
    assert found.shared == ()


def test_where_nobody_knows_who_uses_it_it_stays_and_the_verdict_is_unknown() -> None:
    gateway = Gateway(ARN, "orders")
    gateway.refuses = {"get_rest_apis": refusal("AccessDeniedException", "no", "GetRestApis")}
    roles = Roles()
    verdict = down(of_dev(gateway, roles))

    assert roles.there == [ROLE]
    assert not verdict.is_zero
    assert any("who uses the role" in one.what for one in verdict.unseen)
