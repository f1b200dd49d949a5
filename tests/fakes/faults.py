"""Trouble at a chosen write: killed after it, its answer lost, somebody in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monokeel.ground.errors import ServiceError


class KilledError(BaseException):
    """The process ends here: no ``except`` of the code under test may catch it."""


class Faults:
    """Counts the writes of all fakes that share it; the first write is number 1."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.kill_after: int | None = None
        self.lose_answer: int | None = None
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[], None] = lambda: None
        self.turn: Callable[[], None] = lambda: None

    def read(self) -> None:
        """Let others run before a read."""
        self.turn()

    @contextmanager
    def write(self, what: str) -> Iterator[None]:
        """Wrap the effect of one write; what follows it may never be reached."""
        self.turn()
        number = len(self.writes) + 1
        self.before(number)
        yield
        self.writes.append(what)
        self.after()
        if len(self.writes) == self.kill_after:
            raise KilledError(what)
        if len(self.writes) == self.lose_answer:
            raise ServiceError(f"no answer to {what}", again_s=0.0)
