"""What AWS says of a call that it refused."""

from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """Return the error's code, as ``ResourceNotFoundException``; "" if there is none."""
    return str(error.response["Error"].get("Code", ""))
