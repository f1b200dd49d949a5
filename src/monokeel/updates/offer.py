"""Is there a newer template, and who is told of it."""

from dataclasses import asdict, dataclass

from monokeel.ground import errors
from monokeel.ground.errors import ServiceError
from monokeel.ground.report import Report, Section
from monokeel.updates import records
from monokeel.updates.ports import Issues, Versions
from monokeel.updates.records import ANSWERS_FILE, OPEN_FILE, as_ref, precedes

MARKER = "template-update"
_PRIVATE = (
    "A private template is read with a credential of its own: see `Template Updates` in"
    " docs/OPERATIONS.md."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The version here, the newest one, where it comes from, and what is left open.

    *changes* are the template's own words on what lies between, *files* compares the
    renders of both for the answers here, *notes* are what else one should know.
    """

    current: str
    latest: str
    source: str
    changes: str
    files: str
    open: records.Leftovers
    notes: tuple[str, ...] = ()

    @property
    def available(self) -> bool:
        """Whether there is something newer than what is here."""
        return precedes(self.current, self.latest)

    @property
    def verdict(self) -> str:
        """``available``, ``open`` (something of earlier ones is), or ``current``."""
        return "available" if self.available else "open" if self.open else "current"

    @property
    def open_lines(self) -> tuple[str, ...]:
        """One line for each file of which something was left open."""
        return tuple(
            f"{path}, since {as_ref(each.since)}: {each.reason}"
            for path, each in sorted(self.open.items())
        )


def check(template: Versions) -> Offer:
    """Return the version here and the newest; raises as choose_version does."""
    current, latest = choose_version(template)
    notes = []
    if template.moved:
        notes.append(f"it has moved to {template.moved}: set TEMPLATE_SOURCE to that")
    if as_ref(latest) == latest:
        notes.append("it has no release tag (vX.Y.Z): the commits of it are followed")
    newer, files = precedes(current, latest), ""
    try:
        files = template.compared(current, latest) if newer else ""
    except errors.MonokeelError as error:  # an answer that is wrong now, say
        notes.append(f"what changes here cannot be told: {error.problem}")
    return Offer(
        current=current,
        latest=latest,
        source=template.address(),
        changes=template.notes(current, latest) if newer else "",
        files=files,
        open=template.leftovers(),
        notes=tuple(notes),
    )


def choose_version(template: Versions, wanted: str = "") -> tuple[str, str]:
    """Return the version here, and *wanted*, which is the newest one if it is empty.

    Raises RefusedError when the repository was made from no version, or from one that
    the template has no more, UsageError when it has no *wanted*, and ServiceError when
    it shows none at all.
    """
    recorded = template.recorded()
    current = records.version_of(recorded.commit)
    if current is None:
        raise errors.RefusedError(
            f"this repository was made from template commit {recorded.commit!r},"
            " which is no release",
            fix=f"Set _commit in {ANSWERS_FILE} to the release it came from, such"
            " as v1.2.0, or to its commit, and commit that.",
        )
    known, where = template.versions(), template.address()
    version = wanted or records.newest(known)
    if version is None:
        fix = "Check --source or TEMPLATE_SOURCE."
        raise ServiceError(f"the template at {where} has no version", fix=fix)
    if current not in known:
        raise errors.RefusedError(
            f"the template at {where} has no {recorded.commit} any more, from which"
            " this repository was made",
            fix="Ask its owners for it, name a copy that has it (--source), or set"
            f" _commit in {ANSWERS_FILE} to the release it came from.",
        )
    if version not in known:
        listed = ", ".join(map(as_ref, known[-5:]))
        fix = f"Its newest versions are: {listed}."
        raise errors.UsageError(
            f"the template at {where} has no {as_ref(version)}", fix=fix
        )
    return current, version


def changes_text(offer: Offer) -> str:
    """Return what a reader of an offer or of a pull request learns of its changes."""
    page = offer.source.removesuffix(".git")
    span = f"{as_ref(offer.current)}...{as_ref(offer.latest)}"
    parts = [f"All changes: {page}/compare/{span}"] if "https://" in page else []
    parts.append(offer.changes.strip())
    if offer.files:
        files = f"```\n{offer.files.rstrip()}\n```"
        parts += ["## What changes for these answers", files]
    return "\n\n".join(filter(None, parts))


def keep_offer_issue(offer: Offer, issues: Issues) -> str:
    """Keep one issue open while there is something to do; return a line about it."""
    here = as_ref(offer.current)
    if offer.verdict == "current":
        closed = issues.close(MARKER, comment=f"Now at {here}.")
        return f"issue #{closed} is closed" if closed else "no issue is open"
    title = f"Template: not all of {here} was taken"
    lines = [f"This repository is at {here} of {offer.source}.", ""]
    if offer.available:
        title = f"Template update available: {as_ref(offer.latest)}"
        run = "Run `./inv template.update`: it works on a branch and loses no edit."
        lines += [run, ""]
    lines += [*offer.notes, *(f"- left open: {each}" for each in offer.open_lines)]
    lines += ["", changes_text(offer)] if offer.available else []
    number = issues.keep_open(MARKER, title=title, body="\n".join(lines))
    return f"issue #{number} is open"


def unreadable(error: ServiceError, issues: Issues) -> Report:
    """Report why the template cannot be read, in an issue: a person has to act."""
    lines = (f"{error.problem}.", error.fix, _PRIVATE)
    title = "Template: it cannot be read"
    try:
        number = issues.keep_open(MARKER, title=title, body="\n\n".join(lines))
    except errors.NO_ANSWER as refused:
        problem = f"{error.problem}; no issue could be written: {refused.problem}"
        raise ServiceError(problem, fix=error.fix) from refused
    return Report(
        headline="Whether a newer template is there, nobody can tell",
        sections=(Section("", (*lines[:2], f"issue #{number} is open")),),
        data={"verdict": "unknown", "reason": error.problem, "issue": number},
        outcome="difference",
    )


def check_report(offer: Offer, *followed: str) -> Report:
    """Return the report of *offer*, with what was done about it."""
    here, latest = as_ref(offer.current), as_ref(offer.latest)
    headline = f"The template is current: {here}"
    lines = [f"from {offer.source}", *offer.notes]
    if offer.available:
        headline = f"Template {latest} is available; {here} here"
        lines.append("Run ./inv template.update")
    return Report(
        headline=headline,
        sections=(
            Section("", (*lines, *followed)),
            Section(f"Left open (listed in {OPEN_FILE})", offer.open_lines),
            Section("What changes", tuple(offer.changes.splitlines())),
            Section("What changes for these answers", tuple(offer.files.splitlines())),
        ),
        data={
            "verdict": offer.verdict,
            "available": offer.available,
            **asdict(offer),
            "open": [*sorted(offer.open)],
            "notes": [*offer.notes, *followed],
        },
        outcome="done" if offer.verdict == "current" else "difference",
    )
