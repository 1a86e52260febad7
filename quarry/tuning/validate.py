"""``quarry tune validate``: whether Bedrock would take a data set."""

import msgspec
import typer

from lambdas.common.figures import counted
from lambdas.tuning.data_sets.report import SHOWN, Problem, Report
from quarry.options import AsJson
from quarry.output import print_json, print_note, print_text
from quarry.tuning.options import DEFAULT_METHOD, Base, DataFile, MethodName, Validation, base_model, validated


def validate(
    file: DataFile,
    base: Base,
    method: MethodName = DEFAULT_METHOD,
    validation: Validation = None,
    as_json: AsJson = False,
) -> None:
    """Check a data set against the rules of the model that is to be tuned. Asks nobody, and needs no credentials.

    Problems would make the job fail, an hour or so after its start; each has its line, the rule and what to do.
    What AWS takes nevertheless is a warning. The first 50 of each are shown, all are counted.

    Exit code 0: the data set can be used, with warnings or without. 1: there are problems.

    Example: quarry tune validate train.jsonl --base amazon.nova-micro-v1:0 --validation validation.jsonl
    """
    model, _ = base_model(base, method)
    report = validated(file, base=model, method=method, validation=validation)
    if as_json:
        print_json(described(report))
    else:
        _print(report, name=file.name, base=model.name)
    if not report.valid:
        raise typer.Exit(1)


def described(report: Report) -> dict[str, object]:
    """Return a report as programs get it: {"records", "format", "problems", "problem_count", "warnings"}."""
    shown = {
        "records": report.records,
        "format": report.format,
        "problems": msgspec.to_builtins(report.problems),
        "problem_count": report.problem_count,
        "warnings": msgspec.to_builtins(report.warnings),
        "warning_count": report.warning_count,
    }
    if report.validation:
        shown["validation_records"] = report.validation.records
    return shown


def _print(report: Report, *, name: str, base: str) -> None:
    for found, style in ((report.problems, "red"), (report.warnings, "yellow")):
        for problem in found:
            _print_one(problem, style=style)
    for found, count in ((report.problems, report.problem_count), (report.warnings, report.warning_count)):
        if count > SHOWN:
            kind = "problems" if found is report.problems else "warnings"
            print_note(f"Shown are the first {SHOWN} of {count:,} {kind}.", style="dim")
    records = counted(report.records, "record")
    if report.validation:
        records += f", and {report.validation.records:,} in the validation set"
    warned = f", {counted(report.warning_count, 'warning')}" if report.warning_count else ""
    if report.valid:
        print_text(
            f"{name} can be used to tune {base}: {records} in the format {report.format}{warned}.", style="green"
        )
        return
    problems = counted(report.problem_count, "problem")
    print_text(f"{name} cannot be used to tune {base}: {problems}{warned} in {records}.", style="bold red")


def _print_one(problem: Problem, *, style: str) -> None:
    print_text(f"line {problem.line}: {problem.message} [{problem.rule}]", style=style)
    print_text(f"  {problem.fix}")
