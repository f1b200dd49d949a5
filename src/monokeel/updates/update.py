"""Bring a newer template in on a branch, and lose nobody's edit.

The plan is the whole update as a value; one commit, and one branch that moves to it,
carry it out. Nothing of the new version runs before somebody has merged it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.updates import records
from monokeel.updates.merge import File, MergedTree, Render, Sides, Tree, merge_sides
from monokeel.updates.ports import Repository, Template, Versions
from monokeel.updates.records import ANSWERS_FILE, OPEN_FILE, Leftovers, as_ref
from monokeel.updates.verify import MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateChoice:
    """What the user asks for: a version (or the newest), or new answers alone."""

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
    merged: MergedTree
    open: Leftovers
    changed: Mapping[str, File | None]

    @property
    def ref(self) -> str:
        """The ref of the new version, such as ``v1.4.0``."""
        return as_ref(self.version)

    @property
    def title(self) -> str:
        """The subject of the commit, which the pull request has for title."""
        return f"chore(template): update to {self.ref}"


def plan_update(
    repository: Repository, template: Template, choice: UpdateChoice
) -> UpdatePlan | None:
    """Return the update to *choice*, ``None`` if the repository is there already.

    Changes nothing. Raises RefusedError when the version is older, the branch holds
    somebody's work, the new version would answer a question otherwise, or the recorded
    one is not what is here: all that it got since would be lost.
    """
    head, recorded = repository.head(), template.recorded()
    written = repository.files(head, [OPEN_FILE, ANSWERS_FILE, MANIFEST])
    listed = written.get(OPEN_FILE)
    left = records.parse_leftovers(listed.content if listed else None)
    current, version = _choose(template, choice)
    nothing_new = version == current and not choice.answers and not left
    if nothing_new and ANSWERS_FILE in written:
        return None
    branch = f"template/{as_ref(version)}" + "-answers" * (version == current)
    answers = {**recorded.answers, **choice.answers}
    old = template.render(as_ref(current), recorded.answers)
    if MANIFEST not in left and _is_moved(repository, written, old.files):
        raise _moved(f"{as_ref(current)} of {template.address()}")
    new = template.render(as_ref(version), answers)
    # An answer that became another one; a question that is gone is none.
    kept = {x: y for x, y in recorded.answers.items() if x not in choice.answers}
    if other := [x for x, y in kept.items() if new.answers.get(x, y) != y]:
        problem = f"{as_ref(version)} would change answers unasked: {', '.join(other)}"
        fix = "Give them anew: ./inv template.update --answer NAME=VALUE"
        raise RefusedError(problem, fix=fix)
    sides = _sides(repository, template, head, (old, new), left)
    merged = merge_sides(sides, repository.merge)
    left = records.still_open(merged.left, left, current=current, version=version)
    return UpdatePlan(
        source=template.address(),
        current=current,
        version=version,
        branch=branch,
        head=head,
        before=_usable(repository, branch, head),
        old=old,
        new=new,
        merged=merged,
        open=left,
        changed={**merged.changes, **_records_of(new, left, written)},
    )


def commit_update(plan: UpdatePlan, repository: Repository) -> str | None:
    """Return the commit of *plan*, the same if it is there; ``None`` for no change."""
    if not plan.changed:
        return None
    commit = repository.commit(plan.head, plan.changed, commit_message(plan))
    if plan.before is not None and repository.same_files(commit, plan.before):
        return plan.before
    return commit


def commit_message(plan: UpdatePlan) -> str:
    """Return the message of the update's commit: what was left stands in the body."""
    body = [f"Not taken: {each.path}: {each.reason}." for each in plan.merged.left]
    body += [f"{sentence}." for sentence in plan.merged.pins]
    return "\n".join([plan.title, *([""] if body else []), *body]) + "\n"


def require_taken(plan: UpdatePlan) -> None:
    """Raise RefusedError while something of the new version was not taken."""
    if plan.open:
        rest = f"The rest is on branch {plan.branch}. " if plan.changed else ""
        raise RefusedError(
            f"not everything of {plan.ref} was taken, files: {len(plan.open)}",
            fix=f"{rest}Take what is listed by hand, or decline it: delete its line in"
            f" {OPEN_FILE}, and commit. The next update offers again what is left.",
        )


def choose_version(template: Versions, wanted: str = "") -> tuple[str, str]:
    """Return the version here, and *wanted*, which is the newest one if it is empty.

    Raises RefusedError when the one here is none, or is gone from the template,
    UsageError when it has no *wanted*, and ServiceError when it shows none at all.
    """
    recorded = template.recorded()
    current = records.version_of(recorded.commit)
    if current is None:
        raise RefusedError(
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
        raise RefusedError(
            f"the template at {where} has no {recorded.commit} any more, from which"
            " this repository was made",
            fix="Ask its owners for it, name a copy that has it (--source), or set"
            f" _commit in {ANSWERS_FILE} to the release it came from.",
        )
    if version not in known:
        listed = ", ".join(map(as_ref, known[-5:]))
        fix = f"Its newest versions are: {listed}."
        raise UsageError(f"the template at {where} has no {as_ref(version)}", fix=fix)
    return current, version


def _choose(template: Template, choice: UpdateChoice) -> tuple[str, str]:
    current, version = choose_version(template, choice.version.removeprefix("v"))
    if choice.answers and not choice.version:
        version = current
    if version != current and not records.precedes(current, version):
        problem = f"{as_ref(version)} is older than {as_ref(current)}, which is here"
        fix = "Templates are not downgraded: git revert the update instead."
        raise RefusedError(problem, fix=fix)
    asked = template.questions(as_ref(version)) if choice.answers else frozenset()
    for name in choice.answers:
        if name not in asked:
            fix = f"Choose one of: {', '.join(sorted(asked))}."
            raise UsageError(f"the template has no question {name!r}", fix=fix)
    return current, version


def _is_moved(repository: Repository, here: Tree, there: Tree) -> bool:
    """Say whether a file is as the manifest *here* has it, and not as the tag's.

    A manifest that was edited alone fits no file, and is merged like any other.
    """
    mine, its = (
        {line.strip(b" \r,") for line in tree[MANIFEST].content.split(b"\n")}
        if MANIFEST in tree
        else set[bytes]()
        for tree in (here, there)
    )
    if mine <= its:
        return False
    listed = repository.listed(repository.head()).items()
    return any(f'"{path}": "{blob}"'.encode() in mine - its for path, blob in listed)


def _moved(release: str) -> RefusedError:
    problem = f"{release} is not what is here: its tag was moved"
    fix = "Ask its owners for the tag of before. Or take the files that ./inv"
    fix += f" template.verify names as they are there, {MANIFEST} too, and commit."
    return RefusedError(problem, fix=fix)


def _usable(repository: Repository, branch: str, head: str) -> str | None:
    """Return where *branch* is; RefusedError if it holds somebody's work."""
    before = repository.branch(branch)
    mergeable = before is None or repository.is_part_of(before, head)
    if before is not None and not mergeable and not repository.is_ours(before):
        problem = f"branch {branch} is there already, with commits of somebody else"
        fix = f"Merge it, or delete it: git branch -D {branch}"
        raise RefusedError(problem, fix=fix)
    return before


def _records_of(new: Render, left: Leftovers, written: Tree) -> dict[str, File | None]:
    """Return the answers and what is open, which are written and never merged."""
    text = records.leftovers_text(left)
    listed = None if text is None else File(content=text)
    own = {ANSWERS_FILE: new.files[ANSWERS_FILE], OPEN_FILE: listed}
    return {path: file for path, file in own.items() if file != written.get(path)}


def _sides(
    repository: Repository,
    template: Template,
    head: str,
    renders: tuple[Render, Render],
    left: Leftovers,
) -> Sides:
    """Return what is merged; files of *left* are as they were last taken in full."""
    old, new = renders
    taken = {path: file for path, file in old.files.items() if path not in left}
    answers = template.recorded().answers
    for base in sorted({each.base for each in left.values()}):
        files = template.render(as_ref(base), answers).files
        ours = {path for path, each in left.items() if each.base == base}
        taken.update((path, files[path]) for path in ours & files.keys())
    paths = {*taken, *new.files} - {ANSWERS_FILE}
    return Sides(
        team=repository.files(head, paths),
        old={path: taken[path] for path in paths & taken.keys()},
        new={path: new.files[path] for path in paths & new.files.keys()},
        seeds=template.seeds(new.ref, paths),
        renamed=template.renamed(old, new),
        paths=repository.listed(head).keys(),
    )
