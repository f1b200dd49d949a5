"""Versions that environments run and that are not as they were released."""

from collections.abc import Iterator, Sequence

from monokeel.drift.ports import Outside
from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.settings import Settings
from monokeel.policy.verdict import Facts, Unverified
from monokeel.promotion.pointers import Pointers
from monokeel.release.artifact import Images, read_artifact
from monokeel.release.record import ReleaseRecord


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
    artifact = read_artifact(record, settings, images, version=version)
    yield from artifact.wrong
    for each in artifact.images:
        if isinstance(each.answer, Unknown):
            yield _unclear("images", each.name, each.answer.reason)


def _version_entry(
    version: str, commit: str, problems: Sequence[str]
) -> dict[str, Json]:
    return {"version": version, "commit": commit, "problems": list(problems)}


def _unclear(item: str, subject: str, reason: str) -> Unverified:
    return Unverified(item=item, subject=subject, reason=reason, hidden=False)
