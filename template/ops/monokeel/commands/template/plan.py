"""Plan an update: which version, with which answers, and may it go ahead."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monokeel.commands.template.check import released_version
from monokeel.commands.template.needs import Template, Tree
from monokeel.core.lookup import Json
from monokeel.core.upgrade import (
    ANSWERS_FILE,
    Render,
    changed_answers,
    edits,
    is_newer,
    newest,
)
from monokeel.errors import CommandError, RefusedError


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
            raise CommandError(
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
            raise CommandError(
                f"the template has no question {name!r}",
                fix=f"Choose one of: {', '.join(sorted(asked))}.",
            )
    return answers


def _refuse_relative(source: str) -> None:
    if source.startswith(".") or source == "":
        raise CommandError(
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
