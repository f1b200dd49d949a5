"""The settings of the repository that would undo what the rules protect."""

from collections.abc import Iterator, Sequence

from monokeel.drift.ports import Repository
from monokeel.ground.answers import Unknown
from monokeel.policy.rulesets import Ruleset
from monokeel.policy.verdict import Facts, Unverified
from monokeel.setup.writer import KEY_TITLE

_DELETES = (
    "delete_branch_on_merge is on: a pull request from an env/* branch would delete"
    " the pointer when it is merged. Switch it off in the repository's settings"
)
_UNLOCKED = (
    "immutable releases are off: what is published can be changed. Somebody switched"
    " them off after ./inv init; run it again, it switches them on"
)


def check_settings(
    policy: Sequence[Ruleset], branch: str, repository: Repository
) -> Facts:
    """Return what the settings undo; *branch* is the default branch.

    Write deploy keys count only where the policy lets ``DeployKey`` pass: it admits
    every such key, not ours alone.
    """
    drift: list[str] = []
    unverified: list[Unverified] = []
    notes = list(_classic(branch, repository))
    found = repository.deploy_keys()
    keys = (
        found
        if isinstance(found, Unknown)
        else tuple(sorted(key.title for key in found if key.writes))
    )
    for finding in (
        _merged_branches(repository),
        _releases(repository, keys, notes),
        _keys(keys, notes) if _deploy_keys_pass(policy) else None,
    ):
        if isinstance(finding, Unverified):
            unverified.append(finding)
        elif finding:
            drift.append(finding)
    return Facts(drift=tuple(drift), unverified=tuple(unverified), notes=tuple(notes))


def _merged_branches(repository: Repository) -> str | Unverified | None:
    found = repository.get_repository().get("delete_branch_on_merge")
    if found is None:
        return _hidden("delete_branch_on_merge", "GitHub leaves it out of its answer")
    return _DELETES if found is True else None


def _releases(
    repository: Repository, keys: tuple[str, ...] | Unknown, notes: list[str]
) -> str | Unverified | None:
    """Judge the lock of releases: ``./inv init`` switches it on.

    Off is drift where it was on: our deploy key shows that init ran here, a locked
    release that there was a lock. Elsewhere it is a note.
    """
    match repository.immutable_releases():
        case Unknown(reason=reason):
            return _hidden("immutable_releases", reason)
        case True:
            return None
        case False:
            connected = not isinstance(keys, Unknown) and KEY_TITLE in keys
            if connected or repository.newest_release_is_immutable():
                return _UNLOCKED
            notes.append(
                "immutable releases are off: what is published can still be changed"
            )
            return None


def _keys(
    titles: tuple[str, ...] | Unknown, notes: list[str]
) -> str | Unverified | None:
    if isinstance(titles, Unknown):
        return _hidden("deploy_keys", titles.reason)
    foreign = sorted(title for title in titles if title != KEY_TITLE)
    if foreign:
        return (
            f"deploy keys that may write beside ours: {', '.join(foreign)}. Each can"
            " move env/* and create release tags: delete it or make it read-only"
        )
    if len(titles) > 1:
        notes.append(f"there are {len(titles)} deploy keys called {KEY_TITLE}")
    return None


def _classic(branch: str, repository: Repository) -> Iterator[str]:
    if repository.classic_protection(branch) is True:
        yield (
            f"classic branch protection of {branch} stands beside the rulesets:"
            " GitHub asks for both"
        )


def _deploy_keys_pass(policy: Sequence[Ruleset]) -> bool:
    return any(
        isinstance(actors := ruleset.tree.get("bypass_actors"), dict)
        and "[DeployKey]" in actors
        for ruleset in policy
    )


def _hidden(item: str, reason: str) -> Unverified:
    return Unverified(item=item, subject="repository", reason=reason)
