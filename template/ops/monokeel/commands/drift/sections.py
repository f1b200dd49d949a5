"""The checks of drift: repository settings, environment branches, live versions.

Each returns the facts of its section.
"""

from collections.abc import Iterator, Sequence

from monokeel.commands.drift import Images, Outside, Records, Repository
from monokeel.core.deployments import Ledger
from monokeel.core.lookup import Absent, Found, Json, Unknown
from monokeel.core.pointers import (
    Pointers,
    branch_of,
    pointer_drift,
    unread_for_newest,
)
from monokeel.core.policy import Facts, Unverified, when
from monokeel.core.release import NOTHING, ReleaseRecord, with_unnamed
from monokeel.core.ruleset import Ruleset
from monokeel.core.settings import Settings
from monokeel.core.snapshot import Protection
from monokeel.core.trial import unread_for_repair
from monokeel.core.version import is_newer
from monokeel.errors import CommandError, ServiceError

KEY_TITLE = "monokeel"  # what ./inv init calls the deploy key
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
    keys = repository.write_keys()
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


def check_pointers(settings: Settings, pointers: Pointers, outside: Outside) -> Facts:
    """Return what is wrong with the environment branches; read only.

    Raises ServiceError when the records cannot be read. Before the first promotion
    there is nothing to be wrong: a note says so.
    """
    names = [each.name for each in settings.environments]
    ledger = _ledger(names, pointers, outside.records)
    now = outside.records.now()
    drift: list[str] = []
    entries: list[dict[str, Json]] = []
    for name in names:
        problems = pointer_drift(pointers, ledger, name, now)
        mover = _mover(name, pointers, outside.records) if problems else None
        drift += [_with_mover(problem, mover) for problem in problems]
        entries.append(_entry(name, pointers, problems, mover))
    return Facts(
        drift=tuple(drift),
        notes=_notes(settings, pointers, outside.records),
        entries=tuple(entries),
    )


def _ledger(names: Sequence[str], pointers: Pointers, records: Records) -> Ledger:
    ledger = Ledger(records=records.newest(names).records)
    while True:
        wanted: list[int] = []
        for name in names:
            wanted += unread_for_newest(ledger, name)
            wanted += unread_for_repair(ledger, name, pointers.branches.get(name))
        if not wanted:
            return ledger
        ledger = ledger.knowing(records.statuses(list(dict.fromkeys(wanted))))


def _mover(name: str, pointers: Pointers, records: Records) -> tuple[str, str] | None:
    """Return who moved the branch to where it is, and when; ``None`` if unknown."""
    commit = pointers.branches.get(name)
    try:
        moves = records.branch_moves(branch_of(name))
    except CommandError:  # reading it needs push rights; 422 without the branch
        return None
    for move in moves:
        if commit is None or move.after == commit:
            return move.actor or "somebody", f"{move.at:%Y-%m-%dT%H:%M:%SZ}"
    return None


def _with_mover(problem: str, mover: tuple[str, str] | None) -> str:
    return f"{problem} (by {mover[0]} at {when(mover[1])})" if mover else problem


def _entry(
    name: str,
    pointers: Pointers,
    problems: Sequence[str],
    mover: tuple[str, str] | None,
) -> dict[str, Json]:
    commit = pointers.branches.get(name)
    moved_by: Json = {"by": mover[0], "at": mover[1]} if mover else None
    return {
        "environment": name,
        "branch": branch_of(name),
        "commit": commit,
        "version": pointers.version_at(commit) or None,
        "problems": list(problems),
        "moved_by": moved_by,
    }


def _notes(settings: Settings, pointers: Pointers, records: Records) -> tuple[str, ...]:
    if not pointers.branches:
        return ("nothing promoted yet",)
    notes = []
    before = ""
    for environment in settings.environments:
        version = pointers.version_at(pointers.branches.get(environment.name))
        if version and before and is_newer(version, before):
            notes.append(
                f"{branch_of(environment.name)} ({version}) is newer than the"
                f" environment before it ({before})"
            )
        before = version or before
        if environment.reviewers and environment.name in pointers.branches:
            found = records.protection(environment.name)
            if isinstance(found, Protection) and not found.reviewers:
                notes.append(
                    f"GitHub Environment {environment.name} asks for no approval"
                )
    return tuple(notes)


def check_releases(settings: Settings, pointers: Pointers, outside: Outside) -> Facts:
    """Return what is wrong with the versions that environments run.

    An environment at no release is not asked about here: that is a matter of its
    pointer. A registry that does not answer leaves its images unverified.
    """
    names = {each.name for each in settings.environments}
    live = {
        version: commit
        for name, commit in pointers.branches.items()
        if name in names and (version := pointers.version_at(commit))
    }
    drift: list[str] = []
    unverified: list[Unverified] = []
    entries: list[dict[str, Json]] = []
    for version in sorted(live):
        found = list(_check(settings, version, live[version], outside))
        problems = [each for each in found if isinstance(each, str)]
        drift += problems
        unverified += [each for each in found if isinstance(each, Unverified)]
        entries.append(_version_entry(version, live[version], problems))
    return Facts(
        drift=tuple(drift),
        unverified=tuple(unverified),
        notes=() if live else ("no release is live yet",),
        entries=tuple(entries),
    )


def _check(
    settings: Settings, version: str, commit: str, outside: Outside
) -> Iterator[str | Unverified]:
    tag = settings.tag(version)
    try:
        release = outside.releases.published(tag)
        record = outside.releases.record_of(release) if release else None
    except ServiceError as error:
        yield _unclear("release", tag, error.problem)
        return
    if record is None:
        yield f"release {tag} is live, but is not published with a release.json"
    elif record.commit != commit:
        yield (
            f"release {tag} is of commit {record.commit[:12]}, its tag of {commit[:12]}"
        )
    else:
        yield from _images(settings, version, record, outside.images)


def _images(
    settings: Settings, version: str, record: ReleaseRecord, images: Images
) -> Iterator[str | Unverified]:
    released = with_unnamed(record, settings.images)
    host = f"{settings.registry_host}/"
    paths = [each.image.removeprefix(host) for each in released]
    answers = images.look_up_all([(path, version) for path in paths])
    for image, path, answer in zip(released, paths, answers, strict=True):
        match answer:
            case Found(digest=digest):
                if digest != image.digest:
                    yield (
                        f"{path}:{version} is {digest}, but the release has"
                        f" {image.digest}: the tag was moved, or release.json changed"
                    )
            case Absent():
                if image.digest != NOTHING:
                    yield f"{path}:{version} is gone; the release has {image.digest}"
            case Unknown(reason=reason):
                yield _unclear("images", f"{path}:{version}", reason)


def _version_entry(
    version: str, commit: str, problems: Sequence[str]
) -> dict[str, Json]:
    return {"version": version, "commit": commit, "problems": list(problems)}


def _unclear(item: str, subject: str, reason: str) -> Unverified:
    return Unverified(item=item, subject=subject, reason=reason, hidden=False)
