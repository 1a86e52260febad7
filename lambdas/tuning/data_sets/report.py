"""What validation says of a data set: problems, which would make the job fail, and warnings."""

from typing import Final

from msgspec import Struct, field

from lambdas.tuning.tokens import Amount

SHOWN: Final = 50


class Finding(Struct, frozen=True):
    """Something about a record or a file.

    Attributes:
        rule: a word for the kind, the same for all findings of it.
        message: what is so, in a sentence without its line.
        fix: what to do.
        warning: whether AWS takes it nevertheless.
    """

    rule: str
    message: str
    fix: str
    warning: bool = False


class Problem(Struct, frozen=True):
    """A finding with its place. What concerns the whole file stands where the file shows it: most often at its end."""

    line: int
    rule: str
    message: str
    fix: str


class Report(Struct, kw_only=True):
    """What was found. The first 50 problems and warnings are kept, all are counted.

    Attributes:
        records: of the training set.
        format: name of the format that the base model takes.
        amount: of the training set.
        validation: of the validation set; None without one.
    """

    format: str
    records: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    warnings: list[Problem] = field(default_factory=list)
    warning_count: int = 0
    amount: Amount = field(default_factory=Amount)
    validation: Amount | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing was found that would make the job fail."""
        return not self.problem_count

    def add(self, finding: Finding, *, line: int, file: str = "") -> None:
        """Take a finding in; ``file`` names the file where it is not the training set."""
        if finding.warning:
            self.warning_count += 1
            kept = self.warnings
        else:
            self.problem_count += 1
            kept = self.problems
        if len(kept) < SHOWN:
            message = f"{file}: {finding.message}" if file else finding.message
            kept.append(Problem(line=line, rule=finding.rule, message=message, fix=finding.fix))
