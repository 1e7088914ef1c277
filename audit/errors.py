"""Everything that can go wrong in a way a person can mend.

The tree::

    AuditError                 base; carries the exit code the command line ends with
    ├── InputError             a file cannot be used; lists every problem found in it    (2)
    │   ├── ProfileError       ... an agent profile
    │   ├── ToolListError      ... a list of tools
    │   ├── DesignError        ... a design: which conditions are run
    │   └── PackError          ... a scenario pack, control file or other shipped data
    ├── UsageError             the command was asked for something that cannot be done   (2)
    ├── StoreError             the results database cannot be opened, read or written    (2)
    ├── ModelCallError         one model call failed for good, after retries             (3)
    ├── IncompleteError        the run ended without enough usable trials                (3)
    └── NotComparableError     versions differ where they must not                       (4)

A failed model call inside a trial is data (the trial's outcome is ``error``); it is raised as an exception only up
to the episode that made the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the process ends with. People script against these numbers."""

    OK = 0
    GATE_FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    NOT_COMPARABLE = 4
    INTERRUPTED = 130


class AuditError(Exception):
    """Base of all errors this project raises on purpose. The message is written for the person at the terminal."""

    exit_code: ExitCode = ExitCode.USAGE


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong at one place in a file.

    ``line`` and ``column`` count from 1; 0 means the place is not known (the file is missing, say).
    """

    file: str
    line: int
    column: int
    wrong: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.wrong}" + (f"; {self.mend}" if self.mend else "")


class InputError(AuditError):
    """A file cannot be used. All its problems are reported together, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[list[Problem]]]:
        return type(self), (self.problems,)


class ProfileError(InputError):
    """An agent profile cannot be used."""


class ToolListError(InputError):
    """A list of tools cannot be used."""


class DesignError(InputError):
    """A design cannot be used."""


class PackError(InputError):
    """A scenario pack, or another data file of the toolkit, cannot be used."""


class UsageError(AuditError):
    """The command was asked for something that cannot be done; the message says what to do instead."""


class StoreError(AuditError):
    """The results database cannot be opened, read or written."""


class CallFailure(StrEnum):
    """Why a model call failed. ``retryable`` says whether the same call may succeed later."""

    RATE_LIMIT = "rate_limit"
    SERVER = "server_error"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    AUTHENTICATION = "authentication"
    BAD_REQUEST = "bad_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    BAD_RESPONSE = "bad_response"
    UNKNOWN = "unknown"

    @property
    def retryable(self) -> bool:
        """True for faults of the moment (limits, server, network), False for faults of the request."""
        return self in {CallFailure.RATE_LIMIT, CallFailure.SERVER, CallFailure.CONNECTION, CallFailure.TIMEOUT}


class ModelCallError(AuditError):
    """One model call failed for good: not retryable, or every allowed attempt failed."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, failure: CallFailure, message: str, attempts: int = 1) -> None:
        self.failure = failure
        self.attempts = attempts
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ModelCallError], tuple[CallFailure, str, int]]:
        return type(self), (self.failure, str(self), self.attempts)


class IncompleteError(AuditError):
    """The run ended without enough usable trials to say what it was asked to say."""

    exit_code = ExitCode.INCOMPLETE


class NotComparableError(AuditError):
    """Scenario pack, judge or statistics versions differ where a comparison needs them equal."""

    exit_code = ExitCode.NOT_COMPARABLE
