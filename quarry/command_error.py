"""The one way in which a command fails: a sentence that says what to do, and an exit code."""


class CommandError(Exception):
    """What the user is told instead of a stack trace.

    Args:
        exit_code: 1 if the command could not do its work, 2 if it was asked for something that cannot be. Commands that
            judge something leave with 1 too where it is not as it should be (docs/operations.md).
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
