"""One step of publishing: what it finds, and how it goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from monokeel.commands.release.standing import Standing
from monokeel.errors import RefusedError


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


State = Done | Todo | Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: *act* writes what *look* found missing and reads nothing back."""

    name: str
    look: Callable[[Standing], State]
    act: Callable[[Standing], None]


def state_of(refusals: list[RefusedError], missing: list[str]) -> State:
    """Return the state of a step with these *refusals* and *missing* writes."""
    if refusals:
        return Conflict(tuple(refusals))
    return Todo(tuple(missing)) if missing else Done()
