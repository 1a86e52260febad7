"""The operations of a service that a script may decide, and that are recorded: Studio's, tuning's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.model.errors import AwsError, Json
from sandbox.scripting import Step


@dataclass(frozen=True, kw_only=True)
class ScriptedOperations:
    """What each operation does.

    Attributes:
        changes: those that take their time, which a step may make longer or fail.
        others: those that answer at once, or are refused.
        decide: the step that decides a request, if one does.
        record: is told of every request, with the code where it was refused.
    """

    changes: Mapping[str, Callable[[Json, Step | None], Json]]
    others: Mapping[str, Callable[[Json], Json]]
    decide: Callable[[str, Json], Step | None]
    record: Callable[..., None]

    def __contains__(self, operation: str) -> bool:
        return operation in self.changes or operation in self.others

    def run(self, operation: str, request: Json, *, check: Callable[[], None] = lambda: None) -> Json:
        """Answer a request of an operation that there is, once ``check`` lets it.

        Raises:
            AwsError: it is refused.
        """
        try:
            check()
            answer = self._answer(operation, request)
        except AwsError as error:
            self.record(operation, request, error=error.code)
            raise
        self.record(operation, request)
        return answer

    def _answer(self, operation: str, request: Json) -> Json:
        step = self.decide(operation, request)
        if step is not None and step.do == "refuse":
            raise AwsError(step.code, step.message)
        if operation in self.changes:
            return self.changes[operation](request, step)
        return self.others[operation](request)
