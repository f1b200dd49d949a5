"""The commands of the platform operations guide, and which test runs which."""

import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from tests.e2e.guided_shop import GuidedShop
from tests.e2e.live_shop import ROOT, Done

GUIDE = ROOT / "template/docs/OPERATIONS.md"
_HEADING = re.compile(r"#+ (.+)")
_STEP = re.compile(r"(\d+)\. ")
_FENCE = re.compile(r" *```(.*)")
_IN_A_SENTENCE = re.compile(r"`((?:\./(?:inv|scripts/)|git |gh )[^`]*)`")
_ASSIGNMENT = re.compile(r"\w+=\$\(.*\)$")

Test = TypeVar("Test", bound=Callable[..., None])


class Place(NamedTuple):
    """A section of the guide, and the number of a step in it; 0 is before the first."""

    section: str
    step: int


def commands(text: str) -> dict[Place, list[str]]:
    """Return what the guide *text* tells somebody to run, in its order, by place.

    That is every command of a fenced block, and every one in a sentence.
    """
    found: dict[Place, list[str]] = defaultdict(list)
    place = Place("", 0)
    prose: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        heading, step = _HEADING.match(line), _STEP.match(line)
        fence = _FENCE.match(line)
        if heading or step or fence:
            found[place] += _IN_A_SENTENCE.findall(" ".join(prose))
            prose = []
        if heading:
            place = Place(heading[1], 0)
        elif step:
            place = Place(place.section, int(step[1]))
        if fence:
            found[place] += _typed(_block(lines))
        else:
            prose.append(line.strip())
    found[place] += _IN_A_SENTENCE.findall(" ".join(prose))
    return {place: each for place, each in found.items() if each}


def _block(lines: Iterator[str]) -> str:
    inside: list[str] = []
    for line in lines:
        if _FENCE.match(line):
            return textwrap.dedent("\n".join(inside))
        inside.append(line)
    raise ValueError("a fence has no end")


def _typed(block: str) -> Iterator[str]:
    """Yield the commands; an assignment belongs to the command after it."""
    pending = ""
    for line in block.splitlines():
        pending += f"{line}\n"
        last = pending.replace("\\\n", " ").splitlines()[-1]
        if not line.endswith("\\") and not _ASSIGNMENT.match(last):
            yield pending.strip()
            pending = ""
    if pending:
        yield pending.strip()


FOLLOWED: dict[str, list[Place]] = defaultdict(list)


def follows(section: str, *steps: int) -> Callable[[Test], Test]:
    """Say that a test runs every command of these *steps* of *section*.

    Its fixture ``reader`` sees to it.
    """

    def note(test: Test) -> Test:
        assert "reader" in inspect.signature(test).parameters
        name = f"{test.__module__}.{test.__name__}"
        FOLLOWED[name] += [Place(section, step) for step in steps or (0,)]
        return test

    return note


class Reader:
    """Somebody at *shop* who does what the guide says at *places*."""

    def __init__(self, shop: GuidedShop, places: list[Place]) -> None:
        everything = commands(GUIDE.read_text(encoding="utf-8"))
        self._shop = shop
        self._commands = {place: everything.get(place, []) for place in places}
        self.left = [each for place in places for each in self._commands[place]]

    def step(self, section: str, number: int = 0) -> list[str]:
        """Return the commands of a step, to be run."""
        return list(self._commands[Place(section, number)])

    def run(
        self, command: str, names: Mapping[str, str] | None = None, *, code: int = 0
    ) -> Done:
        """Run *command* as it stands; *names* are words in it, and what they stand for.

        It must end with *code*.
        """
        self.left = [each for each in self.left if each != command]
        for name, value in (names or {}).items():
            assert name in command
            command = command.replace(name, value)
        done = self._shop.run(command)
        assert done.code == code, f"{command}\n{done.out}{done.err}"
        return done
