"""Where environments, and the versions that they run, are not as the records say."""

from collections.abc import Callable, Iterator
from functools import partial

from monokeel.drift.sections import Deviation, Facts
from monokeel.ground.answers import Absent, Found, Json, Unknown, ask
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.version import is_newer
from monokeel.ground.words import stamp, when
from monokeel.policy.reading import Unverified
from monokeel.promotion import ports
from monokeel.promotion.facts import Release, read_release
from monokeel.promotion.pointers import Pointers, back_command
from monokeel.promotion.reading import Place, Reading
from monokeel.release import artifact
from monokeel.release.record import record_in

_STRAY = (
    "name its environment in infra/platform.toml by a pull request, or delete the"
    " branch as its line says"
)
_Copy = str | Unknown | None
# Without the option it would wrap the manifest, and give it another digest (docs of
# docker buildx imagetools create).
_RETAG = "docker buildx imagetools create --prefer-index=false"
_WHO = "who moved it stands in the registry's own log alone"


def check_pointers(reading: Reading, records: ports.Records) -> Facts:
    """Return what is wrong with the environment branches; read only."""
    drift, entries = list[Deviation](), list[Json]()
    for place in reading.places:
        mover = _mover(place, records) if place.drift else None
        by = f" (by {mover[0]} at {when(mover[1])})" if mover else ""
        drift += [_deviation(place, problem, by) for problem in place.drift]
        entries.append(
            {
                "environment": place.name,
                "branch": place.branch,
                "commit": place.commit,
                "version": place.version or None,
                "problems": list(place.drift),
                "moved_by": {"by": mover[0], "at": mover[1]} if mover else None,
            }
        )
    drift += [
        Deviation(each, each.partition(" ")[0], (_STRAY,), severe=1)
        for each in reading.pointers.strays()
    ]
    unchecked = reading.ledger.unchecked.values()
    return Facts(
        drift=drift,
        unverified=[Unverified("pointers", "", reason=each) for each in unchecked],
        notes=_notes(reading),
        entries=entries,
    )


def _mover(place: Place, records: ports.Records) -> tuple[str, str] | None:
    """Return who moved the branch to where it is, and when; ``None`` if unknown."""
    try:
        moves = records.branch_moves(place.branch)
    except NO_ANSWER:  # reading it needs push rights; 422 without the branch
        return None
    here = (x for x in moves if place.commit in (None, x.after))
    move = next(here, None)
    return (move.actor or "somebody", stamp(move.at)) if move else None


def _deviation(place: Place, problem: str, by: str) -> Deviation:
    """Return *problem*: its fact, and apart from that what ends it."""
    fact, _, helps = problem.partition("; ")
    last, here, steps = place.last, place.version, [helps] * bool(helps)
    astray = fact.startswith(place.branch)
    if astray and here and last is not None and place.current is None:
        back = f"./inv promote --env {place.name} --version {last.version}"
        if is_newer(here, last.version):
            back = back_command(place.name, last.version)
        steps.insert(0, f"to go back to what the last record says: {back}")
    return Deviation(fact + by, place.branch, steps, severe=int(astray))


def _notes(reading: Reading) -> list[str]:
    if not any(place.left for place in reading.places):
        return ["nothing promoted yet"]
    notes, before = list[str](), ""
    for place in reading.places:
        if place.version and before and is_newer(place.version, before):
            newer = f"{place.branch} ({place.version}) is newer than the"
            notes.append(f"{newer} environment before it ({before})")
        before = place.version or before
    return notes


def check_releases(
    pointers: Pointers, outside: ports.Outside, copy_of: Callable[[str], str | None]
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
        if version := pointers.version_at(pointers.branches.get(each.name)):
            running.setdefault(version, []).append(each.name)
    drift, unverified, entries = list[Deviation](), list[Unverified](), list[Json]()
    for version, places in sorted(running.items()):
        tag = settings.tag(version)
        found = read_release(outside, pointers, version)
        copy = ask(partial(copy_of, tag))
        anew = "release a fix (merge a pull request), then promote that version to "
        anew += " and ".join(places)
        wrong = [*_wrong(tag, found, copy, anew, settings.registry_host)]
        drift += wrong
        unverified += _unclear(tag, found, copy)
        problems: list[Json] = [each.line for each in wrong]
        commit = pointers.releases[version]
        entries.append({"version": version, "commit": commit, "problems": problems})
    notes = () if running else ("no release is live yet",)
    return Facts(drift=drift, unverified=unverified, notes=notes, entries=entries)


def _wrong(
    tag: str, release: Release, copy: _Copy, anew: str, host: str
) -> Iterator[Deviation]:
    """Yield what is wrong with the release *tag*; *anew* is what no other step ends."""
    wrong = partial(Deviation, severe=1)
    if isinstance(release, Absent):
        line = f"release {tag} is live, but its tag carries no record of a release"
        yield wrong(line, tag, (anew,))
    if not isinstance(release, artifact.Artifact):
        return
    for line in release.misnamed:
        yield wrong(line, tag, (anew,))
    for each in (x for x in release.images if x.wrong):
        yield wrong(each.wrong, each.name, (*_steps(each, anew, host), _WHO))
    if not isinstance(copy, Unknown) and record_in(copy) != release.record:
        again = f"put it back: git cat-file tag {tag} | sed '1,/^$/d' > release.json"
        again += f" && (gh release edit {tag} --draft=false || gh api --silent"
        again += f" 'repos/{{owner}}/{{repo}}/releases' -f tag_name={tag})"
        again += f" && gh release upload {tag} release.json --clobber"
        line = "is missing or is not the record that its tag carries"
        yield wrong(f"release.json of {tag} {line}", f"release.json of {tag}", (again,))


def _steps(image: artifact.TaggedImage, anew: str, host: str) -> Iterator[str]:
    at = f"{host}/{image.name}"
    if image.released == artifact.NOTHING:
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
    for each in release.images if isinstance(release, artifact.Artifact) else ():
        if isinstance(each.answer, Unknown):
            reason = each.answer.reason
            yield Unverified("images", each.name, reason=reason, hidden=False)
