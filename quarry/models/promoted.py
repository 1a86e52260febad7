"""The tuned model that stands before an alias's own, for ``quarry models show``."""

from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from configuration.config import Config
from lambdas.chat.candidates import Candidate
from lambdas.chat.promotions import Promotion, Promotions, path_of
from lambdas.chat.settings import Promoted
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment
from quarry.output import print_note


def promotion(alias: str, config: Config) -> Promotion | None:
    """Return the promotion that stands over an alias; None if there is none, or it cannot be read, which is said."""
    if config.tuning is None:
        return None
    try:
        deployment = Deployment(config)
        return Promotions(client=lambda: deployment.client("ssm"), path=path_of(config.name)).of(alias)
    except (CommandError, ClientError, BotoCoreError) as error:
        # The catalogue's part is worth showing without an account.
        print_note(f"Whether a tuned model stands before {alias}'s own could not be read: {error}", style="yellow")
        return None


def described(standing: Promotion) -> dict[str, Any]:
    """Return what is told of a promoted model besides its base: how it is called, by which run, and what it costs."""
    tuned = standing.tuned
    candidate = Candidate.of(Promoted(tuned.arn, tuned.base, tuned.run))
    return {
        "callable_id": tuned.arn,
        "not_callable_because": None,
        "price": candidate.price,
        "promoted": msgspec.to_builtins({"run": tuned.run, "since": standing.since, "until": standing.until}),
    }
