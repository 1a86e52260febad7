"""What a resource costs for as long as it is there, whether anybody uses it or not.

The one table for what a template has and for what is found alive in an account. Types are CloudFormation's; what has
none there has the name that it would have (``AWS::Bedrock::ProvisionedModelThroughput``), and properties as its
Describe call has them, with a capital. ``StoredBytes`` is what something found alive holds: templates have none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.catalogue import services, tuned_prices
from lambdas.catalogue.properties import Properties, UnknownPropertyError
from lambdas.catalogue.services import UnpricedError

_GB: Final = 1024**3
# Lambda asks an empty queue with five connections, each of which waits twenty seconds. [Lambda developer guide]
_POLLS_PER_HOUR: Final = 5 * 3600 / 20
# What tuned models are charged under: their prices are facts of tuning (``customization.yaml``).
_CUSTOM_MODEL: Final = "custom model"
_THROUGHPUT: Final = "throughput "


@dataclass(frozen=True, kw_only=True)
class Charge:
    """So many units of one price.

    Attributes:
        name: a key of ``prices.yaml``, or of what tuning has a price for.
        quantity: units that are there; of a price per use, uses per hour.
    """

    name: str
    quantity: float
    usd_per_hour: float


@dataclass(frozen=True, kw_only=True)
class IdlePrice:
    """What a resource costs per hour.

    Attributes:
        usd_per_hour: None if there is no price: ``reason`` says why. It is never a guess.
        reason: why it costs nothing, or what is paid when it is used, or why there is no price; "" where ``charges``
            say it.
    """

    usd_per_hour: float | None
    charges: tuple[Charge, ...] = ()
    reason: str = ""


Quantities = Iterator[tuple[str, float]]


def price_of(type_name: str, properties: Mapping[str, Any], *, region: str) -> IdlePrice:
    """Return what a resource costs per hour in a region while nobody uses it. Raises nothing: None is "not priced"."""
    known = services.load()
    bill = BILLED.get(type_name)
    if bill is None:
        if type_name.startswith("Custom::"):
            return IdlePrice(usd_per_hour=0.0, reason=known.free["AWS::CloudFormation::CustomResource"])
        if type_name in known.free:
            return IdlePrice(usd_per_hour=0.0, reason=known.free[type_name])
        if type_name in known.by_use:
            stored = _stored(type_name, Properties(properties), region)
            return stored or IdlePrice(usd_per_hour=0.0, reason=f"by use: {known.by_use[type_name]}")
        return IdlePrice(usd_per_hour=None, reason=f"no price for the type {type_name}")
    return _charged(bill, Properties(properties), region)


def _charged(bill: Callable[[Properties], Quantities], properties: Properties, region: str) -> IdlePrice:
    try:
        charges = tuple(
            Charge(name=name, quantity=quantity, usd_per_hour=quantity * _rate(name, region))
            for name, quantity in bill(properties)
            if quantity
        )
    except (UnpricedError, UnknownPropertyError) as error:
        return IdlePrice(usd_per_hour=None, reason=str(error))
    reason = "" if charges else "nothing of it is paid while nobody uses it"
    return IdlePrice(usd_per_hour=sum(charge.usd_per_hour for charge in charges), charges=charges, reason=reason)


def _rate(name: str, region: str) -> float:
    """Return what one unit costs that is there for an hour, or is used once in it."""
    if name == _CUSTOM_MODEL:
        return tuned_prices.storage_usd_per_hour(region=region)
    if name.startswith(_THROUGHPUT):
        base, _, commitment = name.removeprefix(_THROUGHPUT).rpartition(" ")
        return tuned_prices.throughput_usd_per_hour(base, commitment, region=region)
    per_use = services.price(name).period is None
    return (services.usd_per_use if per_use else services.usd_per_hour)(name, region=region)


def _stored(type_name: str, properties: Properties, region: str) -> IdlePrice | None:
    """Price what a thing that is found alive holds; None for a template, which says nothing of it."""
    name = _STORAGE.get(type_name)
    if name is None or not properties.has("StoredBytes"):
        return None
    return _charged(lambda given: iter([(name, given.number("StoredBytes", 0) / _GB)]), properties, region)


_STORAGE: Final = {
    "AWS::Logs::LogGroup": "logs.storage",
    "AWS::S3::Bucket": "s3.storage",
    "AWS::S3Vectors::Index": "s3_vectors.storage",
}


def _one(name: str) -> Callable[[Properties], Quantities]:
    return lambda _properties: iter([(name, 1.0)])


def _collection(properties: Properties) -> Quantities:
    # In a group it takes the group's OCUs. Alone it has at least half an OCU to index and half a one to search with,
    # and with replicas, which AWS makes unless told not to, both twice. [OpenSearch Service developer guide]
    if properties.get("CollectionGroupName") is None:
        yield "opensearch_serverless.ocu", 1.0 if properties.text("StandbyReplicas", "ENABLED") == "DISABLED" else 2.0
    yield "opensearch_serverless.storage", properties.number("StoredBytes", 0) / _GB


def _collection_group(properties: Properties) -> Quantities:
    least = ("CapacityLimits.MinIndexingCapacityInOcu", "CapacityLimits.MinSearchCapacityInOcu")
    yield "opensearch_serverless.ocu", sum(properties.number(path, 0) for path in least)


def _table(properties: Properties) -> Quantities:
    # What CloudFormation takes where nothing is said.
    if properties.text("BillingMode", "PROVISIONED") == "PROVISIONED":
        for one in (properties, *properties.members("GlobalSecondaryIndexes")):
            yield "dynamodb.read_capacity", one.number("ProvisionedThroughput.ReadCapacityUnits", 0)
            yield "dynamodb.write_capacity", one.number("ProvisionedThroughput.WriteCapacityUnits", 0)
    stored = (properties.number("StoredBytes", 0) or properties.number("TableSizeBytes", 0)) / _GB
    yield "dynamodb.storage", stored
    if properties.flag("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"):
        yield "dynamodb.point_in_time_recovery", stored


def _alarm(properties: Properties) -> Quantities:
    metrics = list(properties.members("Metrics"))
    # An expression over metrics is paid by the metrics that it reads.
    read = [one for one in metrics if one.get("MetricStat") is not None]
    periods = [one.number("MetricStat.Period", 60) for one in read] or [properties.number("Period", 60)]
    for period in periods:
        yield "cloudwatch.alarm" if period >= 60 else "cloudwatch.high_resolution_alarm", 1.0


def _space(properties: Properties) -> Quantities:
    yield (
        "studio.volume",
        properties.number("SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb", 5),
    )


def _app(properties: Properties) -> Quantities:
    instance = properties.text("ResourceSpec.InstanceType", "system")
    if instance != "system":
        yield f"studio.app.{instance}", 1.0


def _endpoint(properties: Properties) -> Quantities:
    if properties.text("VpcEndpointType", "Gateway") == "Interface":
        yield "vpc_endpoint.zone", float(len(properties.listed("SubnetIds")) or 1)


def _opensearch_endpoint(properties: Properties) -> Quantities:
    yield "vpc_endpoint.zone", float(len(properties.listed("SubnetIds")) or 1)


def _stage(properties: Properties) -> Quantities:
    if properties.flag("CacheClusterEnabled"):
        yield f"api_gateway.cache.{properties.text('CacheClusterSize', '0.5')}", 1.0


def _provisioned_concurrency(properties: Properties) -> Quantities:
    """Memory and architecture are the function's, and stand beside the alias's own properties."""
    kept = properties.number("ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions", 0)
    if kept:
        machine = str((properties.listed("Architectures") or ["x86_64"])[0])
        yield f"lambda.provisioned_concurrency.{machine}", kept * properties.number("MemorySize", 128) / 1024


def _function(properties: Properties) -> Quantities:
    """``RunsPerHour`` is how often a schedule starts it, each time for a second."""
    runs = properties.number("RunsPerHour", 0)
    if runs:
        machine = str((properties.listed("Architectures") or ["x86_64"])[0])
        yield "lambda.request", runs
        yield f"lambda.gb_second.{machine}", runs * properties.number("MemorySize", 128) / 1024


def _event_source(properties: Properties) -> Quantities:
    # Of what Lambda reads from, only queues need no place to begin at. [Lambda developer guide]
    if properties.get("StartingPosition") is None:
        yield "sqs.request", _POLLS_PER_HOUR


def _throughput(properties: Properties) -> Quantities:
    base = properties.text("FoundationModelArn", "") or properties.text("ModelArn", "")
    commitment = properties.text("CommitmentDuration", "none")
    yield f"{_THROUGHPUT}{base} {commitment}", properties.number("ModelUnits", 1)


def _key(properties: Properties) -> Quantities:
    # One that waits for its deletion costs nothing. [AWS KMS pricing]
    if properties.text("KeyState", "") != "PendingDeletion":
        yield "kms.key", 1.0


def _secret(properties: Properties) -> Quantities:
    # Nor does one that is marked for it. [AWS Secrets Manager pricing]
    if properties.get("DeletedDate") is None:
        yield "secrets_manager.secret", 1.0


def _web_acl(properties: Properties) -> Quantities:
    yield "waf.web_acl", 1.0
    yield "waf.rule", float(len(properties.listed("Rules")))


def _file_system(properties: Properties) -> Quantities:
    yield "efs.storage", (properties.number("StoredBytes", 0) or properties.number("SizeInBytes.Value", 0)) / _GB


BILLED: Final[dict[str, Callable[[Properties], Quantities]]] = {
    "AWS::ApiGateway::Stage": _stage,
    "AWS::Bedrock::CustomModel": _one(_CUSTOM_MODEL),
    "AWS::Bedrock::ProvisionedModelThroughput": _throughput,
    "AWS::Budgets::BudgetsAction": _one("budgets.action"),
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _one("cloudwatch.composite_alarm"),
    "AWS::CloudWatch::Dashboard": _one("cloudwatch.dashboard"),
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _one("public_ipv4"),
    "AWS::EC2::NatGateway": _one("nat_gateway"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EFS::FileSystem": _file_system,
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _key,
    "AWS::Lambda::Alias": _provisioned_concurrency,
    "AWS::Lambda::EventSourceMapping": _event_source,
    "AWS::Lambda::Function": _function,
    "AWS::OpenSearchServerless::Collection": _collection,
    "AWS::OpenSearchServerless::CollectionGroup": _collection_group,
    "AWS::OpenSearchServerless::VpcEndpoint": _opensearch_endpoint,
    "AWS::Route53::HostedZone": _one("route53.hosted_zone"),
    "AWS::SageMaker::App": _app,
    "AWS::SageMaker::Space": _space,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::WAFv2::WebACL": _web_acl,
}
