"""What people are told at a run's end, and by whom: a subject that SNS takes, and a text with what there is to do."""

from typing import Any, Final, Protocol

from lambdas.common.figures import us_dollars
from lambdas.common.observability import logger
from lambdas.tuning import places
from lambdas.tuning.run import RunStatus

# Source: SNS API reference, Publish: ASCII, no line breaks, up to 100 characters.
SUBJECT_CHARACTERS: Final = 100
_ENDED: Final = {"succeeded": "done", "failed": "failed", "stopped": "stopped"}


class Topic(Protocol):
    """The call of SNS that is made."""

    def publish(self, **kwargs: Any) -> Any: ...


def tell(status: RunStatus, *, sns: Topic, topic_arn: str, environment: str, bucket: str) -> None:
    """Tell a run's end to whoever has subscribed. That nobody can be told is logged and no error."""
    try:
        sns.publish(
            TopicArn=topic_arn,
            Subject=subject(status, environment=environment),
            Message=text(status, environment=environment, bucket=bucket),
        )
    except Exception as error:  # the status says it too, and what is gone is gone
        logger.error("not told", extra={"run": status.run}, exc_info=error)


def subject(status: RunStatus, *, environment: str) -> str:
    """Return the message's subject."""
    how = "promoted" if status.promoted else _ENDED.get(status.state, status.state)
    text = f"Quarry {environment}: tuning {status.run} {how}"
    return text.encode("ascii", "replace").decode()[:SUBJECT_CHARACTERS]


def text(status: RunStatus, *, environment: str, bucket: str) -> str:
    """Return the message: what became of the run, what it costs from now on, and where more of it is."""
    lines = [f"Run {status.run} of the environment {environment}: {status.state}, in the phase {status.phase}."]
    if status.reason:
        lines.append(status.reason)
    if status.promoted:
        lines.append(f"The alias {status.alias} answers from the tuned model now.")
    if status.until:
        per_hour = status.cost.hosting.usd_per_hour if status.cost.hosting else 0
        price = f", {us_dollars(per_hour)} USD an hour" if per_hour else ""
        lines.append(f"Its provisioned throughput{price} ends at {status.until}.")
    if status.model_arn and status.cost.storage_usd_per_month:
        lines.append(f"Keeping the model costs {us_dollars(status.cost.storage_usd_per_month)} USD a month.")
    for name, scores in status.scores.items():
        lines.append(f"{name}: " + ", ".join(f"{metric} {value:.3f}" for metric, value in sorted(scores.items())))
    if status.report:
        lines.append(f"Report: s3://{bucket}/{status.report}")
    lines.append(f"Status: s3://{bucket}/{places.status_key(status.run)}")
    return "\n\n".join(lines) + "\n"
