"""The administrator of the sandbox's account: an IAM user, because MiniStack does not check a root key's signature."""

import json

from ministack.core.responses import request_scope
from ministack.services import iam

from sandbox.connection import ACCOUNT, REGION

USER = "sandbox-administrator"
_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def create(*, access_key_id: str, secret_access_key: str) -> None:
    """Put the user, its policy and its access key into the account. Doing it again changes nothing.

    The key is chosen by us, which no IAM API allows, so that clients keep working when the state is reset.

    Raises:
        RuntimeError: MiniStack refused the user or its policy.
    """
    with request_scope(ACCOUNT, REGION):
        if USER not in iam._users:
            _require(iam._create_user({"UserName": [USER]}))
        _require(
            iam._put_user_policy(
                {"UserName": [USER], "PolicyName": ["administrator"], "PolicyDocument": [json.dumps(_POLICY)]}
            )
        )
        iam._access_keys[access_key_id] = {
            "UserName": USER,
            "AccessKeyId": access_key_id,
            "SecretAccessKey": secret_access_key,
            "Status": "Active",
            "CreateDate": iam._users[USER]["CreateDate"],
        }


def _require(response: tuple[int, dict[str, str], bytes]) -> None:
    status, _, body = response
    if status != 200:
        raise RuntimeError(f"MiniStack refused the administrator ({status}): {body!r}")
