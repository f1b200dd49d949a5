"""The families of failure and the exit code of each.

Only this module and ``tasks`` know the numbers: 0 done, 1 wrong use, 2 a difference
(a result, not an error), 3 refused, 4 cannot tell.
"""

from typing import ClassVar

DIFFERENCE = 2


class CommandError(Exception):
    """Wrong use: a bad argument, a bad configuration file, a missing variable.

    *problem* is one line that holds the offending value; *fix* says what to do. Both
    are shown to the reader as they are, so neither may hold a secret.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


class RefusedError(CommandError):
    """A guard or a gate said no, or somebody else was first."""

    exit_code: ClassVar[int] = 3


class ServiceError(CommandError):
    """Git, GitHub or the registry gave no usable answer: nobody can tell."""

    exit_code: ClassVar[int] = 4
