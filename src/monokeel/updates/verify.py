"""Are the managed files those that the recorded release of the template delivered.

The repository's own list proves nothing: whoever exchanges a file exchanges its line,
too. Each is held against the tag's tree in the template's repository; one that cannot
be read leaves the question open. What the team keeps on purpose (``[template] edited``)
is named, and no difference; a newer pin of an action in a workflow is neither.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, astuple, dataclass

from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import once, parse_json
from monokeel.ground.report import Report, Section, Table
from monokeel.updates.merge import WORKFLOWS, newer_pins
from monokeel.updates.ports import Files, Listing, Release
from monokeel.updates.records import Recorded

MANIFEST = "ops/manifest.json"
_EXECUTABLE = "100755"
_UNLIKE_SOURCES = "not what its sources give"
_EDITED = "edited"
_NEVER_KEPT = ("inv", "ops/", "tasks.py")  # they are what runs with every right
_UNREAD = "Check the network, --source or TEMPLATE_SOURCE, and the token's rights."
_ADVICE = (
    "Take it back, or keep it on purpose: list it in [template] edited of"
    " infra/platform.toml. It survives updates as a merge; better: propose it upstream."
)
_GONE = (("disk", "missing"), ("index", "missing"))
_REMEDIES = {
    ("release", _UNLIKE_SOURCES): "Do not run it, and ask the template's owners: ",
    ("disk", "missing"): "git checkout HEAD -- ",
    ("disk", "not executable"): "chmod +x ",
    ("disk", "executable"): "chmod -x ",
    ("index", "missing"): "git add -f ",
    ("index", "not executable"): "git update-index --chmod=+x ",
    ("index", "executable"): "git update-index --chmod=-x ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A managed file, not as delivered *where*: ``disk``, ``index`` or ``release``.

    *state*: ``edited``, ``missing``, ``not executable``, or as ``_REMEDIES`` has it.
    """

    path: str
    where: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a change starts from: what *was* recorded, what *is*, the *files* there.

    *trusted* is the template's address by TEMPLATE_SOURCE, which no change can reach.
    """

    was: Recorded | None
    now: Recorded
    files: Release
    trusted: str = ""


def verify(
    files: Files,
    release: Release,
    *,
    edited: Collection[str] = (),
    rebuilt: Callable[[], Listing] | None = None,
    base: Base | None = None,
) -> Report:
    """Return which managed files differ from the recorded release, and where.

    *rebuilt* gives the wheel that its sources give, to be held against it, too. Raises
    ServiceError when the release cannot be read or built: that is no proof. A change
    that takes no new release is then held against its *base* alone: what it edits is a
    difference. Raises RefusedError for a change of the recorded source.
    """
    was, now = (base.was, base.now.source) if base else (None, "")
    if base and was and now not in (was.source, base.trusted):
        raise RefusedError(
            f"this change takes another template: {now} for {was.source}",
            fix="If the template has moved, an administrator sets the variable"
            f" TEMPLATE_SOURCE of the repository to {now}; else take it back.",
        )
    try:
        return _verified(files, release, edited=edited, rebuilt=rebuilt)
    except ServiceError as error:
        # Where it takes no new release, the managed files must be as they were.
        if base and was and was.commit == base.now.commit:
            report = _verified(files, base.files, edited=edited)
            if report.outcome == "difference":
                return report
        problem = f"not verified: {error.problem}"
        raise ServiceError(problem, fix=error.fix) from error


def _verified(
    files: Files,
    release: Release,
    *,
    edited: Collection[str],
    rebuilt: Callable[[], Listing] | None = None,
) -> Report:
    try:
        wanted, made = release.delivered(), rebuilt() if rebuilt else {}
    except ServiceError as error:  # git's own failures here have other remedies
        raise ServiceError(error.problem, fix=error.fix or _UNREAD) from error
    found = [*differences(files, wanted), *_unlike(made, wanted, "release")]
    pins = _newer_pins(files, release, found)
    may_stay = {path for path in edited if not path.startswith(_NEVER_KEPT)}
    kept = sorted(may_stay.intersection(e.path for e in found))
    found = [each for each in found if each.path not in {*kept, *pins}]
    number, name = len({each.path for each in found}), release.name()
    differ = f"{number} of {len(wanted)} managed files differ from {name}"
    same = f"All {len(wanted)} managed files are as in {name}"
    table = Table(("file", "where", "state"), tuple(map(astuple, found)))
    return Report(
        headline=differ if found else same,
        sections=(
            Section("", table=table),
            Section("To do", tuple(advice(found))),
            Section("Kept by [template] edited", tuple(kept)),
            Section("Newer pins", tuple(f"{path}: {p}" for path, p in pins.items())),
        ),
        data={
            "verdict": _EDITED if found else "same",
            "release": name,
            "files": len(wanted),
            "kept": [*kept],
            "newer_pins": [*pins],
            "differences": [asdict(each) for each in found],
        },
        problems=tuple(f"managed file {e.path}: {e.state} ({e.where})" for e in found),
        outcome="difference" if found else "done",
    )


def parse_manifest(content: bytes | None) -> Listing:
    """Return the files of ``ops/manifest.json``; UsageError if it is none."""
    try:
        value = parse_json(content or b"", members=once)
        listed = value.get("files") if isinstance(value, dict) else None
        if isinstance(listed, dict):
            return {path: str(entry) for path, entry in listed.items()}
        reason = 'it holds no object "files"'
    except ValueError as error:
        reason = str(error)
    problem = f"{MANIFEST} is {'missing' if content is None else f'broken: {reason}'}"
    raise UsageError(problem, fix=f"git checkout HEAD -- {MANIFEST}")


def kept_out(files: Files, wanted: Listing) -> list[Deviation]:
    """Return which of *wanted* are gone, or not in the index with their mode."""
    found = (each for each in differences(files, wanted) if each.state != _EDITED)
    return [each for each in found if each.where == "index" or each.state == "missing"]


def differences(files: Files, wanted: Listing) -> Iterator[Deviation]:
    """Yield what differs from *wanted* on disk and in git's index."""
    yield from _unlike(wanted, files.on_disk(wanted), "disk")
    yield from _unlike(wanted, files.in_index(wanted), "index")


def _unlike(wanted: Listing, here: Listing, where: str) -> Iterator[Deviation]:
    for path, entry in sorted(wanted.items()):
        now = here.get(path)
        if now == entry:
            continue
        mode, _, blob = entry.partition(" ")
        is_mode, _, is_blob = (now or "").partition(" ")
        state = "not executable" if mode == _EXECUTABLE else "executable"
        if where == "release":
            state = _UNLIKE_SOURCES
        elif now is None:
            state = "missing"
        elif blob != is_blob or {mode, is_mode} - {_EXECUTABLE, "100644"}:
            state = _EDITED
        yield Deviation(path=path, where=where, state=state)


def _newer_pins(
    files: Files, release: Release, found: list[Deviation]
) -> dict[str, str]:
    """Return workflow → its newer pins, where these are all that was edited."""
    states: dict[str, set[str]] = {}
    for each in found:
        states.setdefault(each.path, set()).add(each.state)
    edited = [x for x in states if x.startswith(WORKFLOWS) and states[x] == {_EDITED}]
    delivered = release.contents(edited)
    pins = {}
    for path, contents in files.contents(edited).items():
        said = [newer_pins(each, delivered[path]) for each in contents]
        if None not in said:
            pins[path] = ", ".join(dict.fromkeys(pin for e in said for pin in e or ()))
    return pins


def advice(found: list[Deviation]) -> Iterator[str]:
    """Yield a command for each kind of *found* that one mends, then what to decide."""
    gone = [{e.path for e in found if (e.where, e.state) == x} for x in _GONE]
    lost = sorted(set.intersection(*gone))  # what brings it back is in the index, too
    for kind, remedy in _REMEDIES.items():
        paths = [each.path for each in found if (each.where, each.state) == kind]
        if paths := [x for x in paths if kind != _GONE[1] or x not in lost]:
            yield remedy + " ".join(paths)
    for x in lost:
        back = f"git checkout $(git rev-list -1 HEAD -- {x})^ -- {x}"
        yield f"Where HEAD lacks it, too: {back}"
    edited = {each.path for each in found if each.state == _EDITED}
    if fixed := sorted(path for path in edited if path.startswith(_NEVER_KEPT)):
        yield f"Take it back, it cannot be kept: {' '.join(fixed)}"
    if edited.difference(fixed):
        yield _ADVICE
