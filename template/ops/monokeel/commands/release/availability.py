"""Checks of a plan: whether the version is free, everywhere it could be taken.

All are asked before anything is said, so that every reason is named at once.
"""

from collections.abc import Iterable, Mapping, Sequence

from monokeel.commands.release import (
    Finding,
    Reason,
    ServiceImage,
    blocked,
    blocked_by,
    ok,
    short,
    unknown,
)
from monokeel.commands.release.situation import History, Situation
from monokeel.core.lookup import Unknown
from monokeel.core.release import GitHubRelease, marked_commit


def check_file(now: Situation, history: History, version: str) -> Finding | None:
    """Say whether ``release.version_file`` holds *version*, if there is such a file."""
    path = now.settings.version_file
    if not path:
        return None
    text = history.file_at(now.commit, path)
    if text is not None and text.strip() == version:
        return ok("file", f"{path} holds {version}")
    holds = "is missing" if text is None else f"holds {text.strip()[:40]!r}"
    return blocked(
        "file",
        problem=f"{path} {holds}, the release would be {version}",
        fix=f"Write {version} into {path} by a pull request.",
    )


def check_tag(now: Situation, tag: str) -> Finding:
    """Say whether *tag* is free as a git tag, or names this commit already."""
    there = now.remote_tags
    known = {} if isinstance(there, Unknown) else there
    holder = known.get(tag) or now.tags.get(tag)
    if holder is not None and (holder != now.commit or now.own is None):
        return blocked(
            "tag",
            problem=f"the git tag {tag} exists at {short(holder)}",
            fix=_skip_fix(now, tag),
        )
    if isinstance(there, Unknown):
        return unknown("tag", there.reason)
    return ok("tag", f"{tag} is at this commit" if holder else f"{tag} is free")


def check_release(
    now: Situation, tag: str, releases: Sequence[GitHubRelease] | Unknown
) -> Finding:
    """Say whether *tag* is free as a release, or has one of this commit."""
    if isinstance(releases, Unknown):
        return unknown("release", releases.reason)
    reasons = []
    for release in releases:
        marked = marked_commit(release.body)
        if release.tag != tag or marked == now.commit:
            continue
        if release.draft:
            whose = f"for {short(marked)}" if marked else "made by hand"
            fix = f"Keep its text if you need it, then delete it: {release.page}"
            problem = f"a draft of {tag} exists, {whose}"
            reasons.append(Reason(problem=problem, fix=fix))
        elif now.own is None or now.own.tagged is None:
            problem = f"release {tag} is published"
            reasons.append(Reason(problem=problem, fix=_skip_fix(now, tag)))
    if reasons:
        return blocked_by("release", reasons)
    return ok("release", f"none of {tag}" if now.own is None else f"{tag} goes on")


def check_images(
    now: Situation, services: Iterable[ServiceImage], unclear: Sequence[Unknown]
) -> Finding:
    """Say whether the version is free in the registry, for every service."""
    taken = [service for service in services if service.state == "other"]
    if taken:
        fix = _skip_fix(now, now.settings.tag(taken[0].tag))
        return blocked_by(
            "images",
            [Reason(problem=_not_ours(each), fix=fix) for each in taken],
        )
    if unclear:
        return unknown("images", _reasons(unclear))
    return ok("images", "no service has another image of this version")


def check_access(now: Situation, access: Mapping[str, bool | Unknown]) -> Finding:
    """Say whether the images may be pushed; found out before anything is built."""
    refused = [name for name, answer in access.items() if answer is False]
    if refused:
        images = ", ".join(
            f"{now.settings.registry_host}/{now.settings.image(name)}"
            for name in refused
        )
        return blocked(
            "registry",
            problem=f"no right to push {images}",
            fix="Give the token packages: write; if the package was first pushed by"
            " hand, add this repository under 'Manage Actions access'.",
        )
    unclear = [each for each in access.values() if isinstance(each, Unknown)]
    if unclear:
        return unknown("registry", _reasons(unclear))
    return ok("registry", "every image may be pushed")


def _not_ours(there: ServiceImage) -> str:
    name = f"{there.image}:{there.tag}"
    return f"{name} exists and is not of this commit ({there.digest})"


def _skip_fix(now: Situation, tag: str) -> str:
    version = tag.removeprefix(now.settings.tag_prefix)
    return (
        "A version is never used twice. If this one cannot be ours, add"
        f' "{version}" to [release] skip in infra/platform.toml: the next one is taken.'
    )


def _reasons(unclear: Iterable[Unknown]) -> str:
    return "; ".join(dict.fromkeys(each.reason for each in unclear))
