"""What the refs of the remote say: releases, environment branches, the main branch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monokeel.ground.answers import RemoteRef
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.settings import Settings, parse_settings
from monokeel.ground.version import nearest, newest_first
from monokeel.promotion.ports import Remote
from monokeel.promotion.records import Ledger
from monokeel.promotion.track_record import STALE, repairs, unfinished
from monokeel.release.versions import versions_of

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
ENVIRONMENTS = "env/"
_POLICY = "infra/platform.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """The remote at one moment: every value of the mappings is a peeled commit.

    *main* is the head of the default branch, *heads* those of all branches by name.
    *releases* goes by version, without prefix, and so does *tags*, the objects there;
    *branches* by name of the environment.
    """

    main: str
    releases: Mapping[str, str]
    branches: Mapping[str, str]
    heads: Mapping[str, str]
    tags: Mapping[str, RemoteRef] = field(default_factory=dict)

    def version_at(self, commit: str | None) -> str:
        """Return the highest version that is tagged at *commit*, else ``""``."""
        at = [version for version, sha in self.releases.items() if sha == commit]
        return newest_first(at)[0] if at else ""

    def require_release(self, version: str, settings: Settings) -> None:
        """Raise RefusedError, with the nearest ones, if *version* is no release."""
        if version in self.releases:
            return
        close = [settings.tag(each) for each in nearest(version, self.releases)]
        tag = settings.tag(version)
        if close:
            raise RefusedError(
                f"{tag} does not exist; nearest: {', '.join(close)}",
                fix="Promote one of these, or release the version first.",
            )
        raise RefusedError(
            f"{tag} does not exist; nothing was released yet",
            fix="Release it first: ./inv release",
        )

    def strays(self, settings: Settings) -> tuple[str, ...]:
        """Return the ``env/*`` branches of no environment, one line each."""
        known = names_on_github(settings)
        return tuple(
            f"{branch_of(name)} belongs to no environment: name it in"
            f' infra/platform.toml (or was = "{name}"), or delete it: git push origin'
            f" --delete {branch_of(name)}"
            for name in sorted(self.branches)
            if name not in known
        )


def read_remote(clone: Remote, local: Settings) -> tuple[Settings, Pointers]:
    """Return the policy on the default branch of the remote, and its pointers.

    *local* names that branch. Raises UsageError if the policy is not there.
    """
    objects = clone.remote_objects()
    refs = {name: at.commit for name, at in objects.items()}
    main = main_of(refs, local.default_branch)
    if clone.commit_of(main) is None:
        clone.fetch()
    settings = _policy_of(clone.file_at(main, _POLICY), main)
    pointers = pointers_of(refs, main=main, prefix=settings.tag_prefix)
    names = {
        version: f"{_TAGS}{settings.tag(version)}" for version in pointers.releases
    }
    tags = {version: objects[name] for version, name in names.items()}
    return settings, replace(pointers, tags=tags)


def branch_of(environment: str) -> str:
    """Return the branch of *environment*, such as ``env/prod``."""
    return f"{ENVIRONMENTS}{environment}"


def ref_of(environment: str) -> str:
    """Return the full ref of *environment*'s branch, ``refs/heads/env/prod``."""
    return f"{_HEADS}{branch_of(environment)}"


def names_on_github(settings: Settings) -> dict[str, str]:
    """Return name on GitHub → name of ours; GitHub cannot rename an Environment."""
    former = {each.was: each.name for each in settings.environments if each.was}
    return former | {each.name: each.name for each in settings.environments}


def main_of(refs: Mapping[str, str], default_branch: str) -> str:
    """Return the head of *default_branch* in *refs* (full name → commit).

    Raises UsageError if the remote has no such branch.
    """
    main = refs.get(f"{_HEADS}{default_branch}")
    if main is None:
        raise UsageError(
            f"the remote has no branch {default_branch!r}",
            fix="Push it first, or correct default_branch in infra/platform.toml.",
        )
    return main


def descends(
    is_ancestor: Callable[[str, str], bool], ancestor: str | None, commit: str | None
) -> bool | None:
    """Say whether *ancestor* is in the history of *commit*; ``None``: cannot tell."""
    if ancestor is None or commit is None:
        return None
    try:
        return is_ancestor(ancestor, commit)
    except ServiceError:
        return None


def pointers_of(refs: Mapping[str, str], *, main: str, prefix: str) -> Pointers:
    """Return the pointers in *refs* (full name → peeled commit).

    *prefix* is that of release tags; other tags are left out.
    """
    start = f"{_HEADS}{ENVIRONMENTS}"
    tags = [ref.removeprefix(_TAGS) for ref in refs if ref.startswith(_TAGS)]
    return Pointers(
        main=main,
        releases={
            version: refs[f"{_TAGS}{tag}"]
            for version, tag in versions_of(tags, prefix=prefix).items()
        },
        branches={
            ref.removeprefix(start): commit
            for ref, commit in refs.items()
            if ref.startswith(start)
        },
        heads={
            ref.removeprefix(_HEADS): commit
            for ref, commit in refs.items()
            if ref.startswith(_HEADS)
        },
    )


def pointer_drift(
    pointers: Pointers, ledger: Ledger, environment: str, now: datetime
) -> tuple[str, ...]:
    """Return what is wrong with the branch of *environment*, one line each.

    *ledger* is as GitHub has it, without repairs. Before the first promotion there is
    nothing to be wrong; a branch that vanished after one is.
    """
    branch = branch_of(environment)
    commit = pointers.branches.get(environment)
    last = ledger.last(environment)
    again = f"./inv promote --env {environment} --version"
    if commit is None:
        if last is None:
            return ()
        restore = f"{again} {last.version}"
        return (
            f"{branch} is gone; the last record there is {last.version}: {restore}",
        )
    found = []
    version = pointers.version_at(commit)
    if not version:
        back = f"; back: {again} {last.version} --rollback" if last is not None else ""
        found.append(f"{branch} is at {commit[:12]}, which is no release{back}")
    stale = [
        record
        for record in unfinished(ledger, environment)
        if now - record.created_at > STALE or record.sha == commit
    ]
    recorded = [*stale, *([last] if last is not None else [])]
    if commit not in [record.sha for record in recorded]:
        found.append(f"{branch} moved to {version or commit[:12]} without a record")
    settled = f": {again} {version} settles it" if version else ""
    found += [
        f"record {each.id} ({each.version}) is unfinished{settled}" for each in stale
    ]
    owed = [each for each in repairs(ledger, environment, commit, now) if each.is_mark]
    found += [
        f"record {each.record.id} ({each.record.version}) is not marked"
        f" {each.description!r} yet{settled}"
        for each in owed
    ]
    return tuple(found)


def _policy_of(text: str | None, main: str) -> Settings:
    if text is None:
        raise UsageError(
            f"{_POLICY} is not on the default branch ({main[:12]})",
            fix="Merge it first: the rules of promotion are read from there.",
        )
    return parse_settings(text)
