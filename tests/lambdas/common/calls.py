"""The calls that go the short way, with arguments of every kind, and botocore's data of them, read once."""

from typing import Any

from botocore.loaders import create_loader

LOADER = create_loader()

ARN = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/ab-1_2.c~d"
TOOL = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {"n": {"minimum": 0.5}}}}}}
CONVERSE: dict[str, Any] = {
    "modelId": "us.amazon.nova-lite-v1:0",
    "system": [{"text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [{"text": "石切場?"}, {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}],
        }
    ],
    "inferenceConfig": {"maxTokens": 9, "temperature": 0.1, "stopSequences": ["\n"]},
    "toolConfig": {"tools": [TOOL]},
    "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "disabled"},
    "additionalModelRequestFields": {"top_k": 5},
}
UPDATE: dict[str, Any] = {
    "TableName": "allowances",
    "Key": {"pk": {"S": "ACCOUNTS#0"}, "sk": {"S": "ключ"}},
    "UpdateExpression": "ADD #n0 :v0",
    "ExpressionAttributeNames": {"#n0": "spent"},
    "ExpressionAttributeValues": {":v0": {"N": "7"}, ":v1": {"M": {"e": {"N": "1"}}}},
    "ConditionExpression": "attribute_exists(#n0)",
    "ReturnValues": "ALL_NEW",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
READ: dict[str, Any] = {"TableName": "environment", "Key": {"pk": {"S": "SPENT#2026-11"}}, "ConsistentRead": True}
CALLS = [
    ("bedrock-runtime", "converse", CONVERSE),
    ("bedrock-runtime", "converse", {**CONVERSE, "modelId": ARN}),
    ("bedrock-runtime", "converse_stream", {**CONVERSE, "modelId": ARN}),
    ("dynamodb", "update_item", UPDATE),
    ("dynamodb", "get_item", READ),
]
