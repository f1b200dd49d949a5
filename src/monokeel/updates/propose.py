"""What becomes of an update: a branch, or one pull request, otherwise an issue.

There is one pull request for a version. It is refreshed as long as only updates have
pushed to it, and never opened again once a person closed it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.version import is_newer
from monokeel.updates.edits import Recorded
from monokeel.updates.leftovers import OPEN_FILE
from monokeel.updates.offer import MARKER
from monokeel.updates.ports import Commits, Issues, Pulls, Remote
from monokeel.updates.update import UpdatePlan

_BRANCH = re.compile(r"template/v(\d+\.\d+\.\d+)\Z")
_LONGEST_BODY = 60_000  # GitHub takes 65,536 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an update is proposed."""

    remote: Remote
    commits: Commits
    pulls: Pulls
    issues: Issues


def rejected(plan: UpdatePlan, pulls: Pulls) -> int | None:
    """Return the pull request in which a person has declined *plan*, if there is one.

    An open one, reopened or opened by somebody, is no refusal.
    """
    if plan.branch in pulls.open_from(plan.branch):
        return None
    return pulls.rejected(plan.branch)


def propose(plan: UpdatePlan, commit: str, places: Places, *, body: str) -> str:
    """Push *commit* and open or refresh the pull request, else the issue; say which.

    A branch that holds anything but the commit of an update is left alone.
    """
    number = places.pulls.open_from(plan.branch).get(plan.branch)
    ref = f"refs/heads/{plan.branch}"
    before = places.remote.remote_refs((ref,)).get(ref)
    if before is not None:
        places.remote.fetch_commit(before)
        if not places.commits.is_ours(before):
            held = f"pull request #{number}" if number else f"branch {plan.branch}"
            return f"{held} holds commits of others and is left as it is"
    fresh = before is not None and places.commits.same_files(commit, before)
    refused = None if fresh else _push(ref, before, commit, places.remote)
    if refused is None and number is not None:
        if not fresh:
            places.pulls.edit(number, title=plan.title, body=body)
        return f"pull request #{number} is {'open' if fresh else 'refreshed'}"
    if refused is None:
        opened = places.pulls.create(plan.branch, title=plan.title, body=body)
        if isinstance(opened, int):
            _close_older(plan, opened, places)
            places.issues.close(MARKER, comment=f"Proposed in #{opened}.")
            return f"pull request #{opened} is open"
        refused = f"the pull request was refused: {opened.reason}"
    text = f"{body}\nNo pull request could be opened: {refused}\n\n"
    text += "Run `./inv template.update` and push its branch."
    title = f"Template update available: {plan.tag}"
    opened_issue = places.issues.keep_open(MARKER, title=title, body=text)
    return f"issue #{opened_issue} is open ({refused})"


def proposal_body(
    plan: UpdatePlan, *, notes: str, stat: str, checks: Sequence[str] = ()
) -> str:
    """Return what a reviewer reads: notes, what changes, what was left, the checks.

    *notes* are the template's own between the versions, *stat* compares the two renders
    for these answers, and *checks* ran on the outcome.
    """
    lines = [f"The template goes from v{plan.current} to {plan.tag}.", *_link(plan), ""]
    lines += [notes.strip(), ""] if notes.strip() else []
    lines += ["## What changes for these answers", "", "```", stat.rstrip(), "```", ""]
    if plan.outcome.left:
        lines += ["## Not taken: the team's side stays", "", *_left(plan), ""]
        lines += [f"These stay in `{OPEN_FILE}` and are offered again.", ""]
    if plan.outcome.pins:
        lines += ["## Pins", "", *(f"- {each}" for each in plan.outcome.pins), ""]
    if checks:
        lines += ["## Checks of the outcome", "", *(f"- {each}" for each in checks), ""]
    body = "\n".join(lines)
    cut = "\n\n… cut here: see the branch."
    return body if len(body) <= _LONGEST_BODY else body[:_LONGEST_BODY] + cut


def update_report(plan: UpdatePlan, commit: str | None, *more: str) -> Report:
    """Return the report of *plan*; *more* lines say what became of it.

    Without a *commit* nothing was changed: it is a preview, or all of it is here.
    """
    lines = [f"files that change: {len(plan.changed)}; nothing was changed"]
    if commit is not None:
        lines = [f"branch {plan.branch}, files changed: {len(plan.changed)}"]
        lines.append(f"commit {commit}")
    lines += [*_warnings(plan), *more]
    rows = tuple(
        (path, each.since, each.reason) for path, each in sorted(plan.open.items())
    )
    return Report(
        headline=f"Template v{plan.current} -> {plan.tag}",
        sections=(
            Section("", tuple(lines)),
            Section("Not taken", table=Table(("file", "since", "why"), rows)),
            Section("Pins that stay", plan.outcome.pins),
        ),
        data={
            "verdict": "open" if plan.open else "updated" if commit else "planned",
            "previous": plan.current,
            "version": plan.version,
            "branch": plan.branch,
            "commit": commit,
            "changed": [*sorted(plan.changed)],
            "open": [
                {"path": each.path, "reason": each.reason, "missing": [*each.missing]}
                for each in plan.outcome.left
            ],
            "pins": list(plan.outcome.pins),
            "notes": list(more),
        },
        problems=tuple(f"not taken: {path}" for path in sorted(plan.open)),
    )


def current_report(recorded: Recorded) -> Report:
    """Return the report of a repository that is where it should be already."""
    return Report(
        headline=f"The template is current: {recorded.commit}",
        data={"verdict": "current", "version": recorded.version},
    )


def rejected_report(plan: UpdatePlan, number: int) -> Report:
    """Return the report of an update that a person declined in #*number*."""
    headline = f"Template v{plan.current} -> {plan.tag}: declined in #{number}"
    return Report(
        headline=headline,
        sections=(Section("", ("It is not opened again; a newer version will be.",)),),
        data={"verdict": "rejected", "version": plan.version, "pull_request": number},
    )


def _push(ref: str, before: str | None, commit: str, remote: Remote) -> str | None:
    match remote.move_ref(ref, old=before, new=commit):
        case Moved() | Lost():  # lost: another run has just pushed the same update
            return None
        case Declined(reason=reason):
            return f"the push was refused: {reason}"


def _close_older(plan: UpdatePlan, opened: int, places: Places) -> None:
    """Close the pull requests of older versions that nobody else has pushed to."""
    for branch, number in places.pulls.open_from("template/v").items():
        match = _BRANCH.match(branch)
        if match is None or not is_newer(plan.version, match[1]):
            continue
        ref = f"refs/heads/{branch}"
        commit = places.remote.remote_refs((ref,)).get(ref)
        if commit is not None:
            places.remote.fetch_commit(commit)
            if places.commits.is_ours(commit):
                places.pulls.close(number, comment=f"Superseded by #{opened}.")


def _link(plan: UpdatePlan) -> list[str]:
    page = plan.source.removesuffix(".git")
    if not page.startswith("https://"):
        return []
    return ["", f"All changes: {page}/compare/v{plan.current}...{plan.tag}"]


def _left(plan: UpdatePlan) -> Iterator[str]:
    for each in plan.outcome.left:
        yield f"- `{each.path}`: {each.reason}"
        for hunk in each.missing:
            yield from ("  ````", *(f"  {x}" for x in hunk.splitlines()), "  ````")


def _warnings(plan: UpdatePlan) -> list[str]:
    if plan.source.startswith("/"):
        return [f"warning: the template is a directory of this machine, {plan.source}"]
    return []
