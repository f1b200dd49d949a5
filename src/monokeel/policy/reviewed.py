"""What a policy file loosens against the one that was reviewed and merged."""

from collections.abc import Iterator, Sequence

from monokeel.policy.comparison import Difference, compare_policies
from monokeel.policy.rulesets import Ruleset


def loosened(reviewed: Sequence[Ruleset], file: Sequence[Ruleset]) -> tuple[str, ...]:
    """Return what *file* loosens, such as ``main: enforcement is disabled, not …``."""
    return tuple(_loosened(reviewed, file))


def _loosened(reviewed: Sequence[Ruleset], file: Sequence[Ruleset]) -> Iterator[str]:
    for each in compare_policies(reviewed, file):
        if each.state == "missing":
            yield f"{each.name} is not in it"
        for difference in each.differences:
            if each.state == "changed" and _loosens(difference):
                yield f"{each.name}: {difference.path}"


def _loosens(difference: Difference) -> bool:
    before, now = difference.desired, difference.live
    gone = difference.kind == "missing" and difference.path.startswith("rules.")
    if difference.severe or gone:
        return difference.counts
    numbers = isinstance(before, int) and isinstance(now, int)
    return numbers and bool(before > now)  # type: ignore[operator]  # both are; true > false
