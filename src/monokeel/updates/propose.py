"""Who is told of a newer template, and what becomes of an update to it.

An issue tells of one; an update is a branch, or one pull request for a version. That is
refreshed as long as only updates have pushed to it, and never opened again once a
person closed it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import assert_never

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.clone import Clone
from monokeel.ground.errors import NO_ANSWER, MonokeelError, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.updates import ports
from monokeel.updates.records import OPEN_FILE, Leftovers, as_ref, precedes, version_of
from monokeel.updates.update import UpdatePlan, choose_version

MARKER = "template-update"
_AVAILABLE = "Template update available"
_HERE = "What changes for these answers"
_BRANCH = "template/"
_LONGEST_BODY = 60_000  # GitHub takes 65,536 characters
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
    open: Leftovers
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
        opened = sorted(self.open.items())
        return tuple(f"{x}, since {as_ref(y.since)}: {y.reason}" for x, y in opened)


def check(template: ports.Versions) -> Offer:
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
    except MonokeelError as error:  # an answer that is wrong now, say
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


def changes_text(source: str, span: str, changes: str, files: str) -> str:
    """Return what a reader learns of an Offer's *changes* in *span* (``v1...v2``)."""
    page = source.removesuffix(".git")
    parts = [f"All changes: {page}/compare/{span}"] if "https://" in page else []
    parts.append(changes.strip())
    if files:
        parts += [f"## {_HERE}", f"```\n{files.rstrip()}\n```"]
    return "\n\n".join(filter(None, parts))


def keep_offer_issue(offer: Offer, issues: ports.Issues) -> str:
    """Keep one issue open while there is something to do; return a line about it."""
    here, latest = as_ref(offer.current), as_ref(offer.latest)
    if offer.verdict == "current":
        closed = issues.close(MARKER, comment=f"Now at {here}.")
        return f"issue #{closed} is closed" if closed else "no issue is open"
    title = f"Template: not all of {here} was taken"
    lines = [f"This repository is at {here} of {offer.source}.", ""]
    if offer.available:
        title = f"{_AVAILABLE}: {latest}"
        run = "Run `./inv template.update`: it works on a branch and loses no edit."
        lines += [run, ""]
    lines += [*offer.notes, *(f"- left open: {each}" for each in offer.open_lines)]
    if offer.available:
        span = f"{here}...{latest}"
        lines += ["", changes_text(offer.source, span, offer.changes, offer.files)]
    number = issues.keep_open(MARKER, title=title, body="\n".join(lines))
    return f"issue #{number} is open"


def unreadable(error: ServiceError, issues: ports.Issues) -> Report:
    """Report why the template cannot be read, in an issue: a person has to act."""
    lines, title = (f"{error.problem}.", error.fix), "Template: it cannot be read"
    body = "\n\n".join((*lines, _PRIVATE))
    number = _keep_issue(issues, title, body, error.problem, error.fix)
    return Report(
        headline="Whether a newer template is there, nobody can tell",
        sections=(Section("", (*lines, f"issue #{number} is open")),),
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
            Section(_HERE, tuple(offer.files.splitlines())),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an update is proposed."""

    remote: Clone
    commits: ports.Commits
    pulls: ports.Pulls
    issues: ports.Issues

    def pushed(self, branch: str) -> tuple[str | None, bool]:
        """Return the commit of *branch* on GitHub, and whether an update made it."""
        ref = f"refs/heads/{branch}"
        commit = self.remote.remote_refs((ref,)).get(ref)
        if commit is None:
            return None, True
        self.remote.fetch_commit(commit)
        return commit, self.commits.is_ours(commit)


def rejected(plan: UpdatePlan, pulls: ports.Pulls) -> int | None:
    """Return the pull request in which a person declined *plan*: closed, none open."""
    if plan.branch in pulls.open_from(plan.branch):
        return None
    return pulls.rejected(plan.branch)


def propose(plan: UpdatePlan, commit: str, places: Places, *, body: str) -> str:
    """Push *commit* and open or refresh the pull request, else the issue; say which."""
    number = places.pulls.open_from(plan.branch).get(plan.branch)
    before, ours = places.pushed(plan.branch)
    if not ours:
        held = f"pull request #{number}" if number else f"branch {plan.branch}"
        held += " holds commits of others and is left as it is; for another one:"
        return f"{held} git push origin --delete {plan.branch}"
    fresh = before is not None and places.commits.same_files(commit, before)
    if number is not None and not fresh:  # first: cut short here, it is done again
        places.pulls.edit(number, title=plan.title, body=body)
    refused = None if fresh else _push(plan.branch, before, commit, places.remote)
    if refused is not None:
        return _told(plan, refused, body, places.issues)
    opened: int | Declined | None = number
    if opened is None:
        opened = places.pulls.create(plan.branch, title=plan.title, body=body)
    if isinstance(opened, Declined):
        refused = f"the pull request was refused: {opened.reason}"
        return _told(plan, refused, body, places.issues)
    _close_older(plan, opened, places)
    said = "open" if fresh or number is None else "refreshed"
    said = f"pull request #{opened} is {said}"
    try:
        places.issues.close(MARKER, comment=f"Proposed in #{opened}.")
    except NO_ANSWER as error:  # Issues are switched off
        said += f"; whether an issue is, nobody can tell: {error.problem}"
    return said


def _told(plan: UpdatePlan, refused: str, body: str, issues: ports.Issues) -> str:
    """Open or refresh the issue that stands for a pull request; say why."""
    text = f"{body}\nNo pull request could be opened: {refused}\n\n"
    text += "Run `./inv template.update` and push its branch."
    number = _keep_issue(issues, f"{_AVAILABLE}: {plan.ref}", text, refused)
    return f"issue #{number} is open ({refused})"


def _keep_issue(
    issues: ports.Issues, title: str, body: str, problem: str, fix: str = ""
) -> int:
    """Keep the issue open that tells *problem*; ServiceError where there is none."""
    try:
        return issues.keep_open(MARKER, title=title, body=body)
    except NO_ANSWER as error:
        said = f"{problem}; no issue could be written: {error.problem}"
        raise ServiceError(said, fix=fix or error.fix) from error


def proposal_body(
    plan: UpdatePlan, *, notes: str, stat: str, checks: Sequence[str] = ()
) -> str:
    """Return what a reviewer reads; *notes* and *stat* are an Offer's changes."""
    here = as_ref(plan.current)
    parts = [f"The template goes from {here} to {plan.ref}."]
    parts.append(changes_text(plan.source, f"{here}...{plan.ref}", notes, stat))
    left = list[str]()
    for each in plan.merged.left:
        left.append(f"- `{each.path}`: {each.reason}")
        for hunk in each.missing:
            left += ["  ````", *(f"  {x}" for x in hunk.splitlines()), "  ````"]
    if left:
        stay = f"These stay in `{OPEN_FILE}` and are offered again."
        parts += ["## Not taken: the team's side stays", "\n".join(left), stay]
    more = {"Pins": plan.merged.pins, "Checks of the outcome": checks}
    for heading, lines in more.items():
        if lines:
            parts += [f"## {heading}", "\n".join(f"- {line}" for line in lines)]
    body = "\n\n".join(parts)
    cut = "\n\n… cut here: see the branch."
    return body if len(body) <= _LONGEST_BODY else body[:_LONGEST_BODY] + cut


def update_report(plan: UpdatePlan, commit: str | None, *more: str) -> Report:
    """Return the report of *plan*, without a *commit* a preview."""
    lines = [f"files that change: {len(plan.changed)}; nothing was changed"]
    if commit is not None:
        lines = [f"branch {plan.branch}, files changed: {len(plan.changed)}"]
        lines.append(f"commit {commit}")
    if plan.source.startswith(("/", "file:")):
        warning = "warning: the template is a directory of this machine, "
        lines.append(warning + plan.source)
    opened = sorted(plan.open.items())
    rows = tuple((path, as_ref(each.since), each.reason) for path, each in opened)
    lacking = [
        line
        for each in plan.merged.left
        for hunk in each.missing
        for line in (f"{each.path}:", *hunk.splitlines())
    ]
    return Report(
        headline=f"Template {_way(plan)}",
        sections=(
            Section("", (*lines, *more)),
            Section("Not taken", table=Table(("file", "since", "why"), rows)),
            Section("The template's lines that were left out", tuple(lacking)),
            Section("Pins that stay", plan.merged.pins),
        ),
        data={
            "verdict": "open" if plan.open else "updated" if commit else "planned",
            "previous": plan.current,
            "version": plan.version,
            "branch": plan.branch,
            "commit": commit,
            "changed": [*sorted(plan.changed)],
            "open": [asdict(each) for each in plan.merged.left],
            "pins": [*plan.merged.pins],
            "notes": [*more],
        },
        problems=tuple(f"not taken: {path}" for path, _ in opened),
    )


def current_report(commit: str) -> Report:
    """Return the report of a repository that is where it should be, at *commit*."""
    return Report(
        headline=f"The template is current: {commit}",
        data={"verdict": "current", "version": version_of(commit)},
    )


def preview(plan: UpdatePlan, declined: int | None) -> Report:
    """Return the report of *plan* when nothing follows, or a person *declined* it."""
    if declined is None:
        return update_report(plan, None)
    said = "It is not opened again; a newer version will be."
    return Report(
        headline=f"Template {_way(plan)}: declined in #{declined}",
        sections=(Section("", (said,)),),
        data={"verdict": "rejected", "version": plan.version, "pull_request": declined},
    )


def _way(plan: UpdatePlan) -> str:
    here = as_ref(plan.current)
    return f"{here}: other answers" if here == plan.ref else f"{here} -> {plan.ref}"


def _push(branch: str, before: str | None, commit: str, remote: Clone) -> str | None:
    match remote.move_ref(f"refs/heads/{branch}", old=before, new=commit):
        case Moved() | Lost():  # lost: another run has just pushed the same update
            return None
        case Declined(reason=reason):
            return f"the push was refused: {reason}"
        case unknown:  # never "pushed"
            assert_never(unknown)


def _close_older(plan: UpdatePlan, opened: int, places: Places) -> None:
    """Close the pull requests of older versions that nobody else has pushed to."""
    for branch, number in places.pulls.open_from(_BRANCH).items():
        version = version_of(branch.removeprefix(_BRANCH))
        if version and version != plan.version and precedes(version, plan.version):
            commit, ours = places.pushed(branch)
            if commit is not None and ours:
                places.pulls.close(number, comment=f"Superseded by #{opened}.")
