"""Bring a newer template in on a branch, and lose nobody's edit.

The plan is the whole update as a value, made from commits and renders alone. What
carries it out is one commit, and one branch that moves to it: no file that is checked
out changes, and nothing of the new version runs before somebody has merged it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.version import is_newer
from monokeel.updates.edits import (
    ANSWERS_FILE,
    Recorded,
    Render,
    changed_answers,
    newest,
)
from monokeel.updates.leftovers import (
    OPEN_FILE,
    Leftovers,
    leftovers_text,
    parse_leftovers,
    still_open,
)
from monokeel.updates.merge import File, Outcome, Sides, Tree, merge_sides
from monokeel.updates.offer import released_version
from monokeel.updates.ports import Repository, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asks for: a version (the newest if empty), and new answers.

    With answers alone the version stays.
    """

    version: str = ""
    answers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """An update that may go ahead: from where to where, and what it changes.

    *changed* is path → file (``None``: deleted), with everything the commit needs.
    *head* is the commit it is made on, *before* where its branch is now.
    """

    source: str
    current: str
    version: str
    branch: str
    head: str
    before: str | None
    old: Render
    new: Render
    outcome: Outcome
    open: Leftovers
    changed: Mapping[str, File | None]

    @property
    def tag(self) -> str:
        """The tag of the new version, such as ``v1.4.0``."""
        return f"v{self.version}"

    @property
    def title(self) -> str:
        """The subject of the commit, which the pull request has for title."""
        return f"chore(template): update to {self.tag}"


def plan_update(
    repository: Repository, template: Template, wanted: Wanted
) -> UpdatePlan | None:
    """Return the update to *wanted*, ``None`` if the repository is there already.

    Changes nothing. Raises RefusedError when the version is older, the branch holds
    somebody's work, or the new version would answer a question otherwise.
    """
    head = repository.head()
    recorded = template.recorded()
    current = _released(recorded)
    version = _choose(template, wanted, current)
    left = parse_leftovers(_content(repository.files(head, [OPEN_FILE])))
    if version == current and not wanted.answers and not left:
        return None
    branch = f"template/v{version}" + ("-answers" if version == current else "")
    answers = {**recorded.answers, **_known(template, version, wanted.answers)}
    old = template.render(f"v{current}", recorded.answers)
    new = template.render(f"v{version}", answers)
    _refuse_changed(version, answers, new)
    taken = _taken_last(template, old, left, recorded.answers)
    paths = {*taken, *new.files}
    here = repository.files(head, {*paths, OPEN_FILE, ANSWERS_FILE})
    sides = Sides(
        team=here,
        old=_merged(taken),
        new=_merged(new.files),
        seeds=template.seeds(f"v{version}", paths),
        renamed=template.renamed(old, new),
    )
    outcome = merge_sides(sides, repository.merge)
    left = still_open(outcome.left, left, current=current, version=version)
    return UpdatePlan(
        source=template.address(),
        current=current,
        version=version,
        branch=branch,
        head=head,
        before=_usable(repository, branch, head),
        old=old,
        new=new,
        outcome=outcome,
        open=left,
        changed=_with_records(outcome, here, new, leftovers_text(left)),
    )


def carry_out(plan: UpdatePlan, repository: Repository) -> str | None:
    """Return the commit of *plan*, on no branch yet; ``None`` when nothing changes.

    The same plan carried out before is that commit again.
    """
    if not plan.changed:
        return None
    commit = repository.commit(plan.head, plan.changed, commit_message(plan))
    if plan.before is not None and repository.same_files(commit, plan.before):
        return plan.before
    return commit


def commit_message(plan: UpdatePlan) -> str:
    """Return the message of the update's commit: what was left stands in the body."""
    lines = [plan.title]
    if plan.outcome.left or plan.outcome.pins:
        lines += ["", *(f"Not taken: {e.path}: {e.reason}." for e in plan.outcome.left)]
        lines += [f"{sentence}." for sentence in plan.outcome.pins]
    return "\n".join(lines) + "\n"


def require_taken(plan: UpdatePlan) -> None:
    """Raise RefusedError while something of the new version was not taken."""
    if plan.open:
        raise RefusedError(
            f"not everything of {plan.tag} was taken, files: {len(plan.open)}",
            fix=f"The rest is on branch {plan.branch}. Take what is listed by hand, or"
            f" decline it: delete its line in {OPEN_FILE}. The next update offers again"
            " what is left.",
        )


def _choose(template: Template, wanted: Wanted, current: str) -> str:
    tags = template.versions()
    version = wanted.version.removeprefix("v")
    if not version:
        version = current if wanted.answers else newest(tags) or ""
    for needed in (version, current):
        if f"v{needed}" not in tags:
            known = ", ".join(tags[-5:]) or "none"
            raise UsageError(
                f"the template at {template.address()} has no version"
                f" {needed or 'at all'}",
                fix=f"Its newest versions are: {known}. A repository is updated from"
                " the template that it was made from, or from a copy of it.",
            )
    if is_newer(current, version):
        raise RefusedError(
            f"v{version} is older than v{current}, which is here",
            fix="Templates are not downgraded: git revert the update instead.",
        )
    return version


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


def _released(recorded: Recorded) -> str:
    """Return the recorded version; a relative source would be another one elsewhere."""
    if recorded.source.startswith(".") or recorded.source == "":
        raise UsageError(
            f"{ANSWERS_FILE} names a relative path as its template:"
            f" {recorded.source!r}",
            fix="Write the address there, https://github.com/OWNER/monokeel.git.",
        )
    return released_version(recorded)


def _usable(repository: Repository, branch: str, head: str) -> str | None:
    """Return where *branch* is; RefusedError if it holds somebody's work."""
    before = repository.branch(branch)
    if before is None or repository.is_part_of(before, head):
        return before
    if not repository.is_ours(before):
        raise RefusedError(
            f"branch {branch} is there already, with commits of somebody else",
            fix=f"Merge it, or delete it: git branch -D {branch}",
        )
    return before


def _refuse_changed(version: str, answers: Mapping[str, Json], new: Render) -> None:
    changed = changed_answers(answers, new.answers)
    if changed:
        raise RefusedError(
            f"v{version} would change answers unasked: {', '.join(changed)}",
            fix="Give them anew: ./inv template.update --answer NAME=VALUE",
        )


def _taken_last(
    template: Template, old: Render, left: Leftovers, answers: Mapping[str, Json]
) -> Tree:
    """Return the old render, with files of *left* as they were last taken in full."""
    taken = dict(old.files)
    for base in sorted({each.base for each in left.values()}):
        files = template.render(f"v{base}", answers).files
        for path, each in left.items():
            if each.base == base:
                taken.pop(path, None)
                taken.update({path: files[path]} if path in files else {})
    return taken


def _with_records(
    outcome: Outcome, here: Tree, new: Render, leftovers: bytes | None
) -> Mapping[str, File | None]:
    """Return the changes with the answers and what is open, which are never merged."""
    changed = dict(outcome.changes)
    if new.files[ANSWERS_FILE] != here.get(ANSWERS_FILE):
        changed[ANSWERS_FILE] = new.files[ANSWERS_FILE]
    wanted = None if leftovers is None else File(content=leftovers)
    if wanted != here.get(OPEN_FILE):
        changed[OPEN_FILE] = wanted
    return changed


def _merged(files: Tree) -> Tree:
    """Return what is merged of *files*: the answers are written, not merged."""
    return {path: file for path, file in files.items() if path != ANSWERS_FILE}


def _content(files: Tree) -> bytes | None:
    return next((file.content for file in files.values()), None)
