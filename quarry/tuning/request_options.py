"""The options of ``quarry tune start``: what a request for a run may say, one by one, and what they make of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lambdas.tuning import run as runs

# Option -> the hyperparameter that it sets.
_HYPERPARAMETERS: Final = {
    "epochs": "epochCount",
    "learning_rate": "learningRate",
    "warmup_steps": "learningRateWarmupSteps",
    "batch_size": "batchSize",
}

Source = Annotated[
    Path,
    typer.Argument(
        metavar="FILE|run.yaml", exists=True, dir_okay=False, help="The training set, or a request with all of it."
    ),
]
Alias = Annotated[str | None, typer.Option("--alias", "-a", help="The alias that is to answer from it.")]
Base = Annotated[str | None, typer.Option("--base", "-b", help="The model that is to be tuned.")]
Test = Annotated[Path | None, typer.Option("--test", help="Examples that base and tuned model are compared on.")]
Validation = Annotated[Path | None, typer.Option("--validation", help="The validation set, if there is one.")]
Method = Annotated[str | None, typer.Option("--method", help="How it is tuned. Default: fine_tuning.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="How often the data is read.")]
LearningRate = Annotated[float | None, typer.Option(help="Default: the model's.")]
WarmupSteps = Annotated[int | None, typer.Option(min=0, help="Default: the model's.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Where the model takes one.")]
Hosting = Annotated[
    runs.Hosting | None, typer.Option(help="on_demand costs nothing idle; provisioned is billed by the hour.")
]
MaxHours = Annotated[float | None, typer.Option(help="Of provisioned throughput; then it is deleted.")]
ModelUnits = Annotated[int | None, typer.Option(min=1, help="Of provisioned throughput.")]
Commitment = Annotated[
    runs.Commitment | None, typer.Option(help="Of provisioned throughput: cannot be ended early. Default: none.")
]
Metric = Annotated[runs.Metric | None, typer.Option(help="What the two models are compared by.")]
Margin = Annotated[float | None, typer.Option(help="By how much the tuned one has to be better, 0 to 1.")]
JudgeAlias = Annotated[str | None, typer.Option(help="An alias whose model judges the answers too.")]
MaxTrainingUsd = Annotated[
    float | None, typer.Option(help="Refuse above it. Default, and at most: tuning.max_training_usd.")
]
Again = Annotated[int, typer.Option("--again", min=0, help="1, 2, ...: the same once more, as a new run.")]


def changes(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options say of a request, by the names that ``run.yaml`` has; what was not given is not in it.

    Args:
        said: the options' values by the request's names, hyperparameters by their options'; None was not given.
    """
    given = {name: value for name, value in said.items() if value is not None}
    numbers = {_HYPERPARAMETERS[name]: given.pop(name) for name in _HYPERPARAMETERS if name in given}
    for name in ("test", "validation"):
        if name in given:
            given[name] = str(given[name].absolute())
    if "method" in given:
        given["method"] = given["method"].lower().replace("-", "_")
    return given | ({"hyperparameters": numbers} if numbers else {})
