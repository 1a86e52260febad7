"""What of a mix of use falls to which resource: units of a price, per request, per day, or held all the time.

A resource is known by what stands in its template: a function by its handler, a table by its key, a guardrail by its
policies. What a request does to the tables and functions is counted in the code that serves it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from configuration.config import Config
from configuration.cost.usage import AliasUse, Usage
from lambdas.catalogue.properties import Properties
from lambdas.common.text_units import text_units
from quarry.cost.template import Resource

KB_PER_GB: Final = 1024**2
DAYS_PER_MONTH: Final = 730 / 24

# The handlers of functions that requests pass through.
CHAT: Final = "lambdas/api/run.sh"
AUTHORIZER: Final = "lambdas.authorizer.handler.lambda_handler"
_AUTHORIZER_SECONDS: Final = 0.2
# A table's keys -> units that a request reads and writes: a reservation and its settling, both of an account of up
# to two kilobytes; the key that is looked up.
_ALLOWANCES: Final = ("pk", "sk")
_KEYS: Final = ("key_hash",)
_SESSIONS: Final = ("session_id", "part")
_MONTH: Final = ("pk",)
# Where the bucket for documents has its reports.
_INGESTIONS: Final = "ingestions/"


@dataclass(frozen=True, kw_only=True)
class Use:
    """Units of one price.

    Attributes:
        price: its name in ``configuration/cost/prices.yaml``.
        per_request: units that an average request takes.
        per_day: units that a day takes whatever is asked; of a price by the hour, hours.
        held: units that are there all the time, once the mix has been going on.
    """

    price: str
    per_request: float = 0
    per_day: float = 0
    held: float = 0


Uses = Iterator[Use]
Rule = Callable[[Properties, Usage, Config], Uses]


def uses_of(resource: Resource, usage: Usage, config: Config) -> list[Use]:
    """Return what a resource is used for.

    Raises:
        UnknownPropertyError: a property that decides it is known only once it is deployed.
    """
    rule = _RULES.get(resource.type_name)
    return [] if rule is None else list(rule(Properties(resource.properties), usage, config))


def _rest_api(_properties: Properties, _usage: Usage, _config: Config) -> Uses:
    yield Use(price="api_gateway.request", per_request=1)


def _distribution(_properties: Properties, _usage: Usage, _config: Config) -> Uses:
    # Where there is an address of one's own, every request is taken to come by it: at most it costs so much.
    yield Use(price="cloudfront.request", per_request=1)


def _function(properties: Properties, usage: Usage, config: Config) -> Uses:
    handler = properties.text("Handler", "")
    gigabytes = properties.number("MemorySize", 128) / 1024
    machine = (properties.listed("Architectures") or ["x86_64"])[0]
    if handler == CHAT:
        functions = usage.functions
        seconds = functions.seconds + usage.streamed * (functions.seconds_streamed - functions.seconds)
        yield Use(price="lambda.request", per_request=1)
        yield Use(price=f"lambda.gb_second.{machine}", per_request=seconds * gigabytes)
        if properties.text("TracingConfig.Mode", "PassThrough") == "Active":
            yield Use(price="xray.trace", per_request=1)
        logged = functions.log_kb / KB_PER_GB
        yield Use(price="logs.ingestion", per_request=logged)
        yield Use(price="logs.storage", held=logged * usage.requests_per_day * config.log_days)
        yield Use(price="cloudwatch.metric", held=functions.metrics)
    elif handler == AUTHORIZER:
        looked_up = usage.functions.keys_looked_up
        yield Use(price="lambda.request", per_request=looked_up)
        yield Use(price=f"lambda.gb_second.{machine}", per_request=looked_up * _AUTHORIZER_SECONDS * gigabytes)


def _table(properties: Properties, usage: Usage, config: Config) -> Uses:
    keys = tuple(one.text("AttributeName", "") for one in properties.members("KeySchema"))
    # A request: key -> share of the requests, units read, units written. A session's turn is read with its head, each
    # up to four kilobytes, and written in a transaction, which takes twice the units, of two items of two kilobytes.
    share, read, written = {
        _ALLOWANCES: (1.0, 0.0, 4.0),
        _KEYS: (usage.functions.keys_looked_up, 1.0, 0.0),
        _SESSIONS: (usage.in_sessions, 3.0, 8.0),
        # What the environment has spent of its budget, looked at and added to.
        _MONTH: (1.0 if config.budget else 0.0, 1.0, 1.0),
    }.get(keys, (0.0, 0.0, 0.0))
    if properties.text("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST":
        yield Use(price="dynamodb.read", per_request=share * read)
        yield Use(price="dynamodb.write", per_request=share * written)


def _guardrail(properties: Properties, usage: Usage, config: Config) -> Uses:
    policies = {
        "guardrail.content": properties.get("ContentPolicyConfig.FiltersConfig"),
        "guardrail.topic": properties.get("TopicPolicyConfig.TopicsConfig"),
        "guardrail.pii": properties.get("SensitiveInformationPolicyConfig.PiiEntitiesConfig"),
    }
    for price, policy in policies.items():
        if policy:
            yield Use(
                price=price, per_request=sum(one.share * _text_units(one, usage) for one in usage.aliases.values())
            )
    grounded = config.knowledge is not None and config.knowledge.grounding_check
    if grounded and properties.get("ContextualGroundingPolicyConfig.FiltersConfig"):
        passages = _units(usage.documents.passage_tokens, usage)
        units = sum(one.share * (_text_units(one, usage) + passages) for one in usage.aliases.values())
        yield Use(price="guardrail.grounding", per_request=usage.documents.questions * units)


def _text_units(one: AliasUse, usage: Usage) -> float:
    """Return the units of a question and its answer, which are judged apart. Passages are not judged."""
    return _units(one.input_tokens, usage) + _units(one.output_tokens, usage)


def _units(tokens: int, usage: Usage) -> int:
    return text_units(tokens * usage.characters_per_token)


def _collection(_properties: Properties, usage: Usage, _config: Config) -> Uses:
    yield Use(price="opensearch_serverless.storage", held=usage.documents.vectors_gb)


def _vector_index(_properties: Properties, usage: Usage, _config: Config) -> Uses:
    yield Use(price="s3_vectors.storage", held=usage.documents.vectors_gb)
    yield Use(price="s3_vectors.query", per_request=usage.documents.questions)
    yield Use(price="s3_vectors.put", per_day=usage.documents.vectors_gb / DAYS_PER_MONTH)


def _bucket(properties: Properties, usage: Usage, _config: Config) -> Uses:
    # The one with the documents: it alone keeps what ingestions reported.
    rules = properties.members("LifecycleConfiguration.Rules")
    if any(rule.get("Prefix") == _INGESTIONS for rule in rules):
        yield Use(price="s3.storage", held=usage.documents.stored_gb)


def _space(properties: Properties, usage: Usage, _config: Config) -> Uses:
    path = "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.InstanceType"
    instance = properties.text(path, "ml.t3.medium")
    yield Use(price=f"studio.app.{instance}", per_day=usage.notebooks.hours_per_day)


_RULES: Final[Mapping[str, Rule]] = {
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::Bedrock::Guardrail": _guardrail,
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::DynamoDB::Table": _table,
    "AWS::Lambda::Function": _function,
    "AWS::OpenSearchServerless::Collection": _collection,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3Vectors::Index": _vector_index,
    "AWS::SageMaker::Space": _space,
}
