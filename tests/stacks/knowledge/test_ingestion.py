"""From a document to an ingestion job that is watched: what waits how long, who may do what, who is told."""

from typing import Any

from aws_cdk.assertions import Match, Template

from configuration.config import Config
from lambdas.ingestion.settings import RecorderSettings, StarterSettings
from stacks.knowledge.stack import KnowledgeStack
from tests.kept import kept
from tests.policy import rules
from tests.stacks.knowledge.variants import allowed, flat, properties, the, variant
from tests.templates import new_app
from tests.varying import Vary


def test_changes_wait_gather_and_outlast_the_longest_job() -> None:
    for name, quiet, window, minutes in (("OpenSearch", 30, 30, 60), ("S3-extras", 600, 300, 1440)):
        template = variant(name)
        queue = properties(template, "AWS::SQS::Queue", "IngestionChanges")
        mapping = properties(template, "AWS::Lambda::EventSourceMapping")
        starter = properties(template, "AWS::Lambda::Function", "IngestionStarter")

        assert queue["DelaySeconds"] == quiet
        assert mapping["MaximumBatchingWindowInSeconds"] == window
        assert mapping["BatchSize"] == 10_000
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert queue["VisibilityTimeout"] >= 6 * starter["Timeout"] + window
        assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] > minutes * 60
        assert queue["RedrivePolicy"]["maxReceiveCount"] <= 1000
        assert queue["MessageRetentionPeriod"] > minutes * 60


def test_only_documents_start_an_ingestion_and_their_deletion_does_too() -> None:
    rule = properties(variant("OpenSearch"), "AWS::Events::Rule")["EventPattern"]

    assert rule["detail-type"] == ["Object Created", "Object Deleted"]
    assert rule["detail"]["object"] == {"key": [{"prefix": "documents/"}]}
    assert rule["detail"]["bucket"] == {"name": [{"Ref": the(variant("OpenSearch"), "AWS::S3::Bucket")}]}


def test_the_functions_get_what_their_settings_classes_read() -> None:
    template = variant("OpenSearch")
    for beginning, settings in (("IngestionStarter", StarterSettings), ("WatchRecorder", RecorderSettings)):
        variables = properties(template, "AWS::Lambda::Function", beginning)["Environment"]["Variables"]

        environment = {name: flat(value) for name, value in variables.items()}

        read = settings.from_env(environment).to_env()

        assert read
        assert all(environment[name] == value for name, value in read.items())


def test_each_function_and_the_watcher_may_do_exactly_this() -> None:
    template = variant("OpenSearch")
    every = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}

    assert set(allowed(template, "IngestionStarter")) - every == {
        "bedrock:ListIngestionJobs",
        "bedrock:StartIngestionJob",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "states:StartExecution",
    }
    assert set(allowed(template, "WatchRecorder")) - every == {
        "bedrock:GetIngestionJob",
        "bedrock:ListKnowledgeBaseDocuments",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:PutObject",
        "sns:Publish",
    }
    assert allowed(template, "WatchRecorder")["s3:PutObject"].endswith("/ingestions/*")
    assert {action for action, resource in allowed(template, "WatchWatcher").items() if resource != "*"} == {
        "bedrock:GetIngestionJob",
        "bedrock:StopIngestionJob",
        "lambda:InvokeFunction",
    }
    assert set(allowed(template, "LifecycleFunction")) - every == {
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketMultipartUploads",
        "s3:ListBucketVersions",
        "sqs:SendMessage",
    }
    assert set(allowed(template, "IngestionMayStop")) == {
        "bedrock:GetIngestionJob",
        "bedrock:ListIngestionJobs",
        "bedrock:StopIngestionJob",
    }


def test_failures_are_told_to_the_topic_and_to_whoever_is_named() -> None:
    template = variant("S3-extras")
    topic = {"Ref": the(template, "AWS::SNS::Topic")}
    alarms = [alarm for _, alarm in rules.of_type(template, "AWS::CloudWatch::Alarm")]

    assert {alarm["MetricName"] for alarm in alarms} == {
        "DocumentsFailed",
        "IngestionJobsFailed",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ApproximateNumberOfMessagesVisible",
    }
    assert all(alarm["AlarmActions"] == [topic] and alarm["TreatMissingData"] == "notBreaching" for alarm in alarms)
    Template.from_json(template).has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "owner@example.com", "TopicArn": topic}
    )
    assert not list(rules.of_type(variant("S3"), "AWS::SNS::Subscription"))


def test_the_topic_takes_messages_over_tls_only_and_from_the_accounts_alarms() -> None:
    deny, alarms = properties(variant("OpenSearch"), "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]

    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert {"StringEquals", "ArnLike"} == set(alarms["Condition"])


def test_the_topics_messages_are_kept_under_a_key_of_its_own_that_alarms_and_the_recorder_can_use() -> None:
    template = variant("OpenSearch")
    id_, key = the(template, "AWS::KMS::Key"), properties(template, "AWS::KMS::Key")
    owner, alarms = key["KeyPolicy"]["Statement"]

    assert properties(template, "AWS::SNS::Topic")["KmsMasterKeyId"] == {"Fn::GetAtt": [id_, "Arn"]}
    assert (key["EnableKeyRotation"], key["PendingWindowInDays"]) == (True, 7)
    assert template["Resources"][id_]["DeletionPolicy"] == "Delete"
    assert (owner["Action"], str(owner["Principal"]).count("root")) == ("kms:*", 1)
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert {"StringEquals", "ArnLike"} == set(alarms["Condition"])
    assert id_ in str(allowed(template, "WatchRecorder")["kms:GenerateDataKey"])


def test_the_bucket_is_private_versioned_and_tells_of_changes_without_a_custom_resource() -> None:
    template = variant("OpenSearch")

    Template.from_json(template).has_resource_properties(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "RestrictPublicBuckets": True},
            "LifecycleConfiguration": {
                "Rules": Match.array_with(
                    [Match.object_like({"Prefix": "ingestions/", "ExpirationInDays": 90, "Status": "Enabled"})]
                )
            },
        },
    )
    customs = {r["Type"] for r in template["Resources"].values() if r["Type"].startswith("Custom::")}
    ours = ("EmptyBucket", "Filling", "FirstIngestion", "HandOver", "Wait")
    assert customs == {f"Custom::Quarry{name}" for name in ours}


@kept
def synthesise(config: Config) -> dict[str, Any]:
    app = new_app()
    assert config.knowledge
    KnowledgeStack(app, "Knowledge", config=config, account=None, knowledge=config.knowledge)
    (stack,) = app.synth().stacks
    template: dict[str, Any] = stack.template
    return template


def test_documents_stay_only_where_the_environment_says_so(vary: Vary) -> None:
    kept, gone = synthesise(vary(retain_data=True)), variant("OpenSearch")

    for template, policy in ((kept, "RetainExceptOnCreate"), (gone, "Delete")):
        assert template["Resources"][the(template, "AWS::S3::Bucket")]["DeletionPolicy"] == policy
    assert kept["Resources"][the(kept, "AWS::S3::BucketPolicy")]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert "s3:DeleteObject" not in str(kept)
    assert not any(r["Type"] == "Custom::QuarryEmptyBucket" for r in kept["Resources"].values())
