"""The section `studio` of an environment file: notebooks in SageMaker Studio, for one person or for a room of them.

Bounds are SageMaker's own: the registry schemas of AWS::SageMaker::Domain and Space, and the developer guide (idle
shutdown), unless a line says otherwise.
"""

from typing import Annotated, Final

from pydantic import Field, WithJsonSchema, model_validator

from configuration.section import Section, within
from configuration.studio.instances import InstanceType
from configuration.studio.person import Person

# Four resources each, and CloudFormation takes 500 in a stack.
MAX_PARTICIPANTS: Final = 100
TOO_MANY: Final = (
    f"a participant is four resources, and CloudFormation takes 500 in a stack. Up to {MAX_PARTICIPANTS} fit; make a "
    "second environment for the others, in an account that has room for a second domain"
)
_IDLE: Final = (
    "SageMaker takes no shorter time than an hour, and no longer one than a week. What keeps a space awake ends with "
    "max_age_hours"
)

SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$", examples=["subnet-0123456789abcdef0"])]


class Vpc(Section):
    """A VPC that is there already. Spaces reach the internet through SageMaker, not through it."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$", examples=["vpc-0123456789abcdef0"])]

    subnet_ids: Annotated[list[SubnetId], Field(min_length=1, max_length=16)]


class Allowance(Section):
    """What each participant's key may use, as `quarry keys create` limits it."""

    usd: Annotated[float, Field(ge=0.01, le=10_000)] = 5
    """US dollars in the key's whole life."""

    requests_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 20

    tokens_per_day: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1_000_000
    """Tokens in and out per day (UTC)."""

    @property
    def micro_dollars(self) -> int:
        """``usd`` as keys have it."""
        return round(self.usd * 1_000_000)


class Studio(Section):
    """Notebooks in SageMaker Studio. Left out, there is none of it. A domain, profiles and spaces cost nothing; disks
    cost while there are spaces, apps while they run."""

    participants: Annotated[int, Field(ge=1, le=MAX_PARTICIPANTS), within(1, MAX_PARTICIPANTS, TOO_MANY)] | None = None
    """How many people take part; they are called participant-01 and so on. Or `roster` names them."""

    roster: (
        Annotated[
            list[Person],
            Field(min_length=1, max_length=MAX_PARTICIPANTS),
            WithJsonSchema({"type": "string", "pattern": r"\.csv$"}),
        ]
        | None
    ) = None
    """Path of a list of the people, beside this file, as people.csv: a column name and, if you like, a column email,
    which tells two people of one name apart. UTF-8."""

    instance_type: InstanceType = "ml.t3.medium"
    """Machine of each space, billed while its app runs: ml.t3.medium 0.05 USD per hour, ml.t3.large 0.10, ml.t3.xlarge
    0.20, ml.t3.2xlarge 0.399."""

    volume_gb: Annotated[int, Field(ge=5, le=100)] = 5
    """Disk of each space, 0.112 USD per GB and month whether its app runs or not. It can grow, not shrink."""

    idle_minutes: Annotated[int, Field(ge=60, le=10_080), within(60, 10_080, _IDLE)] = 60
    """After how many minutes without a kernel's or a terminal's output SageMaker stops a space's app. Participants
    cannot choose another time."""

    max_age_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """An app that is older is deleted, whatever it does: the only sure end of one that nobody ever opened, or that
    prints for ever. Files stay; it is started again with a click."""

    git_repository: Annotated[str, Field(pattern=r"^https://[\w.-]+(:\d+)?/[\w./~+-]+$", max_length=1_000)] | None = (
        None
    )
    """Public repository that is cloned into each space, as https://github.com/example/notebooks.git; null: Quarry's own
    notebooks."""

    converse: bool = True
    """Whether notebooks may also call the aliases' models by Bedrock's own API, as three of ours show. Such calls pass
    neither the guardrail nor the endpoint's keys: no allowance bounds them. False: those cells say that they are
    skipped."""

    hours: Annotated[float, Field(ge=0.5, le=168)] = 8
    """How long the event is: `quarry workshop plan` reckons its price, and keys last as long."""

    vpc: Vpc | None = None
    """Null: a VPC of its own, with two subnets and no way out or in. It costs nothing."""

    allowance: Allowance = Allowance()

    @model_validator(mode="after")
    def _somebody_takes_part(self) -> "Studio":
        if (self.participants is None) == (self.roster is None):
            both = "both are there" if self.participants is not None else "none is there"
            raise ValueError(f"write one of participants, a number, and roster, a file of names; {both}")
        return self

    @model_validator(mode="after")
    def _starts_are_not_cut_short(self) -> "Studio":
        if self.max_age_hours * 60 < self.idle_minutes:
            raise ValueError(
                f"max_age_hours: {self.max_age_hours} is not accepted: an app would be deleted before "
                f"{self.idle_minutes} minutes of idleness could stop it. Raise it, or lower idle_minutes"
            )
        return self
