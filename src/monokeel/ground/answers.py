"""Answers from the outside, as values: found, absent, or not known; and JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from monokeel.ground.errors import NO_ANSWER, ServiceError

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something is there: *digest* (``sha256:…``) and the revision it is labelled with.

    *revision* is what the image says it was built from, of ours 40 lower-case hex
    digits; ``None`` when it does not say. *missing* are the digests of manifests that
    an index names and the registry does not have: it cannot be pulled everywhere.
    """

    digest: str
    revision: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """Certainly nothing there: an authorised question was answered with "no"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell; *reason* says who answered what. Never to be read as absent.

    *hidden*: the token may not see it; otherwise no usable answer came.
    """

    reason: str
    hidden: bool = False


def ask(question: Callable[[], T]) -> T | Unknown:
    """Return the answer to *question*; Unknown, with the reason, where none comes."""
    try:
        return question()
    except NO_ANSWER as error:
        return Unknown(reason=error.problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRef:
    """What a ref names: an *object* and the *commit* it peels to, 40 hex digits."""

    object: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The ref is where it was wanted; *changed* is false if another push put it there.

    It is ``None`` if no answer came, or one to a push that was sent twice. *now* is the
    object the ref names, or ``None`` when it was to be deleted.
    """

    now: str | None
    changed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Somebody else was first: the ref names *now* (``None``: it is gone)."""

    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The ref is unchanged and the server refused; *reason* holds its own words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """The *text* of a file as *commit* (40 hex digits) left it; *subject* says why."""

    commit: str
    subject: str
    text: str


ImageAnswer = Found | Absent | Unknown
RefAnswer = Moved | Lost | Declined


def _as(kind: type[T], wanted: str, value: Json) -> T:
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    problem = f"unexpected answer: {wanted} was expected, not {type(value).__name__}"
    fix = "Check that the address is that of GitHub or of the registry."
    raise ServiceError(problem, fix=fix)


# Each returns a JSON value that is of its kind, and raises ServiceError for another.
as_object: Callable[[Json], dict[str, Json]] = partial(_as, dict, "an object")
as_list: Callable[[Json], list[Json]] = partial(_as, list, "a list")
as_text: Callable[[Json], str] = partial(_as, str, "a string")
as_number: Callable[[Json], int] = partial(_as, int, "a number")
