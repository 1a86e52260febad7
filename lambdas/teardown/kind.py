"""A kind of thing that an environment may have: how it is found, looked at and deleted, and when.

A kind is an entry of ``kinds.KINDS``. What is to be known of a kind stands there and nowhere else.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from lambdas.teardown.aws import Aws


class Phase(IntEnum):
    """When a kind goes: what costs most first, what something else is in last.

    Source of the order: the deletion pages of Bedrock, SageMaker, EFS and OpenSearch Serverless, as
    docs/teardown.md quotes them.
    """

    EXECUTIONS = 0
    JOBS = 1
    SERVING = 2
    APPS = 3
    MODELS = 4
    SPACES = 5
    PROFILES = 6
    CONTENTS = 7
    STACKS = 8
    # From here on only what no stack has any more.
    FRONT = 9
    SOURCES = 10
    BASES = 11
    DOMAINS = 12
    STORES = 13
    FUNCTIONS = 14
    MOUNTS = 15
    FILE_SYSTEMS = 16
    INTERFACES = 17
    GROUPS = 18
    SUBNETS = 19
    NETWORKS = 20
    REST = 21
    ROLES = 22
    LOGS = 23


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing, as a service's list tells of it.

    Attributes:
        id: by which it is described and deleted; CloudFormation's physical id where CloudFormation makes the kind.
        name: by which it may belong to an environment; "" where a name says nothing.
        arn: of it; "" where it has none.
        tags: as far as they are known; None if nobody asked.
        of: the ids of what it is a part of, as the knowledge base of a data source: it belongs to whom that belongs.
        state: as the service has it.
        details: what else the service says, for its price.
    """

    id: str
    name: str = ""
    arn: str = ""
    tags: Mapping[str, str] | None = None
    of: tuple[str, ...] = ()
    state: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


Finds = Callable[[Aws], Iterable[Found]]
# Returns what is there by that id; None if nothing is.
Looks = Callable[[Aws, str], Found | None]
Deletes = Callable[[Aws, str], object]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How things of one kind are found and go.

    Attributes:
        service: boto3's name.
        type: the service's word for it.
        phase: when it goes.
        resource: CloudFormation's type, if it makes the kind; "" for what is only made at run time.
        arn: regular expression of the ARN after the account, its groups the id or its parts; None: it has no ARN.
        arn_service: the ARN's word for the service, where it differs.
        id_is_arn: whether the id is the whole ARN.
        finds: lists them, of whomever: who owns them is decided in ``ownership``. May leave out whose name is plainly
            another's.
        looks: looks at one.
        deletes: asks that one goes.
        busy: states in which nothing can be asked of it, but for waiting.
        run_time: whether it is made while the platform runs, even where a stack makes some.
        data: whether it holds what people put in, and stays with ``--retain data``.
        same: turns CloudFormation's physical id into the id that the kind has of its own, where they differ.
        shared: tells, of one that no stack has any more, why the account needs it; "" if nobody else does. Such a one
            stays, and is listed with the reason.
        priced: the type under which ``lambdas.catalogue.idle`` has its price, where that is not ``resource``.
    """

    service: str
    type: str
    phase: Phase
    resource: str = ""
    arn: str | None = None
    arn_service: str = ""
    id_is_arn: bool = False
    finds: Finds
    looks: Looks
    deletes: Deletes
    busy: frozenset[str] = frozenset()
    run_time: bool = False
    data: bool = False
    same: Callable[[str], str] = str
    shared: Callable[[Aws, str], str] | None = None
    priced: str = ""

    def id_of(self, arn: str) -> str | None:
        """Return the id of the thing with this ARN; None if it is none of this kind."""
        if self.arn is None:
            return None
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[2] != (self.arn_service or self.service):
            return None
        matched = re.fullmatch(self.arn, parts[5])
        if matched is None:
            return None
        return arn if self.id_is_arn else "|".join(filter(None, matched.groups()))
