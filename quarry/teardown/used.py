"""What an environment's keys spent, by key and alias, read while its tables are still there."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.allowances.account import KEEP_DAYS
from lambdas.allowances.ledger import Ledger
from lambdas.authorizer.keys import ApiKey, KeyStore
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Inventory
from lambdas.teardown.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one key spent with one alias; money in micro-dollars."""

    key_id: str
    name: str
    alias: str
    requests: int
    input_tokens: int
    output_tokens: int
    micro_dollars: int


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A stack, and when it was made (ISO 8601, UTC)."""

    name: str
    created: str


@dataclass(frozen=True, kw_only=True)
class Used:
    """What ran and what it took.

    Attributes:
        trouble: why it cannot be told what was spent; "" if it can.
    """

    ran: tuple[Ran, ...] = ()
    spent: tuple[Spent, ...] = ()
    trouble: str = ""


def used(aws: Aws, found: Inventory) -> Used:
    """Return what ran and what each key spent with each alias. What cannot be read is no error, but told."""
    try:
        ran = tuple(_ran(aws, found.stacks))
        return Used(ran=ran, spent=tuple(_spent(aws, found)))
    except (ClientError, BotoCoreError, KeyError) as error:
        return Used(trouble=f"{type(error).__name__}: {error}")


def _ran(aws: Aws, stacks: tuple[Stack, ...]) -> Iterator[Ran]:
    for stack in stacks:
        (told,) = aws.client("cloudformation").describe_stacks(StackName=stack.id)["Stacks"]
        created = told["CreationTime"]
        yield Ran(name=stack.name, created=created.isoformat() if hasattr(created, "isoformat") else str(created))


def _spent(aws: Aws, found: Inventory) -> Iterator[Spent]:
    outputs = _outputs(aws, found)
    if not {"KeysTable", "AllowancesTable"} <= outputs.keys():
        return
    dynamodb = aws.client("dynamodb")
    ledger = Ledger(table_name=outputs["AllowancesTable"], client=dynamodb)
    for key in KeyStore(table_name=outputs["KeysTable"], client=dynamodb).list():
        yield from _of_key(ledger, key)


def _of_key(ledger: Ledger, key: ApiKey) -> Iterator[Spent]:
    sums: dict[str, list[int]] = {}
    for day in ledger.usage(key.key_id, limits=key.limits, days=KEEP_DAYS).days:
        for alias, one in day.aliases.items():
            counted = (one.requests, one.input_tokens, one.output_tokens, one.micro_dollars)
            sums[alias] = [have + more for have, more in zip(sums.get(alias, [0] * 4), counted, strict=True)]
    for alias, (requests, input_tokens, output_tokens, micro_dollars) in sorted(sums.items()):
        yield Spent(
            key_id=key.key_id,
            name=key.name,
            alias=alias,
            requests=requests,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            micro_dollars=micro_dollars,
        )


def _outputs(aws: Aws, found: Inventory) -> dict[str, str]:
    stack = next((one for one in found.stacks if one.name == f"quarry-{aws.environment}-inference"), None)
    if stack is None:
        return {}
    (told,) = aws.client("cloudformation").describe_stacks(StackName=stack.id)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in told.get("Outputs", [])}
