"""Bring a newer template in on a branch, and lose nobody's edit."""

from dataclasses import dataclass, replace

from monokeel.commands.template.needs import Template, Tree
from monokeel.commands.template.plan import UpdatePlan
from monokeel.core.report import Report, Section, Table
from monokeel.core.upgrade import Kept, Recorded, losses, strays
from monokeel.errors import RefusedError, ServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update did; *commit* is ``None`` while conflicts wait for somebody.

    *settled* are the conflicts that were decided for the team's side.
    """

    plan: UpdatePlan
    changed: tuple[str, ...]
    conflicts: tuple[str, ...]
    settled: tuple[str, ...]
    kept: tuple[Kept, ...]
    commit: str | None = None


def carry_out(
    plan: UpdatePlan, tree: Tree, template: Template, *, settle: bool
) -> Update:
    """Update on the plan's branch, put back what would be lost, and commit.

    With conflicts nothing is committed; with *settle* each goes to the team's side
    and is listed. A failure leaves the tree as it was, on the branch it was on.
    """
    before = tree.branch()
    tree.start_branch(plan.branch)
    finished = False
    try:
        template.apply(plan.tag, plan.answers)
        update = _settle(plan, tree, template, settle=settle)
        if update.changed and not update.conflicts:
            update = replace(update, commit=tree.commit(commit_message(update)))
        finished = bool(update.changed)
    finally:  # also for an interrupt: a half update is nobody's
        if not finished:
            _undo(plan, tree, before)
    return update


def title_of(update: Update) -> str:
    """Return the subject of the commit, which the pull request has for title."""
    return f"chore(template): update to {update.plan.tag}"


def commit_message(update: Update) -> str:
    """Return the message of the update's commit: what was kept stands in the body."""
    lines = [title_of(update)]
    if update.kept or update.settled:
        lines += ["", *_kept_lines(update)]
    return "\n".join(lines) + "\n"


def require_settled(update: Update) -> None:
    """Raise RefusedError while *update* has conflicts."""
    if update.conflicts:
        raise RefusedError(
            f"{len(update.conflicts)} file(s) in conflict on {update.plan.branch}",
            fix="Resolve them, then: git add --all && git commit. To give up: git reset"
            " --hard && git clean --force -d && git checkout - && git branch -D"
            f" {update.plan.branch}",
        )


def update_report(update: Update, *more: str) -> Report:
    """Return the report of *update*; *more* lines say what became of it."""
    plan = update.plan
    lines = ["nothing changes, so there is no branch"]
    if update.changed:
        lines = [f"branch {plan.branch}, {len(update.changed)} file(s) changed"]
    lines += [f"commit {update.commit}"] if update.commit else []
    lines += _warnings(plan) + list(more)
    sections = [Section(heading="", lines=tuple(lines))]
    if update.conflicts:
        sections.append(Section(heading="In conflict", lines=update.conflicts))
    if update.settled:
        heading = "In conflict: the team's side was taken, compare by hand"
        sections.append(Section(heading=heading, lines=update.settled))
    if update.kept:
        rows = tuple((k.path, k.reason, k.renamed_to or "") for k in update.kept)
        table = Table(("file", "what would have happened", "now at"), rows)
        sections.append(Section(heading="Kept as the team has it", table=table))
    return Report(
        headline=f"Template v{plan.current} -> v{plan.version}",
        sections=tuple(sections),
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


def proposed_report(plan: UpdatePlan, number: int) -> Report:
    """Return the report of an update whose pull request *number* is open already."""
    return Report(
        headline=f"Template v{plan.current} -> v{plan.version}: #{number} is open",
        data={"verdict": "proposed", "version": plan.version, "pull_request": number},
    )


def _settle(
    plan: UpdatePlan, tree: Tree, template: Template, *, settle: bool
) -> Update:
    conflicts = sorted(tree.conflicts() - plan.rejects)
    settled = []
    if settle:
        for path in conflicts:
            team = plan.mine.get(path)
            if team is not None:
                tree.restore(path, team)
                tree.drop_rejects(path)
                settled.append(path)
    open_conflicts = [path for path in conflicts if path not in settled]
    mine = {p: team for p, team in plan.mine.items() if p not in conflicts}
    here = tree.read({*plan.old.files, *plan.new.files})
    lost = list(losses(mine, here, plan.old, plan.new, template.merge))
    renamed = template.renamed(plan.old, plan.new) if lost else {}
    for each in lost:
        team = mine[each.path]
        if team is None:
            tree.remove(each.path)
        else:
            tree.restore(each.path, team)
            tree.drop_rejects(each.path)
    _require_faithful(plan, tree)
    return Update(
        plan=plan,
        changed=tree.changed_paths(),
        conflicts=tuple(open_conflicts),
        settled=tuple(settled),
        kept=tuple(replace(k, renamed_to=renamed.get(k.path)) for k in lost),
    )


def _require_faithful(plan: UpdatePlan, tree: Tree) -> None:
    here = tree.read({*plan.old.files, *plan.new.files})
    wrong = strays(plan.mine, here, plan.old, plan.new)
    if wrong:
        raise ServiceError(
            f"files that nobody edited came out wrong: {', '.join(wrong)}",
            fix="This is a bug in Monokeel or in Copier: please report it.",
        )


def _undo(plan: UpdatePlan, tree: Tree, before: str) -> None:
    tree.give_up(plan.branch, back_to=before)
    here = tree.read(plan.mine)
    for path, team in plan.mine.items():  # what Git ignores came in no commit
        if team is not None and here.get(path) != team:
            tree.restore(path, team)


def _warnings(plan: UpdatePlan) -> list[str]:
    if plan.source.startswith("/"):
        return [f"warning: the template is a directory of this machine, {plan.source}"]
    return []


def _kept_lines(update: Update) -> list[str]:
    lines = [f"Kept {kept.path}: {kept.reason}." for kept in update.kept]
    lines += [f"Kept {path}: in conflict with the template." for path in update.settled]
    return lines
