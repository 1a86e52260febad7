"""The table of kinds, and what CloudFormation makes that is no thing of its own."""

from typing import Final

from lambdas.teardown.kind import Kind
from lambdas.teardown.kinds import bedrock, knowledge, messaging, network, serving, settings, storage, studio, watching

KINDS: Final[tuple[Kind, ...]] = (
    *bedrock.KINDS,
    *knowledge.KINDS,
    *studio.KINDS,
    *storage.KINDS,
    *serving.KINDS,
    *messaging.KINDS,
    *watching.KINDS,
    *settings.KINDS,
    *network.KINDS,
)

BY_RESOURCE: Final = {kind.resource: kind for kind in KINDS if kind.resource}

# Resource types of CloudFormation's that live and go with something else of the table, or are no more than a setting.
PARTS: Final = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::Stage",
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::WaitCondition",
        "AWS::CloudFormation::WaitConditionHandle",
        "AWS::IAM::Policy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::OpenSearchServerless::Index",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
)


def is_part(resource: str) -> bool:
    """Tell whether a resource type is no thing of its own; custom resources are what their function did."""
    return resource in PARTS or resource.startswith("Custom::")
