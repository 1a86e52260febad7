"""Promotions: which tuned model stands before an alias's configured candidates. Kept in SSM: no deployment is due.

One parameter per alias, ``/quarry/<environment>/aliases/<alias>``, made when an alias is first promoted; what falls
back leaves a mark there, so that every change is a new version of the parameter. SSM knows no conditional
write: who wrote sees by the version that it got whether somebody else had written meanwhile, and decides anew on what
stood there. Two promotions at once so end with one of them standing and the other as what was before it; a fall-back
meant for one model never takes down another.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Protocol

import msgspec
from botocore.exceptions import ClientError
from msgspec import Meta, Struct
from msgspec.structs import replace

from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger

# Writers that meet take turns: more of them at once than this is none of their doing.
MOST_TRIES: Final = 5

TunedArn = Annotated[
    str,
    Meta(
        pattern=r"^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:(provisioned-model|custom-model-deployment)/[a-z0-9]{12}$"
    ),
]
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1)]


class PromotionBusyError(Exception):
    """Others wrote the alias's promotion again and again meanwhile."""


class TunedModel(Struct, frozen=True, kw_only=True):
    """A tuned model as it is called.

    Attributes:
        arn: of its custom model deployment or provisioned throughput: what Converse is given.
        base: the catalogue's id of the model that it was made of.
        run: the run that made it.
    """

    arn: TunedArn
    base: Text
    run: Text


class Promotion(Struct, frozen=True, kw_only=True, tag_field="state", tag="promoted"):
    """A tuned model that stands before an alias's configured candidates.

    Attributes:
        tuned: the model.
        since: when it was promoted.
        until: when it stops by itself, where its hosting has an end; None: until it falls back.
        before: the tuned model that stood there until then, if one did.
    """

    tuned: TunedModel
    since: Moment
    until: Moment | None = None
    before: TunedModel | None = None


class FallenBack(Struct, frozen=True, kw_only=True, tag_field="state", tag="fallen_back"):
    """The alias has its configured candidates only.

    Attributes:
        tuned: the model that stood before them until then.
        since: when it fell back.
        reason: why, in a sentence.
    """

    tuned: TunedModel
    since: Moment
    reason: str


Entry = Promotion | FallenBack


class ParameterClient(Protocol):
    """The calls that are made, with SSM's own shapes."""

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]: ...
    def get_parameters_by_path(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_parameter(self, **kwargs: Any) -> dict[str, Any]: ...
    def delete_parameter(self, **kwargs: Any) -> dict[str, Any]: ...


def path_of(environment: str) -> str:
    """Return below which path an environment's promotions stand, as ``/quarry/dev/aliases``."""
    return f"/quarry/{environment}/aliases"


def parse(value: str) -> Entry:
    """Return what a parameter's value says.

    Raises:
        ValueError: it is not what is written here.
    """
    entry: Entry = msgspec.json.decode(value, type=Entry)
    return entry


def render(entry: Entry) -> str:
    """Return an entry as its parameter holds it."""
    return msgspec.json.encode(entry).decode()


class Promotions:
    """The promotions of one environment.

    Args:
        client: SSM's, or what makes it when it is needed.
        path: as ``path_of`` gives it.
        tags: those of a parameter that is made; every resource made at run time has the environment's.
        clock: tells the time; for tests.
    """

    def __init__(
        self,
        *,
        client: Callable[[], ParameterClient],
        path: str,
        tags: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._path = path
        self._tags = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        self._clock = clock

    def name(self, alias: str) -> str:
        """Return the name of the alias's parameter."""
        return f"{self._path}/{alias}"

    def entries(self) -> dict[str, Entry]:
        """Return alias -> what was written last, for every alias that was ever promoted.

        What is not of our making counts as nothing and is logged: the other aliases are not to suffer for it.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: the parameters cannot be read.
        """
        found: dict[str, Entry] = {}
        more: dict[str, Any] = {}
        while True:
            page = self._client().get_parameters_by_path(Path=self._path, **more)
            for parameter in page["Parameters"]:
                try:
                    found[parameter["Name"].rpartition("/")[2]] = parse(parameter["Value"])
                except ValueError as error:
                    logger.error(
                        "not a promotion", extra={"parameter": parameter["Name"], "problem": str(error).splitlines()[0]}
                    )
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    def standing(self) -> dict[str, Promotion]:
        """Return alias -> its promotion, for every alias that has one, those of which the time is up included.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: as ``entries``.
        """
        return {alias: entry for alias, entry in self.entries().items() if isinstance(entry, Promotion)}

    def of(self, alias: str) -> Promotion | None:
        """Return the promotion of one alias; None where none stands, though its time may be up.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: the parameter cannot be read.
        """
        entry, _ = self._read(self.name(alias))
        return entry if isinstance(entry, Promotion) else None

    def promote(self, alias: str, tuned: TunedModel, *, until: datetime | None = None) -> Promotion:
        """Put a tuned model before the alias's configured candidates; that it stands there already is success.

        Args:
            until: when it stops by itself; of one that stands there already, its end is moved.

        Returns:
            What stands there now.

        Raises:
            ValueError: an ARN that is no deployment's or provisioned throughput's, or a time without a zone.
            PromotionBusyError: others wrote it again and again meanwhile.
            botocore.exceptions.ClientError, BotoCoreError: the parameter cannot be read or written.
        """
        wanted = Promotion(tuned=tuned, since=self._clock(), until=until)
        # What cannot be read again must not be written.
        parse(render(wanted))

        def decide(there: Entry | None) -> Promotion:
            if not isinstance(there, Promotion):
                return wanted
            if there.tuned == tuned:
                return replace(there, until=until)
            return replace(wanted, before=there.tuned)

        promoted = self._change(alias, decide)
        assert isinstance(promoted, Promotion)
        return promoted

    def fall_back(self, alias: str, *, reason: str, arns: Sequence[str] | None = None) -> Promotion | None:
        """Give the alias back to its configured candidates; that it has them already is success.

        Args:
            reason: why, in a sentence for the operator.
            arns: only if one of these stands there; None: whatever does.

        Returns:
            The promotion that ended; None if there was none to end.

        Raises:
            PromotionBusyError, botocore.exceptions.ClientError, BotoCoreError: as ``promote``.
        """
        ended: Promotion | None = None

        def decide(there: Entry | None) -> Entry | None:
            nonlocal ended
            ended = there if isinstance(there, Promotion) and (arns is None or there.tuned.arn in arns) else None
            return FallenBack(tuned=ended.tuned, since=self._clock(), reason=reason) if ended else there

        self._change(alias, decide)
        return ended

    def forget(self, alias: str) -> None:
        """Delete the alias's parameter with all its versions; that there is none is success.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: it cannot be deleted.
        """
        try:
            self._client().delete_parameter(Name=self.name(alias))
        except ClientError as error:
            if code_of(error) != "ParameterNotFound":
                raise

    def _change(self, alias: str, decide: Callable[[Entry | None], Entry | None]) -> Entry | None:
        """Write what ``decide`` makes of what stands there, if that is something else, and return it.

        ``before`` is what stood there when ours came, ``stored`` what the parameter holds: they differ when somebody
        else had written between our reading and our writing.
        """
        before, version = self._read(self.name(alias))
        stored = before
        for _ in range(MOST_TRIES):
            wanted = decide(before)
            if wanted is None or wanted == stored:
                return wanted
            written = self._write(alias, wanted, version)
            if written is None:
                before, version = self._read(self.name(alias))
                stored = before
            elif written == version + 1:
                return wanted
            else:
                before, _earlier = self._read(f"{self.name(alias)}:{written - 1}")
                stored, version = wanted, written
        raise PromotionBusyError(f"The promotion of {alias} was written by others again and again. Try again.")

    def _read(self, name: str) -> tuple[Entry | None, int]:
        """Return an entry and its version; (None, 0) where there is none, None for one that is not of our making."""
        try:
            parameter = self._client().get_parameter(Name=name)["Parameter"]
        except ClientError as error:
            if code_of(error) in ("ParameterNotFound", "ParameterVersionNotFound"):
                return None, 0
            raise
        try:
            return parse(parameter["Value"]), parameter["Version"]
        except ValueError:
            return None, parameter["Version"]

    def _write(self, alias: str, entry: Entry, version: int) -> int | None:
        """Write, and return the version that it became; None if the first one was somebody else's."""
        # SSM takes tags only of a parameter that it makes.
        options: dict[str, Any] = {"Overwrite": True} if version else {"Tags": self._tags}
        try:
            reply = self._client().put_parameter(Name=self.name(alias), Value=render(entry), Type="String", **options)
        except ClientError as error:
            if code_of(error) == "ParameterAlreadyExists":
                return None
            raise
        return int(reply["Version"])
