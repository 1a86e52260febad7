"""How a resource type is declared: a row that names its API's operations, or one that says which record it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Model = Mapping[str, Any]
"""CloudFormation properties of one resource, with as many of its read-only ones as are known."""


def no_check(_model: Model) -> None:
    """The rule of a type that has none beyond its schema and its API."""


def as_written(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of a type that need no rewriting before they are sent."""
    return properties


@dataclass(frozen=True, kw_only=True)
class GeneratedName:
    """The name CloudFormation makes up when a template leaves it out."""

    path: str
    """Dotted property path, for example ``Budget.BudgetName``."""
    max_length: int
    lowercase: bool = True


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """What both kinds of row have. Rules raise an exception whose text is the resource's status reason."""

    type_name: str
    """CloudFormation's name, for example ``AWS::Bedrock::Guardrail``."""
    generated_name: GeneratedName | None = None
    check_create: Callable[[Model], None] = no_check
    """Refuses properties that the registry schema allows and AWS does not, before a create."""
    check_update: Callable[[Model], None] = no_check
    """The same before an update in place; the model carries the identifier too."""
    check_delete: Callable[[Model], None] = no_check
    """Refuses a delete; the model carries the identifier and the properties."""


@dataclass(frozen=True, kw_only=True)
class ApiBackedType(ResourceType):
    """A type whose resources live in a service that MiniStack has."""

    service: str
    """botocore's service name, for example ``bedrock-agent``."""
    create: str
    delete: str
    read: str
    update: str | None = None
    """Operation names; a type without ``update`` has only create-only properties and tags."""
    identify: Callable[[Model], dict[str, Any]]
    """Parameters that name one resource to ``read``, ``update`` and ``delete``, from its model."""
    created: str | None = None
    """The member of the reply of ``create`` that holds the resource; None when the reply itself does."""
    found: str | None = None
    """The same of ``read``; of a list, the first element."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """Dotted property path -> API member, where they differ by more than case."""
    update_renames: Mapping[str, str] = field(default_factory=dict)
    """The same, for ``update`` alone."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Read-only property -> member of the resource, where they differ by more than case."""
    constants: Callable[[], dict[str, Any]] = dict
    """Parameters of ``create`` that no property gives."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Properties that AWS gives a value and MiniStack does not, or another one."""
    carried: tuple[str, ...] = ()
    """Members of the resource that ``update`` must send back, for example a policy's version."""
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = as_written
    """Rewrites the properties before they are translated."""
    then: tuple[str, ...] = ()
    """Operations that the resource handler calls on the resource after a create or update."""
    ready: tuple[str, str] | None = None
    """A member of the resource and the value to wait for, for example ``("status", "ACTIVE")``."""
    waits_until_gone: bool = False
    """Whether a delete takes its time, in which the resource is still read."""
    tagged: Callable[[Model], str] | None = None
    """The ARN that TagResource takes, where ``update`` takes no tags."""
    tag_operations: tuple[str, str] = ("TagResource", "UntagResource")
    """The operations that set and remove tags."""


@dataclass(frozen=True, kw_only=True)
class RecordedType(ResourceType):
    """A type whose API MiniStack lacks: its checked properties are kept, with the attributes AWS would answer."""

    attributes: Callable[[Model], dict[str, Any]] = lambda _model: {}
    """Read-only properties of a new resource, from its properties."""
