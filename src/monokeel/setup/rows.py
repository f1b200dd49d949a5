"""What one row of the table of expectations is, and what may be seen of it."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.setup.permissions import in_words

INIT = "./inv init"  # the remedy for all that init can make


@dataclass(frozen=True, slots=True)
class AsWanted:
    """It is there as it must be; *detail* is what was found."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """It is missing or other than it must be; *remedy* says in words what to do.

    *severe*: somebody may do now what the files forbid. *blocks*: nothing at all may
    be written before a person settled this. *by_hand*: init cannot make it as it is.
    """

    detail: str
    remedy: str
    _: KW_ONLY
    severe: bool = False
    blocks: bool = False
    by_hand: bool = False


Answer = AsWanted | Otherwise | Unknown


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must be there on GitHub; without it *lost* is lost.

    *item* names its kind for machines. *ask* sees it by the calls *reads*, *make*
    brings it about by the calls *writes* (``None``: people do), when the rows *after*
    are as wanted; calls are keys of ``permissions.PERMISSIONS``. *watched*: is it drift
    when it is otherwise, a note, or the matter of another section?
    """

    name: str
    item: str
    reads: tuple[str, ...]
    lost: str
    ask: Callable[[], Answer]
    _: KW_ONLY
    writes: tuple[str, ...] = ()
    make: Callable[[], None] | None = None
    watched: Literal["drift", "note", "elsewhere"] = "drift"
    after: tuple[str, ...] = ()

    @property
    def permission(self) -> str:
        """What a token needs to see and to make it: ``Actions: read, …``."""
        return in_words((*self.reads, *self.writes))


def answer_to(expectation: Expectation) -> Answer:
    """Return what was seen; a question without an answer is Unknown, never a "no"."""
    try:
        return expectation.ask()
    except NO_ANSWER as error:
        hidden = isinstance(error, ServiceError) and error.hidden
        return Unknown(reason=error.reason, hidden=hidden)
