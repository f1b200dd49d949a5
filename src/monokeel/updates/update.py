"""Bring a newer template in on a branch, and lose nobody's edit.

First the plan: which version, with which answers, and may it go ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.version import is_newer
from monokeel.updates.edits import (
    ANSWERS_FILE,
    Kept,
    Render,
    changed_answers,
    edits,
    losses,
    newest,
    strays,
)
from monokeel.updates.offer import Template, Tree, released_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asks for: a version (the newest if empty), and new answers."""

    version: str = ""
    answers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """An update that may go ahead: from where to where, and what the team edited.

    *mine* is path → content (``None``: deleted); *rejects* were in conflict before.
    """

    source: str
    current: str
    version: str
    branch: str
    answers: Mapping[str, Json]
    old: Render
    new: Render
    mine: Mapping[str, bytes | None]
    rejects: frozenset[str]

    @property
    def tag(self) -> str:
        """The tag of the new version, such as ``v1.4.0``."""
        return f"v{self.version}"


def plan_update(tree: Tree, template: Template, wanted: Wanted) -> UpdatePlan | None:
    """Return the update to *wanted*, ``None`` if the repository is there already.

    Changes nothing. Raises RefusedError when the tree is not clean, the branch exists,
    the version is older, or the new version would answer a question otherwise.
    """
    recorded = template.recorded()
    current = released_version(recorded)
    _refuse_relative(recorded.source)
    version = _choose(template, wanted.version, current)
    if is_newer(current, version):
        raise RefusedError(
            f"v{version} is older than v{current}, which is here",
            fix="Templates are not downgraded: git revert the update instead.",
        )
    if version == current and not wanted.answers:
        return None
    branch = f"template/v{version}" + ("-answers" if version == current else "")
    tree.branch()  # there must be one to come back to
    _refuse_unready(tree, branch)
    answers = {**recorded.answers, **_known(template, version, wanted.answers)}
    old = template.render(f"v{current}", recorded.answers)
    new = template.render(f"v{version}", answers)
    _refuse_changed(version, answers, new)
    here = tree.read({*old.files, *new.files})
    return UpdatePlan(
        source=template.address(),
        current=current,
        version=version,
        branch=branch,
        answers=answers,
        old=old,
        new=new,
        mine=edits(here, old, new),
        rejects=frozenset(tree.conflicts()),
    )


def _choose(template: Template, wanted: str, current: str) -> str:
    tags = template.versions()
    version = wanted.removeprefix("v") or newest(tags)
    for needed in (version, current):
        if needed is None or f"v{needed}" not in tags:
            known = ", ".join(tags[-5:]) or "none"
            raise UsageError(
                f"the template at {template.address()} has no version"
                f" {needed or 'at all'}",
                fix=f"Its newest versions are: {known}. A repository is updated from"
                " the template that it was made from, or from a copy of it.",
            )
    return version or current


def _known(
    template: Template, version: str, answers: Mapping[str, Json]
) -> Mapping[str, Json]:
    asked = template.questions(f"v{version}") if answers else frozenset()
    for name in answers:
        if name not in asked:
            raise UsageError(
                f"the template has no question {name!r}",
                fix=f"Choose one of: {', '.join(sorted(asked))}.",
            )
    return answers


def _refuse_relative(source: str) -> None:
    if source.startswith(".") or source == "":
        raise UsageError(
            f"{ANSWERS_FILE} names a relative path as its template: {source!r}",
            fix="Write the address there, https://github.com/OWNER/monokeel.git.",
        )


def _refuse_unready(tree: Tree, branch: str) -> None:
    problems, fixes = [], []
    if not tree.is_clean():
        problems.append("there are changes that are not committed")
        fixes.append("Commit or stash them (git status lists them).")
    if tree.has_branch(branch):
        problems.append(f"branch {branch} is there already")
        fixes.append(f"Merge it, or delete it: git branch -D {branch}")
    if problems:
        raise RefusedError("; ".join(problems), fix=" ".join(fixes))


def _refuse_changed(version: str, answers: Mapping[str, Json], new: Render) -> None:
    changed = changed_answers(answers, new.answers)
    if changed:
        raise RefusedError(
            f"v{version} would change answers unasked: {', '.join(changed)}",
            fix="Give them anew: ./inv template.update --answer NAME=VALUE",
        )


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
            f"conflicts on {update.plan.branch}: {len(update.conflicts)}",
            fix="Resolve them, then: git add --all && git commit. To give up: git reset"
            " --hard && git clean --force -d && git checkout - && git branch -D"
            f" {update.plan.branch}",
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


def _kept_lines(update: Update) -> list[str]:
    lines = [f"Kept {kept.path}: {kept.reason}." for kept in update.kept]
    lines += [f"Kept {path}: in conflict with the template." for path in update.settled]
    return lines
