"""Which models can be tuned, how, within which limits and at which price: what ``customization.yaml`` says.

In a file of its own, ``customization.json``, which only tuning loads: requests are answered without it.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from lambdas.catalogue.facts import Dollars, Group, Region, Text, Tokens

PATH: Final = Path(__file__).with_name("customization.json")

# CreateModelCustomizationJob's customizationType, in lower case.
Method = Literal["fine_tuning", "distillation", "reinforcement_fine_tuning", "continued_pre_training"]
DataFormat = Literal["conversation", "prompt_completion", "distillation", "reinforcement", "pretraining"]
HostingKind = Literal["on_demand", "provisioned"]
# CreateProvisionedModelThroughput's commitmentDuration, or none.
Commitment = Literal["none", "OneMonth", "SixMonths"]
# What happens to a validation set: it is used, it is taken and has no effect, the job fails.
ValidationSet = Literal["used", "ignored", "refused"]
Count = Annotated[int, Meta(ge=1)]

_FOUNDATION_MODEL: Final = ":foundation-model/"


class NotTunableError(ValueError):
    """The model is not one that Bedrock tunes, or not by that method."""


class Hyperparameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hyperparameter: bounds, both included, or words; ``default`` is what Bedrock takes if none is given."""

    kind: Literal["integer", "float", "word"]
    minimum: float | None = None
    maximum: float | None = None
    words: tuple[Text, ...] = ()
    default: float | str | None = None
    note: Text | None = None


class Media(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand beside text in a record. Sizes cannot be seen in a data set: they are told, not checked."""

    image_formats: tuple[Text, ...] = ()
    images: Count | None = None
    image_bytes: Count | None = None
    video_formats: tuple[Text, ...] = ()
    videos: Count | None = None
    video_bytes: Count | None = None
    video_seconds: Count | None = None


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much data there may be. None: not documented.

    Attributes:
        records: fewest and most, training and validation together.
        advised_records: below it AWS advises against tuning, or its own checker refuses; a warning.
        record_tokens: the most of one record.
        turns: the most user messages of one record.
        line_bytes: the most of one line of the file.
        file_bytes: the most of the file.
        quota_code: Service Quotas' code of the most records, where the quota can be raised.
    """

    records: tuple[Count, Count]
    advised_records: Count | None = None
    advised_why: Text | None = None
    record_tokens: Tokens | None = None
    turns: Count | None = None
    line_bytes: Count | None = None
    file_bytes: Count | None = None
    quota_code: Text | None = None


class MethodFacts(Group, frozen=True, kw_only=True):
    """One way in which a model can be tuned.

    Attributes:
        hyperparameters: by AWS's name; strings to AWS, but for reinforcement, whose are numbers.
        reserved: what no user or system text may contain, in whatever case.
        extras: content blocks beside text, images and videos which the family takes, with a warning why to avoid them.
        training: US dollars per million tokens of the data set and epoch; None: ``unpriced`` says why.
        teachers: whose answers the model may learn, for distillation.
    """

    format: DataFormat
    validation: ValidationSet
    hyperparameters: dict[str, Hyperparameter]
    limits: Limits
    media: Media = Media()
    reserved: tuple[Text, ...] = ()
    extras: dict[str, Text] = field(default_factory=dict)
    training: Dollars | None = None
    unpriced: Text | None = None
    teachers: tuple[Text, ...] = ()


class Provisioned(Group, frozen=True, kw_only=True):
    """Provisioned throughput.

    Attributes:
        ids: what CreateProvisionedModelThroughput takes of the untuned model; of a tuned one it takes the ARN.
        per_hour: US dollars per model unit and hour, by commitment; what is not there is not known.
    """

    ids: tuple[Text, ...]
    per_hour: dict[Commitment, Dollars] = field(default_factory=dict)
    unpriced: Text | None = None


class OnDemand(Group, frozen=True, kw_only=True):
    """A custom model deployment: nothing while idle, tokens at the base model's price."""

    requests_per_minute: Count
    tokens_per_minute: Count


class Hosting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the tuned model can be called; None: not so."""

    on_demand: OnDemand | None = None
    provisioned: Provisioned | None = None

    @property
    def kinds(self) -> tuple[HostingKind, ...]:
        """The kinds that there are, the one without costs while idle first."""
        kinds: tuple[tuple[HostingKind, object], ...] = (
            ("on_demand", self.on_demand),
            ("provisioned", self.provisioned),
        )
        return tuple(kind for kind, facts in kinds if facts)


class TunableModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that Bedrock tunes.

    Attributes:
        customization_id: what CreateModelCustomizationJob takes, and Converse refuses.
        model_id: what Converse takes of the untuned model.
        regions: where jobs run, and where the tuned model then is.
    """

    customization_id: Text = field(name="id")
    model_id: Text = field(name="model")
    name: Text
    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]
    methods: Annotated[dict[Method, MethodFacts], Meta(min_length=1)]
    hosting: Hosting

    def method(self, name: str) -> MethodFacts:
        """Return the facts of one method.

        Raises:
            NotTunableError: the model is not tuned so; names how it is.
        """
        for known, facts in self.methods.items():
            if known == name:
                return facts
        raise NotTunableError(f"{self.name} takes no {name}; it takes {', '.join(self.methods)}")


class Storage(Group, frozen=True, kw_only=True):
    """What keeping one custom model costs a month, in US dollars, whether it is called or not."""

    per_month: Dollars


class Customization(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything; ``sources`` as in the catalogue."""

    sources: dict[str, Text]
    storage: Storage
    models: tuple[TunableModel, ...]


@cache
def load() -> Customization:
    """Return the facts, read and type-checked once per process.

    Raises:
        msgspec.ValidationError: the file is not what this code expects; compile it anew.
    """
    return msgspec.json.decode(PATH.read_bytes(), type=Customization)


@cache
def tunable() -> dict[str, TunableModel]:
    """Return customization id -> model, in the order of ``customization.yaml``."""
    return {model.customization_id: model for model in load().models}


def find(base: str) -> TunableModel:
    """Return the model of a customization id, of the id that Converse takes, or of a foundation model's ARN of either.

    Raises:
        NotTunableError: there is none; names those that there are.
    """
    id_ = base.partition(_FOUNDATION_MODEL)[2] or base
    for model in tunable().values():
        if id_ in (model.customization_id, model.model_id):
            return model
    raise NotTunableError(f"{base!r} is no model that Bedrock tunes; it tunes {', '.join(tunable())}")
