"""Versions that environments run and that are not as they were released."""

from collections.abc import Iterator

from monokeel.drift.sections import Facts
from monokeel.ground.answers import Absent, Json, Unknown
from monokeel.ground.settings import Settings
from monokeel.policy.reading import Unverified
from monokeel.promotion.facts import read_release
from monokeel.promotion.pointers import Pointers
from monokeel.promotion.ports import Outside
from monokeel.release.record import ReleaseRecord


def check_releases(settings: Settings, pointers: Pointers, outside: Outside) -> Facts:
    """Return what is wrong with the versions that environments run.

    An environment at no release is not asked about here: that is a matter of its
    pointer. A registry that does not answer leaves its images unverified.
    """
    at = [pointers.branches.get(each.name) for each in settings.environments]
    live = {version for commit in at if (version := pointers.version_at(commit))}
    drift: list[str] = []
    unverified: list[Unverified] = []
    entries: list[dict[str, Json]] = []
    for version in sorted(live):
        found = list(_check(settings, pointers, version, outside))
        problems = [each for each in found if isinstance(each, str)]
        drift += problems
        unverified += [each for each in found if isinstance(each, Unverified)]
        commit = pointers.releases[version]
        entries.append({"version": version, "commit": commit, "problems": [*problems]})
    return Facts(
        drift=dict.fromkeys(drift, ""),
        unverified=tuple(unverified),
        notes=() if live else ("no release is live yet",),
        entries=tuple(entries),
    )


def _check(
    settings: Settings, pointers: Pointers, version: str, outside: Outside
) -> Iterator[str | Unverified]:
    tag = settings.tag(version)
    release, artifact = read_release(outside, settings, pointers, version)
    match release:
        case Unknown(reason=reason):
            yield _unclear("release", tag, reason)
        case Absent():
            yield f"release {tag} is live, but its tag carries no record of a release"
        case ReleaseRecord():
            pass
    if artifact is not None:
        yield from artifact.wrong
        for each in artifact.images:
            if isinstance(each.answer, Unknown):
                yield _unclear("images", each.name, each.answer.reason)


def _unclear(item: str, subject: str, reason: str) -> Unverified:
    return Unverified(item=item, subject=subject, reason=reason, hidden=False)
