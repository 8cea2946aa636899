"""The error tree.

EvalkitError
├── UserError             the user can mend it: printed without a traceback, exit code 2
│   ├── SuiteError        one or more faults of a suite file
│   ├── DataError         a data file is missing, damaged or empty
│   ├── ModelError        a model cannot be had, or cannot do what is asked of it
│   └── PluginError       a plugin is unknown, broken or claims a taken name
└── JobError              a job could not be done: its cells end as failed, the run goes on
    ├── EngineError       an engine gave no answer
    └── AdaptationError   an adaptation method could not finish

StopRequested, a KeyboardInterrupt and no error, ends a job that is gone on with another time.
Everything else that is raised is a bug and shows its traceback. This module imports nothing.
"""


class EvalkitError(Exception):
    """Root of all errors that evalkit raises on purpose.

    Attributes:
        message: where it happened and what is wrong.
        hint: what is allowed and what to do, or an empty string.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message and the hint apart, so that a terminal can lay them out."""
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message, with the hint on indented lines below it."""
        if not self.hint:
            return self.message
        return "\n".join([self.message, *(f"  {line}" for line in self.hint.splitlines())])


class UserError(EvalkitError):
    """A fault that the user can mend; shown as ``error: ...``, exit code 2."""


class SuiteError(UserError):
    """Faults of a suite, all of them at once.

    Attributes:
        problems: one UserError for each fault, in the order of the file.
    """

    def __init__(self, problems: list[UserError]) -> None:
        """Gather the problems; there is at least one."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class DataError(UserError):
    """A data file is missing, damaged, empty, or lacks a field."""


class ModelError(UserError):
    """A model cannot be had, or lacks an ability that the suite needs."""


class PluginError(UserError):
    """A plugin is unknown, broken, or claims a name that is taken."""


class JobError(EvalkitError):
    """A job could not be done; recorded as the Failure of its cells."""


class EngineError(JobError):
    """An engine gave no answer to a request."""


class AdaptationError(JobError):
    """An adaptation method could not finish."""


class StopRequested(KeyboardInterrupt):
    """The user asked to stop, or a budget is spent: a job ends early, with what it did saved.

    Attributes:
        reason: why, if it was not an interrupt.
    """

    def __init__(self, reason: str = "") -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason
