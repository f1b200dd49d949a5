"""Which version may go where next: the gates of promote, asked without the artifact."""

from collections.abc import Sequence
from dataclasses import dataclass

from monokeel.ground.answers import Unknown
from monokeel.ground.version import is_newer
from monokeel.promotion.checks import Gate
from monokeel.promotion.facts import MoveFacts, facts_of
from monokeel.promotion.gates import evaluate, verdict_of
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Reading, knowing_time


@dataclass(frozen=True, slots=True, kw_only=True)
class NextMove:
    """Whether *version* may go to *environment*.

    *setback* says when and why it was rolled back there, ``""`` if it was not.
    """

    version: str
    environment: str
    gates: tuple[Gate, ...]
    setback: str = ""

    @property
    def eligible(self) -> bool:
        """Whether no gate says no or cannot tell."""
        return verdict_of(self.gates) == "ready"


def judged(facts: MoveFacts) -> NextMove:
    """Return what the gates say of *facts*."""
    return NextMove(
        version=facts.version,
        environment=facts.environment.name,
        gates=evaluate(facts),
        setback=facts.here.setback(facts.now),
    )


def next_moves(
    reading: Reading, outside: Outside, versions: Sequence[str], *, hold: str | Unknown
) -> tuple[NextMove, ...]:
    """Return an answer for each of *versions* and each place that is behind it.

    Release and images are not asked.
    """
    answers = []
    for version in versions:
        for place in reading.places:
            if place.version and not is_newer(version, place.version):
                continue
            known = knowing_time(reading, outside, version, place)
            facts = facts_of(known, outside.clone, version, place.name, hold=hold)
            answers.append(judged(facts))
    return tuple(answers)
