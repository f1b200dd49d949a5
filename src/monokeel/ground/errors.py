"""The families of failure and the exit code of each.

Only this module and ``tasks`` know the numbers: 0 done, 1 wrong use, 2 a difference
(a result, not an error), 3 refused, 4 cannot tell.
"""

from typing import ClassVar, Final

DIFFERENCE: Final = 2


class MonokeelError(Exception):
    """Any failure that the reader can act on; caught where any of them is meant.

    *problem* is one line that holds the offending value, *fix* says what to do. Both
    are shown as they are: neither may hold a secret.
    """

    exit_code: ClassVar[int]

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    @property
    def reason(self) -> str:
        """The problem, and the fix where there is one."""
        return f"{self.problem}. {self.fix}" if self.fix else self.problem


class UsageError(MonokeelError):
    """Wrong use: a bad argument, a bad configuration file, a missing variable."""

    exit_code: ClassVar[int] = 1


class RefusedError(MonokeelError):
    """A guard or a gate said no, or somebody else was first."""

    exit_code: ClassVar[int] = 3


class ServiceError(MonokeelError):
    """Git, GitHub or the registry gave no usable answer: nobody can tell.

    *again_s* is after how many seconds the same question may be answered; ``None``
    where waiting does not help. *hidden*: there is an answer, for another token.
    """

    exit_code: ClassVar[int] = 4

    def __init__(
        self,
        problem: str,
        *,
        fix: str = "",
        again_s: float | None = None,
        hidden: bool = False,
    ) -> None:
        super().__init__(problem, fix=fix)
        self.again_s = again_s
        self.hidden = hidden


NO_ANSWER: Final = (RefusedError, ServiceError)
"""What a question to the outside may end with; wrong use is not among it."""
