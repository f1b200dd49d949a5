"""What becomes of an update: its report, and a pull request, otherwise an issue."""

from collections.abc import Collection, Mapping
from typing import Protocol

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.report import Report, Section, Table
from monokeel.updates.edits import Kept, Recorded
from monokeel.updates.offer import MARKER, Issues
from monokeel.updates.update import Update, UpdatePlan, title_of

_PREFIX = "template/v"


class Remote(Protocol):
    """The branches of the repository on GitHub."""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        """Return full ref name → commit of the refs under *prefixes*."""

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* at *new* if it is at *old*."""


class Pulls(Protocol):
    """The pull requests of the repository, to its default branch."""

    def open_from(self, prefix: str) -> Mapping[str, int]:
        """Return branch → number of those open from branches with *prefix*."""

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        """Open a pull request from *branch* and return its number."""

    def close(self, number: int, *, comment: str) -> None:
        """Close a pull request, saying why."""


def already_proposed(plan: UpdatePlan, pulls: Pulls) -> int | None:
    """Return the number of the open pull request for *plan*, if there is one."""
    return pulls.open_from(_PREFIX).get(plan.branch)


def propose(update: Update, remote: Remote, pulls: Pulls, issues: Issues) -> str:
    """Push the branch and open one pull request, else one issue; say which.

    Pull requests for older versions are closed. A branch that is on the remote
    already is left as it is: an earlier run was cut short after its push.
    """
    if update.commit is None:
        return "nothing changed, nothing to propose"
    refused = _push(update, update.commit, remote)
    if refused is None:
        opened = pulls.create(
            update.plan.branch, title=title_of(update), body=_body(update)
        )
        if isinstance(opened, int):
            _close_older(update, opened, pulls)
            issues.close(MARKER, comment=f"Proposed in #{opened}.")
            return f"pull request #{opened} is open"
        refused = f"the pull request was refused: {opened.reason}"
    body = f"{_body(update)}\nNo pull request could be opened: {refused}\n\n"
    body += "Run `./inv template.update` and push its branch."
    title = f"Template update available: {update.plan.tag}"
    number = issues.keep_open(MARKER, title=title, body=body)
    return f"issue #{number} is open ({refused})"


def update_report(update: Update, *more: str) -> Report:
    """Return the report of *update*; *more* lines say what became of it."""
    plan = update.plan
    lines = ["nothing changes, so there is no branch"]
    if update.changed:
        lines = [f"branch {plan.branch}, files changed: {len(update.changed)}"]
    lines += [f"commit {update.commit}"] if update.commit else []
    lines += _warnings(plan) + list(more)
    rows = tuple((k.path, k.reason, k.renamed_to or "") for k in update.kept)
    kept = Table(("file", "what would have happened", "now at"), rows)
    taken = "In conflict: the team's side was taken, compare by hand"
    return Report(
        headline=f"Template v{plan.current} -> v{plan.version}",
        sections=(
            Section("", tuple(lines)),
            Section("In conflict", update.conflicts),
            Section(taken, update.settled),
            Section("Kept as the team has it", table=kept),
        ),
        data={
            "verdict": "conflicts" if update.conflicts else "updated",
            "previous": plan.current,
            "version": plan.version,
            "branch": plan.branch,
            "commit": update.commit,
            "changed": list(update.changed),
            "conflicts": list(update.conflicts),
            "settled": list(update.settled),
            "notes": list(more),
            "kept": [
                {"path": k.path, "reason": k.reason, "renamed_to": k.renamed_to}
                for k in update.kept
            ],
        },
        problems=tuple(f"in conflict: {path}" for path in update.conflicts),
    )


def current_report(recorded: Recorded) -> Report:
    """Return the report of a repository that is where it should be already."""
    return Report(
        headline=f"The template is current: {recorded.commit}",
        data={"verdict": "current", "version": recorded.version},
    )


def planned_report(plan: UpdatePlan) -> Report:
    """Return the report of an update that would be made, and was not."""
    return Report(
        headline=f"Template v{plan.current} -> v{plan.version}: nothing was changed",
        sections=(Section("", (f"would make branch {plan.branch}", *_warnings(plan))),),
        data={
            "verdict": "planned",
            "previous": plan.current,
            "version": plan.version,
            "branch": plan.branch,
        },
    )


def proposed_report(plan: UpdatePlan, number: int) -> Report:
    """Return the report of an update whose pull request *number* is open already."""
    return Report(
        headline=f"Template v{plan.current} -> v{plan.version}: #{number} is open",
        data={"verdict": "proposed", "version": plan.version, "pull_request": number},
    )


def _push(update: Update, commit: str, remote: Remote) -> str | None:
    ref = f"refs/heads/{update.plan.branch}"
    if ref in remote.remote_refs((ref,)):
        return None
    match remote.move_ref(ref, old=None, new=commit):
        case Moved() | Lost():  # lost: another run has just pushed the same update
            return None
        case Declined(reason=reason):
            return f"the push was refused: {reason}"


def _close_older(update: Update, opened: int, pulls: Pulls) -> None:
    for branch, number in pulls.open_from(_PREFIX).items():
        if branch != update.plan.branch:
            pulls.close(number, comment=f"Superseded by #{opened}.")


def _body(update: Update) -> str:
    plan = update.plan
    lines = [f"The template goes from v{plan.current} to v{plan.version}.", ""]
    if update.settled:
        lines += ["In conflict, the team's side was taken; compare by hand:", ""]
        lines += [f"- `{path}`" for path in update.settled] + [""]
    if update.kept:
        lines += ["Kept as the team has it:", ""]
        lines += [_kept(kept) for kept in update.kept] + [""]
    return "\n".join(lines)


def _kept(kept: Kept) -> str:
    moved = f"; now at `{kept.renamed_to}`" if kept.renamed_to else ""
    return f"- `{kept.path}`: {kept.reason}{moved}"


def _warnings(plan: UpdatePlan) -> list[str]:
    if plan.source.startswith("/"):
        return [f"warning: the template is a directory of this machine, {plan.source}"]
    return []
