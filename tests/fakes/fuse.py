"""A crash, or a lost answer, after a chosen number of writes."""

from collections.abc import Callable

from monokeel.ground.errors import ServiceError


class Crash(BaseException):
    """The process died. Nothing in the program may catch it."""


class Fuse:
    """Counts writes, shared by the fakes of one world; *log* names each of them.

    *turn* lets others run, before a read as before a write. Arm it with
    ``crash_after`` or ``lose_answer_of`` (both count from the next write, starting
    at 1).
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.turn: Callable[[], None] = lambda: None
        self._crash_at: int | None = None
        self._lose_at: int | None = None
        self._refuse_at: int | None = None

    def crash_after(self, writes: int) -> None:
        self._crash_at = len(self.log) + writes

    def lose_answer_of(self, write: int) -> None:
        self._lose_at = len(self.log) + write

    def refuse_write(self, write: int) -> None:
        self._refuse_at = len(self.log) + write

    def about_to_write(self) -> None:
        """Called before a write has its effect."""
        if len(self.log) + 1 == self._refuse_at:
            self._refuse_at = None
            raise ServiceError("GitHub answered 502")

    def disarm(self) -> None:
        self._crash_at = self._lose_at = self._refuse_at = None

    def written(self, what: str) -> None:
        self.log.append(what)
        if len(self.log) == self._crash_at:
            raise Crash(what)
        if len(self.log) == self._lose_at:
            raise ServiceError(f"no answer came to: {what}")
