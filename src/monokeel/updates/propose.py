"""What becomes of an update: a branch, or one pull request, otherwise an issue.

There is one pull request for a version. It is refreshed as long as only updates have
pushed to it, and never opened again once a person closed it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import assert_never

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import NO_ANSWER, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.updates.offer import MARKER, Offer, changes_text
from monokeel.updates.ports import Commits, Issues, Pulls, Remote
from monokeel.updates.records import OPEN_FILE, as_ref, precedes, version_of
from monokeel.updates.update import UpdatePlan

_BRANCH = "template/"
_LONGEST_BODY = 60_000  # GitHub takes 65,536 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an update is proposed."""

    remote: Remote
    commits: Commits
    pulls: Pulls
    issues: Issues

    def pushed(self, branch: str) -> tuple[str | None, bool]:
        """Return the commit of *branch* on GitHub, and whether an update made it."""
        ref = f"refs/heads/{branch}"
        commit = self.remote.remote_refs((ref,)).get(ref)
        if commit is None:
            return None, True
        self.remote.fetch_commit(commit)
        return commit, self.commits.is_ours(commit)


def rejected(plan: UpdatePlan, pulls: Pulls) -> int | None:
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


def _told(plan: UpdatePlan, refused: str, body: str, issues: Issues) -> str:
    """Open or refresh the issue that stands for a pull request; say why."""
    text = f"{body}\nNo pull request could be opened: {refused}\n\n"
    text += "Run `./inv template.update` and push its branch."
    title = f"Template update available: {plan.ref}"
    try:
        number = issues.keep_open(MARKER, title=title, body=text)
    except NO_ANSWER as error:
        problem = f"{refused}; no issue could be written: {error.problem}"
        raise ServiceError(problem, fix=error.fix) from error
    return f"issue #{number} is open ({refused})"


def proposal_body(
    plan: UpdatePlan, *, notes: str, stat: str, checks: Sequence[str] = ()
) -> str:
    """Return what a reviewer reads; *notes* and *stat* are an Offer's changes."""
    offer = Offer(
        current=plan.current,
        latest=plan.version,
        source=plan.source,
        changes=notes,
        files=stat,
        open={},
    )
    parts = [f"The template goes from {as_ref(plan.current)} to {plan.ref}."]
    parts.append(changes_text(offer))
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


def _push(branch: str, before: str | None, commit: str, remote: Remote) -> str | None:
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
