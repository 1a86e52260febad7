"""The comparison of rights finds what it is to find."""

from typing import Any

from tests.sandbox.rights import Right, Unseen, granted, needless, not_granted, unused

CHAT = "quarry-dev-inference-ChatRole7392D60B-0904DA7ACE8D7"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/sessions"
GRANTS = {
    CHAT: [
        Right("inference-ChatRole", "dynamodb:GetItem", TABLE),
        Right("inference-ChatRole", "dynamodb:Query", f"{TABLE}/index/*"),
        Right("inference-ChatRole", "logs:PutLogEvents", "*"),
    ]
}
LOGS = Unseen("*", "logs:*", "*", "elsewhere")


def asked(action: str, resource: str, *, allowed: bool = True, role: str = CHAT) -> dict[str, Any]:
    return {"role": role, "action": action, "resource": resource, "allowed": allowed}


def test_what_nobody_used_is_found_unless_it_is_an_exception() -> None:
    used = [asked("dynamodb:GetItem", TABLE), asked("dynamodb:Query", f"{TABLE}/index/by-owner", role="another")]

    assert unused(GRANTS, used, [LOGS]) == [Right("inference-ChatRole", "dynamodb:Query", f"{TABLE}/index/*")]
    assert unused(GRANTS, [*used, asked("dynamodb:Query", f"{TABLE}/index/by-owner")], [LOGS]) == []


def test_what_was_refused_is_not_used() -> None:
    assert len(unused(GRANTS, [asked("dynamodb:GetItem", TABLE, allowed=False)], [LOGS])) == 2


def test_what_was_asked_for_in_vain_is_found_but_not_what_a_test_took_away() -> None:
    refused = [
        asked("dynamodb:Scan", TABLE, allowed=False),
        asked("dynamodb:GetItem", TABLE, allowed=False),
        asked("dynamodb:GetItem", f"{TABLE}-2", allowed=False),
    ]

    assert not_granted(GRANTS, refused, prefix="quarry-dev-") == [
        Right("inference-ChatRole", "dynamodb:GetItem", f"{TABLE}-2"),
        Right("inference-ChatRole", "dynamodb:Scan", TABLE),
    ]


def test_an_exception_about_nothing_is_found() -> None:
    gone = Unseen("*", "kms:*", "*", "no longer granted")

    assert needless(GRANTS, [LOGS, gone]) == [gone]


class FakeIam:
    """IAM of two roles, one of them of another environment."""

    def get_paginator(self, _operation: str) -> Any:
        pages = [{"Roles": [{"RoleName": CHAT}]}, {"Roles": [{"RoleName": "quarry-prod-inference-ChatRoleA-1"}]}]
        return type("Pages", (), {"paginate": lambda _self: pages})()

    def list_role_policies(self, **_: str) -> dict[str, Any]:
        return {"PolicyNames": ["one"]}

    def get_role_policy(self, **_: str) -> dict[str, Any]:
        allow = {"Effect": "Allow", "Action": ["a:One", "a:Two"], "Resource": "*"}
        return {"PolicyDocument": {"Statement": [allow, {"Effect": "Deny", "Action": "a:Three", "Resource": "*"}]}}

    def list_attached_role_policies(self, **_: str) -> dict[str, Any]:
        attached = ("arn:aws:iam::000000000000:policy/shared", "arn:aws:iam::aws:policy/AWSs")
        return {"AttachedPolicies": [{"PolicyArn": arn} for arn in attached]}

    def get_policy(self, **_: str) -> dict[str, Any]:
        return {"Policy": {"DefaultVersionId": "v3"}}

    def get_policy_version(self, **named: str) -> dict[str, Any]:
        assert named == {"PolicyArn": "arn:aws:iam::000000000000:policy/shared", "VersionId": "v3"}
        allow = {"Effect": "Allow", "Action": "a:Four", "Resource": "four"}
        return {"PolicyVersion": {"Document": {"Statement": allow}}}


def test_grants_are_read_from_the_roles_of_one_environment_and_what_is_attached_to_them() -> None:
    assert granted(FakeIam(), prefix="quarry-dev-") == {
        CHAT: [
            Right("inference-ChatRole", "a:One", "*"),
            Right("inference-ChatRole", "a:Two", "*"),
            Right("inference-ChatRole", "a:Four", "four"),
        ]
    }
