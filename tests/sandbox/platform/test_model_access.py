"""The access check on the deployed platform: every verdict, produced by making the local AWS behave so."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from lambdas.model_access import published
from lambdas.model_access.verdicts import Standing
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform

MICRO, LITE, HAIKU = "amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0"
HEIR = "anthropic.claude-haiku-5-5"
FORM = """\
companyName: Example Ltd
companyWebsite: https://example.com
intendedUsers: internal
industryOption: Education
useCases: A workshop.
"""


@dataclass(frozen=True)
class Checked:
    """How ``quarry check --json`` ended."""

    code: int
    findings: dict[str, dict[str, Any]]
    told: str

    def verdicts(self) -> tuple[str, str, str]:
        """Of Nova Micro, Nova Lite and Claude Haiku."""
        micro, lite, haiku = (self.findings[id_]["verdict"] for id_ in (MICRO, LITE, HAIKU))
        return micro, lite, haiku


Check = Callable[..., Checked]


@pytest.fixture
def check(platform: Platform) -> Check:
    def run(*arguments: str) -> Checked:
        ended = platform.command("check", *arguments)
        assert ended.out, ended.err
        document = json.loads(ended.out)
        assert document["checked_by"] == "role"
        return Checked(ended.code, {one["model_id"]: one for one in document["findings"]}, ended.err)

    return run


def test_all_is_ready_and_the_deployment_said_so(platform: Platform, check: Check) -> None:
    checked = check()

    assert checked.verdicts() == ("ready", "ready", "ready")
    assert checked.code == 0
    outputs = platform.quarry("outputs")["quarry-sandbox-inference"]
    assert outputs["ModelAccess"] == "fast: ready; smart: ready; embed: ready; rerank: ready; think: ready"
    latest = published.read(platform.client("ssm"), "/quarry/sandbox/model-access")
    assert {alias: one.standing for alias, one in latest.aliases.items()} == {
        "fast": Standing.FIRST,
        "smart": Standing.FIRST,
        "embed": Standing.FIRST,
        "rerank": Standing.FIRST,
        "think": Standing.FIRST,
    }


def test_reachable_blocked_and_without_the_form(check: Check, model: ModelScript) -> None:
    model.account([{"model": "anthropic.*", "useCaseForm": "NOT_SUBMITTED"}])
    model.throttle(model=MICRO).fault("operation_not_allowed", model=LITE)

    checked = check()

    assert checked.verdicts() == ("throttled", "account_blocked", "anthropic_form_missing")
    assert checked.code == 2
    assert checked.findings[MICRO]["usable"] is True
    assert "AWS Support" in checked.findings[LITE]["fix"]
    assert checked.findings[HAIKU]["fix"].startswith("quarry check --enable --form use-case-form.yaml")


def test_wrong_id_legacy_and_no_agreement(check: Check, model: ModelScript) -> None:
    model.account(
        [{"model": LITE, "status": "LEGACY"}, {"model": "anthropic.*", "agreementAvailability": "NOT_AVAILABLE"}]
    )
    model.fault("profile_required", model=MICRO)

    checked = check()

    assert checked.verdicts() == ("needs_profile", "legacy", "marketplace_permission_missing")
    assert checked.code == 2
    assert f"us.{MICRO}" in checked.findings[MICRO]["fix"]
    assert "models.aliases.fast" in checked.findings[LITE]["fix"]
    assert '"aws-marketplace:Subscribe"' in checked.findings[HAIKU]["fix"]


def test_with_only_a_fallback_the_exit_code_is_1(check: Check, model: ModelScript) -> None:
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{MICRO}"
    model.account([{"model": "anthropic.*", "endOfLifeTime": "2020-01-31T00:00:00+00:00"}])
    model.step(
        "organization_denied",
        model=MICRO,
        message=f"User: x is not authorized to perform: bedrock:InvokeModel on resource: {arn} with an explicit deny "
        "in a service control policy",
    )

    checked = check()

    assert checked.verdicts() == ("denied_by_organization", "ready", "ends_on")
    assert checked.code == 1
    assert "in us-west-2" in checked.findings[MICRO]["fix"]
    assert "2020-01-31" in checked.findings[HAIKU]["fix"]


def test_no_quota_not_here_and_no_entitlement(check: Check, model: ModelScript) -> None:
    model.account(
        [
            {"model": LITE, "regionAvailability": "NOT_AVAILABLE"},
            {"model": "anthropic.*", "entitlementAvailability": "NOT_AVAILABLE"},
        ]
    )
    model.fault("quota", model=MICRO)

    checked = check()

    assert checked.verdicts() == ("quota_zero", "not_in_region", "agreement_missing")
    assert checked.code == 2
    assert "servicequotas" in checked.findings[MICRO]["fix"]
    assert "us-gov-west-1" in checked.findings[LITE]["fix"]
    assert "quarry check --enable" in checked.findings[HAIKU]["fix"]


def test_ended_and_unforeseen(check: Check, model: ModelScript) -> None:
    model.fault("end_of_life", model=LITE)
    model.step("operation_not_allowed", model=MICRO, message="The moon is in the wrong house.")

    checked = check()

    assert checked.verdicts() == ("unknown", "ends_on", "ready")
    assert checked.code == 2
    assert "moon" in checked.findings[MICRO]["detail"]


@pytest.fixture
def role_policies(platform: Platform) -> Iterator[Callable[[str, str], None]]:
    """Take an action from a role; put back afterwards."""
    iam = platform.client("iam")
    before: list[dict[str, str]] = []

    def take(of_role: str, action: str) -> None:
        role = next(role["RoleName"] for role in iam.list_roles()["Roles"] if of_role in role["RoleName"])
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        before.append({"RoleName": role, "PolicyName": name, "PolicyDocument": document})
        changed = document.replace(action, "bedrock:GetPrompt")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)

    yield take
    for policy in before:
        iam.put_role_policy(**policy)


def test_the_serving_roles_permissions_are_what_is_checked(
    check: Check, role_policies: Callable[[str, str], None]
) -> None:
    role_policies("-InferenceRole", "bedrock:InvokeModel")
    role_policies("-ModelAccessFunctionRole", "bedrock:ListFoundationModels")

    checked = check()

    assert checked.verdicts() == ("denied_by_iam", "denied_by_iam", "denied_by_iam")
    assert checked.code == 2
    assert f'"Resource": "arn:aws:bedrock:us-east-1::foundation-model/{MICRO}"' in checked.findings[MICRO]["fix"]
    # What the check itself may not see does not stop it.
    assert "ListFoundationModels: AccessDenied" in checked.findings[MICRO]["detail"]


@pytest.fixture
def quotas(platform: Platform) -> Iterator[dict[str, float]]:
    """Service Quotas, which the local AWS lacks, for the check's function: name -> value."""
    values: dict[str, float] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            listed = [
                {"QuotaName": name, "QuotaCode": f"L-{number:08d}", "Value": value}
                for number, (name, value) in enumerate(values.items())
            ]
            # Of the one that is asked for by its code, the guardrail's, there is enough.
            body = json.dumps({"Quotas": listed, "Quota": {"Value": 1_000}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = platform.client("lambda")
    name = platform.quarry("outputs")["quarry-sandbox-inference"]["ModelAccessFunction"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    endpoint = {"AWS_ENDPOINT_URL_SERVICE_QUOTAS": f"http://127.0.0.1:{server.server_port}"}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": {**variables, **endpoint}})
    yield values
    client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    server.shutdown()
    server.server_close()


def test_quotas_are_compared_with_the_participants(check: Check, model: ModelScript, quotas: dict[str, float]) -> None:
    quotas["On-demand model inference requests per minute for Amazon Nova Micro"] = 1
    quotas["On-demand model inference requests per minute for Amazon Nova Lite"] = 0
    quotas["Cross-region model inference tokens per minute for Anthropic Claude Haiku 4.5"] = 1_000_000
    model.throttle(model=LITE)

    checked = check()

    assert checked.verdicts() == ("quota_too_small", "quota_zero", "ready")
    assert checked.code == 2
    assert "--quota-code L-00000000 --desired-value 2 " in checked.findings[MICRO]["fix"]


def test_enabling_asks_submits_accepts_and_checks_again(
    platform: Platform, check: Check, model: ModelScript, tmp_path: Path
) -> None:
    form = tmp_path / "use-case-form.yaml"
    form.write_text(FORM, encoding="utf-8")
    model.account([{"model": "anthropic.*", "useCaseForm": "NOT_SUBMITTED", "agreementAvailability": "NOT_AVAILABLE"}])
    try:
        submitted = check("--enable", "--yes", "--form", str(form))
        accepted = check("--enable", "--yes")
    finally:
        for model_id in (HAIKU, HEIR):
            platform.client("bedrock").delete_foundation_model_agreement(modelId=model_id)

    assert submitted.findings[HAIKU]["verdict"] == "marketplace_permission_missing"
    assert "Example Ltd" in submitted.told
    assert (accepted.findings[HAIKU]["verdict"], accepted.code) == ("ready", 0)
    assert f"Agreement for {HAIKU}:\n  terms   " in accepted.told
    assert "  price   " in accepted.told
