"""Is there a newer template, and who is told of it."""

from dataclasses import dataclass

from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.ground.report import Report, Section
from monokeel.ground.version import is_newer
from monokeel.updates.edits import Recorded, newest
from monokeel.updates.leftovers import OPEN_FILE, Leftovers
from monokeel.updates.ports import Issues, Versions

MARKER = "template-update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The version here, the newest one, where it comes from, and what is left open.

    *notes* are the template's own on what lies between.
    """

    current: str
    latest: str
    source: str
    notes: str
    open: Leftovers

    @property
    def available(self) -> bool:
        """Whether there is something newer than what is here."""
        return is_newer(self.latest, self.current)

    @property
    def verdict(self) -> str:
        """``available``, ``open`` (something of earlier ones is), or ``current``."""
        return "available" if self.available else "open" if self.open else "current"


def check(template: Versions) -> Offer:
    """Return the version here and the newest one.

    Raises RefusedError for a repository that was made from no release, or from one
    that the template has no more, and ServiceError when the template shows no version.
    """
    current = released_version(template.recorded())
    tags = template.versions()
    latest = newest(tags)
    if latest is None:
        raise ServiceError(
            f"the template at {template.address()} has no version tag (vX.Y.Z)",
            fix="Check --source or TEMPLATE_SOURCE.",
        )
    if f"v{current}" not in tags:
        raise RefusedError(
            f"the template at {template.address()} has no v{current} any more, from"
            " which this repository was made",
            fix="Ask its owners for that tag, or name a copy that has it: --source.",
        )
    newer = is_newer(latest, current)
    return Offer(
        current=current,
        latest=latest,
        source=template.address(),
        notes=template.notes(current, latest) if newer else "",
        open=template.leftovers(),
    )


def released_version(recorded: Recorded) -> str:
    """Return the version of *recorded*; RefusedError if it is not a released one."""
    if recorded.version is None:
        raise RefusedError(
            f"this repository was made from template commit {recorded.commit!r},"
            " which is no release",
            fix="Set _commit in .copier-answers.yml to the release it came from, such"
            " as v1.2.0, and commit that.",
        )
    return recorded.version


def follow_up(offer: Offer, issues: Issues) -> str:
    """Keep one issue open while there is something to do; return a line about it."""
    if offer.verdict == "current":
        closed = issues.close(MARKER, comment=f"Now at v{offer.current}.")
        return f"issue #{closed} is closed" if closed else "no issue is open"
    title = f"Template update available: v{offer.latest}"
    lines = [
        f"This repository is at v{offer.current} of {offer.source}.",
        "",
        "Run `./inv template.update`: it works on a branch and loses no edit.",
    ]
    if not offer.available:
        title = f"Template: not all of v{offer.current} was taken"
        lines = [f"This repository is at v{offer.current} of its template."]
    lines += ["", *(f"- left open: {each}" for each in _open_lines(offer))]
    lines += ["", offer.notes] if offer.notes else []
    number = issues.keep_open(MARKER, title=title, body="\n".join(lines))
    return f"issue #{number} is open"


def check_report(offer: Offer, *followed: str) -> Report:
    """Return the report of *offer*, with what was done about it."""
    headline = f"The template is current: v{offer.current}"
    lines = [f"from {offer.source}"]
    if offer.available:
        headline = f"Template v{offer.latest} is available; v{offer.current} here"
        lines.append("Run ./inv template.update")
    return Report(
        headline=headline,
        sections=(
            Section("", (*lines, *followed)),
            Section(f"Left open (listed in {OPEN_FILE})", tuple(_open_lines(offer))),
            Section("What changes", tuple(offer.notes.splitlines())),
        ),
        data={
            "verdict": offer.verdict,
            "available": offer.available,
            "current": offer.current,
            "latest": offer.latest,
            "source": offer.source,
            "changes": offer.notes,
            "open": [*sorted(offer.open)],
            "notes": list(followed),
        },
        outcome="done" if offer.verdict == "current" else "difference",
    )


def _open_lines(offer: Offer) -> list[str]:
    return [
        f"{path}, since v{each.since}: {each.reason}"
        for path, each in sorted(offer.open.items())
    ]
