"""What the refs of the remote say: releases, environment branches, the main branch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import TypeVar

from monokeel.ground.answers import RemoteRef
from monokeel.ground.clone import Clone
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.ground.version import nearest, newest_first
from monokeel.release.versions import versions_of

T = TypeVar("T")
_HEADS = "refs/heads/"
_POLICY = "infra/platform.toml"
_KEY = " (with the deploy key: docs/OPERATIONS.md, GitOps Environment Recovery, 5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """The remote at one moment: every value is a commit, but those of *tags*.

    *settings* is the policy on the default branch, *main* its head, *heads* are all by
    name. *tags* go by version without prefix, *branches* by environment.
    """

    settings: Settings
    main: str
    branches: Mapping[str, str]
    heads: Mapping[str, str]
    tags: Mapping[str, RemoteRef]

    @property
    def releases(self) -> dict[str, str]:
        """Version without prefix → commit, of every tag of a version."""
        return {version: at.commit for version, at in self.tags.items()}

    def version_at(self, commit: str | None) -> str:
        """Return the highest version that is tagged at *commit*, else ``""``."""
        at = [version for version, sha in self.releases.items() if sha == commit]
        return newest_first(at)[0] if at else ""

    @property
    def names(self) -> dict[str, str]:
        """Name on GitHub → name of ours; GitHub cannot rename an Environment."""
        environments = self.settings.environments
        former = {each.was: each.name for each in environments if each.was}
        return former | {each.name: each.name for each in environments}

    def require_release(self, version: str) -> None:
        """Raise RefusedError, with the nearest ones, if *version* is no release."""
        if version in self.tags:
            return
        known, fix = "nothing was released yet", "Release it first: ./inv release"
        tag = self.settings.tag
        if close := ", ".join(map(tag, nearest(version, self.tags))):
            known = f"nearest: {close}"
            fix = "Promote one of these, or release the version first."
        raise RefusedError(f"{tag(version)} does not exist; {known}", fix=fix)

    def in_the_way(self, branch: str) -> str:
        """Return what git cannot have beside it, as ``env`` or ``env/x/y``; else ""."""
        for name in self.heads:
            if branch.startswith(f"{name}/") or name.startswith(f"{branch}/"):
                return name
        return ""

    def strays(self) -> Iterator[str]:
        """Yield the ``env/*`` branches of no environment, one line each."""
        for name in sorted(self.branches):
            here, ours = branch_of(name), self.names.get(name, "")
            said = "belongs to no environment: name it in infra/platform.toml"
            said += f' (or was = "{name}"), or delete it'
            if ours:
                said = f"is the former branch of {ours} and moves no more: once nothing"
                said += " follows it"
            there = f"git@github.com:{self.settings.repository}.git"
            if not ours or (ours != name and ours in self.branches):
                yield f"{here} {said}: git push {there} --delete {quote(here)}{_KEY}"


def read_remote(clone: Clone, local: Settings) -> Pointers:
    """Return what the refs of the remote say, beside the policy on its default branch.

    *local* names that branch. Raises UsageError if it, or the policy, is not there.
    """
    refs = clone.remote_objects()
    at = refs.get(f"{_HEADS}{local.default_branch}")
    if at is None:
        fix = "Push it first, or correct default_branch in infra/platform.toml."
        raise UsageError(f"the remote has no branch {local.default_branch!r}", fix=fix)
    if clone.commit_of(at.commit) is None:
        clone.fetch()
    text = clone.file_at(at.commit, _POLICY)
    if text is None:
        problem = f"{_POLICY} is not on the default branch ({at.commit[:12]})"
        fix = "Merge it first: the rules of promotion are read from there."
        raise UsageError(problem, fix=fix)
    settings, tags = parse_settings(text), _below("refs/tags/", refs)
    heads = {name: at.commit for name, at in _below(_HEADS, refs).items()}
    named = versions_of(tags, prefix=settings.tag_prefix).items()
    return Pointers(
        settings=settings,
        main=at.commit,
        branches=_below(branch_of(""), heads),
        heads=heads,
        tags={version: tags[tag] for version, tag in named},
    )


def back_command(environment: str, version: str = "") -> str:
    """Return the command that rolls *environment* back, its reason left open."""
    to = f" --version {version}" if version else ""
    return f'./inv promote --env {environment} --rollback{to} --reason "why"'


def branch_of(environment: str) -> str:
    """Return the branch of *environment*, such as ``env/prod``."""
    return f"env/{environment}"


def _below(start: str, refs: Mapping[str, T]) -> dict[str, T]:
    below = (ref for ref in refs if ref.startswith(start))
    return {ref.removeprefix(start): refs[ref] for ref in below}
