"""Where a rollback leads."""

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.promotion.ports import Outside
from monokeel.promotion.reading import Place, Reading, read_on
from monokeel.promotion.records import ROLLBACK, Record


def is_finished(place: Place) -> bool:
    """Say whether what *place* owes completes a rollback that was cut short."""
    current = place.current
    return bool(place.owed) and current is not None and current.task == ROLLBACK


def choose_version(
    reading: Reading, outside: Outside, environment: str
) -> tuple[str, Reading]:
    """Return the version to go back to, and *reading* with what it took to know.

    Raises RefusedError if no earlier version was good there, and ServiceError if the
    tag of the last one is gone.
    """
    found = good_before(reading, environment)
    if not found:
        reading = read_on(reading, outside, environment)
        found = good_before(reading, environment)
    if not found:
        raise RefusedError(
            f"no earlier version was good in {environment}",
            fix="Name the version: --rollback --version X.",
        )
    version = found[0].version
    if version not in reading.pointers.releases:
        raise ServiceError(
            f"the last good version here was {version}: its tag is gone",
            fix="Name another version: --rollback --version X.",
        )
    return version, reading


def good_before(reading: Reading, environment: str) -> tuple[Record, ...]:
    """Return the records of *environment* that a rollback may lead to, newest first.

    The newest confirmed record of a commit decides on it: an older success does not
    make up for a rollback. What is there now is left out.
    """
    judged = {reading.place(environment).commit}
    found = []
    for record in reading.ledger.of(environment):
        if record.sha in judged or record.live_from is None:
            continue
        judged.add(record.sha)
        if record.state == "success":
            found.append(record)
    return tuple(found)
