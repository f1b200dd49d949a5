"""What the refs of the remote say: releases, environment branches, the main branch."""

from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

from monokeel.ground.answers import RemoteRef
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.ground.version import nearest, newest_first
from monokeel.promotion.ports import Remote
from monokeel.release.versions import versions_of

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
ENVIRONMENTS = "env/"
_POLICY = "infra/platform.toml"
_KEY = " (with the deploy key: docs/OPERATIONS.md, GitOps Environment Recovery, 5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """The remote at one moment: every value of the mappings is a peeled commit.

    *settings* is the policy on the default branch, *main* its head, *heads* are all by
    name. *releases* goes by version without prefix, and so does *tags*, the objects;
    *branches* by environment.
    """

    settings: Settings
    main: str
    releases: Mapping[str, str]
    branches: Mapping[str, str]
    heads: Mapping[str, str]
    tags: Mapping[str, RemoteRef]

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
        if version in self.releases:
            return
        known, fix = "nothing was released yet", "Release it first: ./inv release"
        tag = self.settings.tag
        if close := ", ".join(map(tag, nearest(version, self.releases))):
            known = f"nearest: {close}"
            fix = "Promote one of these, or release the version first."
        raise RefusedError(f"{tag(version)} does not exist; {known}", fix=fix)

    def in_the_way(self, environment: str) -> str:
        """Return what git cannot have beside it, as ``env`` or ``env/x/y``; else ""."""
        branch = branch_of(environment)
        for name in self.heads:
            if branch.startswith(f"{name}/") or name.startswith(f"{branch}/"):
                return name
        return ""

    def strays(self) -> tuple[str, ...]:
        """Return the ``env/*`` branches of no environment, one line each."""
        known, lines = self.names, []
        for name in sorted(self.branches):
            here, ours = branch_of(name), known.get(name, "")
            if ours == name or (ours and ours not in self.branches):
                continue
            said = "belongs to no environment: name it in infra/platform.toml"
            said += f' (or was = "{name}"), or delete it'
            if ours:
                said = f"is the former branch of {ours} and moves no more: once nothing"
                said += " follows it"
            there = f"git@github.com:{self.settings.repository}.git"
            lines.append(
                f"{here} {said}: git push {there} --delete {quote(here)}{_KEY}"
            )
        return tuple(lines)


def read_remote(clone: Remote, local: Settings) -> Pointers:
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
    return pointers_of(refs, main=at.commit, settings=parse_settings(text))


def back_command(environment: str, version: str = "") -> str:
    """Return the command that rolls *environment* back, its reason left open."""
    to = f" --version {version}" if version else ""
    return f'./inv promote --env {environment} --rollback{to} --reason "why"'


def branch_of(environment: str) -> str:
    """Return the branch of *environment*, such as ``env/prod``."""
    return f"{ENVIRONMENTS}{environment}"


def ref_of(environment: str) -> str:
    """Return the full ref of *environment*'s branch, ``refs/heads/env/prod``."""
    return f"{_HEADS}{branch_of(environment)}"


def pointers_of(
    refs: Mapping[str, RemoteRef], *, main: str, settings: Settings
) -> Pointers:
    """Return the pointers in *refs*, which go by full name."""
    heads, tags = _below(_HEADS, refs), _below(_TAGS, refs)
    versions = versions_of(tags, prefix=settings.tag_prefix)
    return Pointers(
        settings=settings,
        main=main,
        releases={version: tags[tag].commit for version, tag in versions.items()},
        branches={name: at.commit for name, at in _below(ENVIRONMENTS, heads).items()},
        heads={name: at.commit for name, at in heads.items()},
        tags={version: tags[tag] for version, tag in versions.items()},
    )


def _below(start: str, refs: Mapping[str, RemoteRef]) -> dict[str, RemoteRef]:
    below = (ref for ref in refs if ref.startswith(start))
    return {ref.removeprefix(start): refs[ref] for ref in below}
