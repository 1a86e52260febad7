"""What `cdk diff` is told of promotions: looked up by the CLI, never in a template, never a reason to fail."""

from datetime import UTC, datetime
from typing import Any

from aws_cdk import App, Environment, Stack
from constructs import Construct

from lambdas.chat.promotions import FallenBack, Promotion, TunedModel, render
from stacks.inference import standing_promotions

ACCOUNT = "123456789012"
KEY = f"quarry:promotion:{ACCOUNT}:us-east-1:/quarry/dev/aliases/fast"
TUNED = TunedModel(
    arn=f"arn:aws:bedrock:us-east-1:{ACCOUNT}:custom-model-deployment/abcdefghijkl",
    base="amazon.nova-micro-v1:0",
    run="fast-0123456789ab",
)
STANDING = render(Promotion(tuned=TUNED, since=datetime(2026, 11, 30, 12, tzinfo=UTC)))


def told_and_asked(
    context: dict[str, Any] | None = None, *, account: str | None = ACCOUNT, fresh: bool = True
) -> tuple[list[str], list[Any]]:
    """Return the sentences, and the keys that the CLI is asked for."""
    asked: list[Any] = []
    stack = Stack(App(context=context or {}), "Test", env=Environment(account=account, region="us-east-1"))
    stack.report_missing_context_key = lambda **report: asked.append(report)  # type: ignore[method-assign]
    models = Construct(stack, "Models")
    standing_promotions.tell(
        models,
        environment="dev",
        configured={"fast": ["amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0"]},
        is_fresh=lambda: fresh,
    )
    for report in asked:
        props = report["props"]
        assert (props.account, props.region) == (ACCOUNT, "us-east-1")
        assert props.parameter_name == "/quarry/dev/aliases/fast"
    assert len(stack.node.children) == 1
    return [str(one.data) for one in models.node.metadata], [report["key"] for report in asked]


def test_the_cli_is_asked_where_it_knows_the_account() -> None:
    told, missing = told_and_asked()

    assert (told, missing) == ([], [KEY])


def test_without_an_account_or_switched_off_nobody_is_asked() -> None:
    assert told_and_asked(account=None) == ([], [])
    assert told_and_asked({"promotions": "off"}) == ([], [])


def test_a_standing_promotion_is_told_with_what_is_configured() -> None:
    (told,), missing = told_and_asked({KEY: STANDING})

    assert missing == []
    assert told.startswith(
        "fast: the promoted custom-model-deployment/abcdefghijkl (run fast-0123456789ab, of amazon.nova-micro-v1:0) "
        "answers since 2026-11-30 12:00 UTC, before the configured amazon.nova-micro-v1:0, amazon.nova-lite-v1:0."
    )


def test_what_the_cli_has_kept_from_before_is_looked_up_anew() -> None:
    told, missing = told_and_asked({KEY: STANDING}, fresh=False)

    assert (told, missing) == ([], [KEY])


def test_an_alias_without_a_promotion_is_not_spoken_of() -> None:
    gone = render(FallenBack(tuned=TUNED, since=datetime(2026, 11, 30, 12, tzinfo=UTC), reason="worse"))
    absent = {"$providerError": f"SSM parameter not available in account {ACCOUNT}, region us-east-1: /quarry/..."}

    assert told_and_asked({KEY: gone}) == ([], [])
    assert told_and_asked({KEY: absent}, fresh=False) == ([], [])


def test_what_could_not_be_read_is_told_and_fails_nothing() -> None:
    (told,), missing = told_and_asked({KEY: {"$providerError": "is not authorized to perform: ssm:GetParameter"}})

    assert missing == []
    assert "could not be read: is not authorized" in told


def test_what_is_no_promotion_is_told() -> None:
    (told,), _ = told_and_asked({KEY: "garbage"})

    assert "is none, and is ignored" in told


def test_what_is_kept_is_fresh_for_a_minute(monkeypatch: Any, tmp_path: Any) -> None:
    kept = tmp_path / "cdk.context.json"
    monkeypatch.setattr(standing_promotions, "KEPT", kept)
    assert not standing_promotions._is_fresh()

    kept.write_text("{}")
    assert standing_promotions._is_fresh()

    monkeypatch.setattr(standing_promotions, "FRESH_SECONDS", -1.0)
    assert not standing_promotions._is_fresh()
