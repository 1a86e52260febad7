"""A guardrail policy file: what is blocked, what is masked, and what the caller reads then.

The limits are those of AWS::Bedrock::Guardrail's registry schema and of Bedrock's guardrail quotas.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configuration import fingerprint
from configuration.section import Section

Strength = Literal["none", "low", "medium", "high"]
Masking = Literal["block", "anonymize"]
Threshold = Annotated[float, Field(ge=0, le=0.99)]
Message = Annotated[str, Field(min_length=1, max_length=500)]
PiiEntity = Literal[
    "ADDRESS", "AGE", "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "CA_HEALTH_NUMBER", "CA_SOCIAL_INSURANCE_NUMBER",
    "CREDIT_DEBIT_CARD_CVV", "CREDIT_DEBIT_CARD_EXPIRY", "CREDIT_DEBIT_CARD_NUMBER", "DRIVER_ID", "EMAIL",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER", "IP_ADDRESS", "LICENSE_PLATE", "MAC_ADDRESS", "NAME", "PASSWORD", "PHONE",
    "PIN", "SWIFT_CODE", "UK_NATIONAL_HEALTH_SERVICE_NUMBER", "UK_NATIONAL_INSURANCE_NUMBER",
    "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER", "URL", "USERNAME", "US_BANK_ACCOUNT_NUMBER", "US_BANK_ROUTING_NUMBER",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "US_PASSPORT_NUMBER", "US_SOCIAL_SECURITY_NUMBER",
    "VEHICLE_IDENTIFICATION_NUMBER",
]  # fmt: skip


class Messages(Section):
    """What the caller reads instead of an answer."""

    blocked_prompt: Message
    blocked_answer: Message


class FilterStrength(Section):
    """How eagerly one kind of harmful content is caught; `high` catches most and errs most."""

    prompt: Strength
    answer: Strength


class ContentFilters(Section):
    """Bedrock's classifiers of harmful content."""

    hate: FilterStrength
    insults: FilterStrength
    sexual: FilterStrength
    violence: FilterStrength
    misconduct: FilterStrength


class Words(Section):
    """Words that are never to pass, in prompts and answers. Free of charge."""

    blocked: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default=[])
    profanity: bool = True
    """Whether to use AWS's managed list."""


class Pattern(Section):
    """A regular expression for what the built-in kinds do not know."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=1000)]
    regex: Annotated[str, Field(min_length=1, max_length=500)]
    action: Masking


class Grounding(Section):
    """How well an answer has to be supported by the passages it was made of, and fit the question; it is stopped below.

    It costs 0.10 USD per 1,000 text units of passages, question and answer, and is asked only where
    `knowledge.grounding_check` of the environment file says so. The nearer to 1, the more good answers are stopped too.
    """

    grounding: Threshold
    """Whether the passages say what the answer says."""

    relevance: Threshold
    """Whether the answer answers the question."""


class GuardrailPolicy(Section):
    """A whole policy file."""

    description: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Messages
    content: ContentFilters
    prompt_attack: Strength
    """Attempts to make the model ignore its instructions. Prompts only: AWS has no such filter for answers."""
    words: Words = Words()
    pii: dict[PiiEntity, Masking] = Field(default={})
    """Kind of personal data -> what happens to it."""
    patterns: Annotated[list[Pattern], Field(max_length=10)] = Field(default=[])
    grounding: Grounding | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> "GuardrailPolicy":
        names = [pattern.name for pattern in self.patterns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"patterns: the names {', '.join(twice)} are used more than once")
        return self

    def fingerprint(self) -> str:
        """Return 8 hex digits that change when anything of the policy changes; what is left out does not count."""
        return fingerprint.of_text(self.model_dump_json(exclude_none=True))
