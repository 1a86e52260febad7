"""What there is of an environment: by tag, by its stacks, and by each service's own lists, and looked at one by one.

None of the three is enough. The Resource Groups Tagging API knows no roles, lists what is gone and not yet what is new;
stacks know nothing of what was made at run time; lists know no owners. What any of them tells of counts only if its own
service says that it is there.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.catalogue import idle
from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Found, Kind
from lambdas.teardown.kinds.table import BY_RESOURCE, KINDS, is_part
from lambdas.teardown.ownership import TAG, Ownership
from lambdas.teardown.stack import SKIPPED, Resource, Stack, Stacks
from lambdas.teardown.thing import Origin, Thing, Unseen

# Services asked at the same time.
AT_ONCE: Final = 8
STACK: Final = "stack"
CLOUDFORMATION: Final = "cloudformation"
# Nothing was ever made of these.
_NEVER_MADE: Final = ("CREATE_FAILED", "DELETE_COMPLETE")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A thing with what is needed to delete it.

    Attributes:
        kind: of it; None if Quarry knows none: then nobody can look at it or delete it here.
        in_stack: whether a stack that is there has it, and takes it along.
    """

    thing: Thing
    kind: Kind | None
    in_stack: bool


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What there is.

    Attributes:
        entries: all of it but the stacks.
        stacks: those that are there.
        shared: the account's own, which other environments use too.
        unseen: what could not be looked at.
    """

    entries: tuple[Entry, ...]
    stacks: tuple[Stack, ...]
    shared: tuple[Thing, ...]
    unseen: tuple[Unseen, ...]

    @property
    def things(self) -> list[Thing]:
        """Everything that is the environment's, stacks included."""
        return [*(of_stack(stack) for stack in self.stacks), *(entry.thing for entry in self.entries)]


def of_stack(stack: Stack) -> Thing:
    """Return a stack as a thing, which costs nothing by itself."""
    return Thing(
        service=CLOUDFORMATION,
        type=STACK,
        id=stack.name,
        arn=stack.id,
        usd_per_hour=0.0,
        origin="stack",
        state=stack.status,
        why=stack.reason,
    )


def usd(entries: Iterable[Thing]) -> float:
    """Return what things cost an hour, as far as prices are known."""
    return sum(one.usd_per_hour or 0.0 for one in entries)


class Survey:
    """One look at the account: stacks are read once, kinds whenever they are asked for."""

    def __init__(self, aws: Aws, *, kinds: Sequence[Kind] = KINDS) -> None:
        self._aws = aws
        self._kinds = kinds
        self.stacks = Stacks(aws)
        self.unseen: list[Unseen] = []
        self._shared: dict[str, Thing] = {}

    def take(self) -> Inventory:
        """Look everywhere."""
        living = self._seen("cloudformation stacks", lambda: self.stacks.living) or []
        shared = [self._bootstrap()] if living and self.stacks.bootstrap else []
        self._shared.clear()
        entries = self.entries(self._kinds)
        shared += self._shared.values()
        return Inventory(entries=tuple(entries), stacks=tuple(living), shared=tuple(shared), unseen=tuple(self.unseen))

    def entries(self, kinds: Sequence[Kind]) -> list[Entry]:
        """Return what there is of these kinds, each looked at."""
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            listed = pool.map(partial(self._listed, ownership=self._ownership), kinds)
            found = {(kind.service, kind.type, one.id): (kind, one) for each in listed for kind, one in each}
            told = [one for one in self._told(kinds) if (one[0].service, one[0].type, one[1].id) not in found]
            looked = pool.map(self._looked_at, told)
            found |= {(kind.service, kind.type, one.id): (kind, one) for kind, one in filter(None, looked)}
        entries = [entry for kind, one in found.values() if not self._is_shared(entry := self._entry(kind, one))]
        if set(kinds) == set(self._kinds):
            entries += self._strangers
        return sorted(entries, key=lambda entry: (entry.thing.service, entry.thing.type, entry.thing.id))

    def look(self, entry: Entry) -> Entry | None:
        """Look at one again; None if it is gone. What cannot be looked at is still there, and ``unseen`` says so."""
        if entry.kind is None:
            return entry
        looked = self._looked_at((entry.kind, Found(id=entry.thing.id, arn=entry.thing.arn)))
        if looked is None:
            return None
        return replace(entry, thing=replace(entry.thing, state=looked[1].state))

    def _seen(self, what: str, ask: Callable[[], Any]) -> Any:
        """Return the answer, or None, and what was refused, where AWS does not give one."""
        try:
            return ask()
        except (ClientError, BotoCoreError) as error:
            self.unseen.append(Unseen(what=what, why=_in_words(error)))
            return None

    @cached_property
    def _ownership(self) -> Ownership:
        stacks = self._seen("cloudformation stacks", lambda: self.stacks.all) or []
        members = {_own_id(one) for stack in stacks for one in self._resources(stack)} - {""}
        tagged = self._seen("the environments of the account", self._environments) or []
        known = self._seen("cloudformation stacks", lambda: self.stacks.environments) or frozenset()
        return Ownership(
            environment=self._aws.environment, members=frozenset(members), environments=frozenset([*known, *tagged])
        )

    def _environments(self) -> list[str]:
        return list(self._aws.pages("resourcegroupstaggingapi", "get_tag_values", "TagValues", Key=TAG))

    def _resources(self, stack: Stack) -> list[Resource]:
        if not stack.lives and stack not in self.stacks.former:
            return []
        return self._seen(f"the resources of {stack.name}", lambda: stack.resources) or []

    @cached_property
    def _in_stacks(self) -> frozenset[str]:
        """The ids of what a stack that is there has."""
        stacks = self._seen("cloudformation stacks", lambda: self.stacks.living) or []
        return frozenset(_own_id(one) for stack in stacks for one in self._resources(stack)) - {""}

    def _listed(self, kind: Kind, *, ownership: Ownership) -> list[tuple[Kind, Found]]:
        what = f"{kind.service} {kind.type}"
        found = self._seen(what, lambda: [(kind, one) for one in kind.finds(self._aws) if ownership.has(one)])
        return found or []

    def _told(self, kinds: Sequence[Kind]) -> Iterator[tuple[Kind, Found]]:
        """Yield what tags and stacks tell of, which may be gone."""
        wanted = set(kinds)
        for arn in self._tagged:
            for kind in kinds:
                if (id_ := kind.id_of(arn)) is not None:
                    yield kind, Found(id=id_, arn=arn)
                    break
        for resource in self._members:
            kind_of = BY_RESOURCE.get(resource.type)
            if kind_of in wanted and kind_of is not None:
                yield kind_of, Found(id=kind_of.same(resource.id))

    @cached_property
    def _members(self) -> list[Resource]:
        """What living stacks have, and what deleted ones left behind."""
        stacks = self._seen("cloudformation stacks", lambda: [*self.stacks.living, *self.stacks.former]) or []
        return [
            one
            for stack in stacks
            for one in self._resources(stack)
            if one.id and (one.status not in _NEVER_MADE if stack.lives else one.status == SKIPPED)
        ]

    @cached_property
    def _tagged(self) -> list[str]:
        """The ARNs that carry the environment's tag, as the tagging API has it."""
        filters = [{"Key": TAG, "Values": [self._aws.environment]}]
        pages = partial(
            self._aws.pages, "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters
        )
        return self._seen("what carries the tag", lambda: [one["ResourceARN"] for one in pages()]) or []

    @property
    def _strangers(self) -> list[Entry]:
        """What carries the tag or is a stack's, and is of no kind that Quarry knows."""
        found = []
        for arn in self._tagged:
            service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
            known = service == "cloudformation" or any(kind.id_of(arn) for kind in self._kinds)
            if not known:
                type_ = resource.partition("/")[0].partition(":")[0]
                found.append(self._unknown(service, type_, resource, arn))
        for one in self._members:
            if one.type not in BY_RESOURCE and not is_part(one.type):
                found.append(self._unknown(one.type.split("::")[1].lower(), one.type, one.id, ""))
        return found

    def _unknown(self, service: str, type_: str, id_: str, arn: str) -> Entry:
        in_stack = id_ in self._in_stacks or arn in self._in_stacks
        origin: Origin = "stack" if in_stack else "left over"
        price = idle.price_of(type_, {}, region=self._aws.region).usd_per_hour
        thing = Thing(service=service, type=type_, id=id_, arn=arn, usd_per_hour=price, origin=origin)
        return Entry(thing=thing, kind=None, in_stack=in_stack)

    def _looked_at(self, told: tuple[Kind, Found]) -> tuple[Kind, Found] | None:
        """Look at what somebody told of. What AWS does not let be looked at may be there."""
        kind, one = told
        try:
            seen = kind.looks(self._aws, one.id)
        except (ClientError, BotoCoreError) as error:
            self.unseen.append(Unseen(what=f"{kind.service} {kind.type} {one.id}", why=_in_words(error)))
            return kind, one
        return None if seen is None else (kind, replace(seen, arn=seen.arn or one.arn))

    def _entry(self, kind: Kind, found: Found) -> Entry:
        names = {found.id, found.arn, found.name}
        if not kind.run_time:
            # What is part of something goes with it.
            names.update(found.of)
        in_stack = not self._in_stacks.isdisjoint(names - {""})
        if in_stack:
            origin: Origin = "stack"
        else:
            origin = "run time" if kind.run_time else "left over"
        thing = Thing(
            service=kind.service,
            type=kind.type,
            id=found.id,
            arn=found.arn or (found.id if found.id.startswith("arn:") else ""),
            usd_per_hour=_price(kind, found, self._aws.region),
            origin=origin,
            state=found.state,
        )
        return Entry(thing=thing, kind=kind, in_stack=in_stack)

    def _is_shared(self, entry: Entry) -> bool:
        """Tell whether others of the account need what a stack has left; then it is told among what is shared."""
        if entry.in_stack or entry.kind is None or entry.kind.shared is None:
            return False
        needed, id_ = entry.kind.shared, entry.thing.id
        why = self._seen(f"who uses the {entry.kind.type} {id_}", lambda: needed(self._aws, id_))
        if why is None:
            why = "AWS does not let it be seen whether others of the account use it."
        if why:
            self._shared[id_] = replace(entry.thing, origin="account", why=why)
        return bool(why)

    def _bootstrap(self) -> Thing:
        stack = self.stacks.bootstrap
        assert stack is not None, "asked for only where there is one"
        return replace(of_stack(stack), origin="bootstrap")


def _own_id(resource: Resource) -> str:
    """Return a resource's id if it says which one it is, else "": that of a part may be ``v1`` or anything."""
    kind = BY_RESOURCE.get(resource.type)
    if is_part(resource.type):
        return ""
    return kind.same(resource.id) if kind else resource.id


def _price(kind: Kind, found: Found, region: str) -> float | None:
    type_ = kind.priced or kind.resource
    if not type_:
        return 0.0
    properties = {name[:1].upper() + name[1:]: value for name, value in found.details.items()}
    return idle.price_of(type_, properties, region=region).usd_per_hour


def _in_words(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return f"{told.get('Code', '')}: {told.get('Message', '')} ({error.operation_name})"
    return f"{type(error).__name__}: {error}"
