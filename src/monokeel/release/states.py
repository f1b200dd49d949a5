"""What a step of publishing can be found to be, and what a step is."""

from collections.abc import Callable
from dataclasses import dataclass

from monokeel.ground.errors import NO_ANSWER, RefusedError
from monokeel.release.plan import CheckName
from monokeel.release.reading import Reading


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do in this step."""


@dataclass(frozen=True, slots=True)
class Todo:
    """*missing* names what the step still has to write, one entry a write."""

    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something else is where this step would write: *refusals*, one each."""

    refusals: tuple[RefusedError, ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can tell: *reason* says who did not answer what."""

    reason: str


State = Done | Todo | Conflict | Unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: *act* writes what *look* found missing and returns what is so now.

    *check* is the check of a plan that shows its state.
    """

    name: str
    check: CheckName
    look: Callable[[Reading], State]
    act: Callable[[Reading], Reading]

    def state(self, now: Reading) -> State:
        """Return what ``look`` says; a missing answer is Unclear."""
        try:
            return self.look(now)
        except NO_ANSWER as error:
            return Unclear(error.problem)
