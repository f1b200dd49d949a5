"""Versions that environments run and that are not as they were released."""

from collections.abc import Callable, Iterator
from functools import partial

from monokeel.drift.sections import Deviation, Facts
from monokeel.ground.answers import Absent, Found, Json, Unknown, ask
from monokeel.policy.reading import Unverified
from monokeel.promotion.facts import Release, read_release
from monokeel.promotion.pointers import Pointers
from monokeel.promotion.ports import Outside
from monokeel.release.artifact import NOTHING, Artifact, TaggedImage
from monokeel.release.record import record_in

_Copy = str | Unknown | None
# Without the option it would wrap the manifest, and give it another digest (docs of
# docker buildx imagetools create).
_RETAG = "docker buildx imagetools create --prefer-index=false"
_WHO = "who moved it stands in the registry's own log alone"


def check_releases(
    pointers: Pointers, outside: Outside, copy_of: Callable[[str], str | None]
) -> Facts:
    """Return what is wrong with the versions that environments run.

    An environment at no release is not asked about here: that is a matter of its
    pointer. A registry that does not answer leaves its images unverified. *copy_of*
    gives the ``release.json`` of the release of a tag: only people and tools read it,
    but whoever may write can replace it.
    """
    running: dict[str, list[str]] = {}
    settings = pointers.settings
    for each in settings.environments:
        version = pointers.version_at(pointers.branches.get(each.name))
        if version:
            running.setdefault(version, []).append(each.name)
    drift, unverified = list[Deviation](), list[Unverified]()
    entries = list[Json]()
    for version, places in sorted(running.items()):
        tag = settings.tag(version)
        found = read_release(outside, pointers, version)
        copy = ask(partial(copy_of, tag))
        anew = "release a fix (merge a pull request), then promote that version to "
        anew += " and ".join(places)
        wrong = [*_wrong(tag, found, anew, settings.registry_host)]
        wrong += _changed(tag, found, copy)
        drift += wrong
        unverified += _unclear(tag, found, copy)
        problems: list[Json] = [each.line for each in wrong]
        commit = pointers.releases[version]
        entries.append({"version": version, "commit": commit, "problems": problems})
    notes = () if running else ("no release is live yet",)
    return Facts(drift=drift, unverified=unverified, notes=notes, entries=entries)


def _wrong(tag: str, release: Release, anew: str, host: str) -> Iterator[Deviation]:
    """Yield what is wrong with the release *tag*; *anew* is what no other step ends."""
    wrong = partial(Deviation, severe=1)
    artifact = release if isinstance(release, Artifact) else None
    if isinstance(release, Absent):
        line = f"release {tag} is live, but its tag carries no record of a release"
        yield wrong(line, tag, (anew,))
    for line in artifact.misnamed if artifact else ():
        yield wrong(line, tag, (anew,))
    for each in artifact.images if artifact else ():
        if each.wrong:
            yield wrong(each.wrong, each.name, (*_steps(each, anew, host), _WHO))


def _changed(tag: str, release: Release, copy: _Copy) -> Iterator[Deviation]:
    if isinstance(copy, Unknown) or not isinstance(release, Artifact):
        return
    if record_in(copy) != release.record:
        name = f"release.json of {tag}"
        again = f"put it back: git cat-file tag {tag} | sed '1,/^$/d' > release.json"
        again += f" && (gh release edit {tag} --draft=false || gh api --silent"
        again += f" 'repos/{{owner}}/{{repo}}/releases' -f tag_name={tag})"
        again += f" && gh release upload {tag} release.json --clobber"
        line = f"{name} is missing or is not the record that its tag carries"
        yield Deviation(line, name, (again,), severe=1)


def _steps(image: TaggedImage, anew: str, host: str) -> Iterator[str]:
    at = f"{host}/{image.name}"
    if image.released == NOTHING:
        yield f"no record names it: delete {at} in the registry"
    elif isinstance(image.answer, Found) and image.answer.missing:
        yield anew
    else:
        kept = f"{host}/{image.image}@{image.released}"
        yield (
            "where release.json of the release names the digest of the record, the tag"
            f" of the image was moved; give it its digest back: {_RETAG} --tag {at}"
            f" {kept}"
        )
        yield f"if the registry has lost that digest: {anew}"


def _unclear(tag: str, release: Release, copy: _Copy) -> Iterator[Unverified]:
    for answer in (release, copy):
        if isinstance(answer, Unknown):
            yield Unverified("release", tag, reason=answer.reason, hidden=False)
    for each in release.images if isinstance(release, Artifact) else ():
        if isinstance(each.answer, Unknown):
            reason = each.answer.reason
            yield Unverified("images", each.name, reason=reason, hidden=False)
