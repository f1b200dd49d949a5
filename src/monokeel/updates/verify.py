"""Are the managed files those that the recorded release of the template delivered.

The repository's own list of them proves nothing: whoever exchanges a file can exchange
its line, too. So each file is held against the tag's tree in the template's repository,
and a release that cannot be read leaves the question open.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.parsers import parse_json
from monokeel.ground.report import Report, Section, Table
from monokeel.updates.ports import Files, Listing, Release

MANIFEST = "ops/manifest.json"
_EXECUTABLE = "100755"
_UNLIKE_SOURCES = "not what its sources give"
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
class Finding:
    """One managed file that is not as it was delivered, and where it is not.

    *where* is ``disk``, ``index`` or ``release``; *state* is ``edited``, ``missing``,
    ``not executable``, ``executable`` or ``not what its sources give``.
    """

    path: str
    where: str
    state: str


def verify(files: Files, release: Release, *, rebuild: bool = False) -> Report:
    """Return which managed files differ from the recorded release, and where.

    ``verdict`` is ``same``, ``edited`` or ``unverified``: a release that cannot be read
    is no proof, and the files are then held against the list in the repository. With
    *rebuild* the release's wheel is built from its sources, too; ServiceError when that
    fails. Raises UsageError when that list is needed and missing or broken.
    """
    try:
        wanted = release.delivered()
    except ServiceError as error:
        listed = manifest(files)
        return _report(release, listed, [*differences(files, listed)], error)
    findings = [*differences(files, wanted)]
    if rebuild:
        findings += _unlike(release.rebuilt(), wanted, "release")
    return _report(release, wanted, findings, None)


def manifest(files: Files) -> Listing:
    """Return what ``ops/manifest.json`` lists; UsageError if it is not to be read."""
    content = files.read([MANIFEST]).get(MANIFEST)
    if content is None:
        raise UsageError(
            f"there is no {MANIFEST} here",
            fix="Run this in a repository made from the template, or restore the file:"
            f" git checkout HEAD -- {MANIFEST}",
        )
    return parse_manifest(content)


def parse_manifest(content: bytes) -> Listing:
    """Return the files of a manifest; UsageError if it is none."""
    try:
        value = parse_json(content)
    except ValueError as error:
        raise _broken(str(error)) from error
    listed = value.get("files") if isinstance(value, dict) else None
    if not isinstance(listed, dict):
        raise _broken('it holds no object "files"')
    return {path: str(entry) for path, entry in listed.items()}


def differences(files: Files, wanted: Listing) -> Iterator[Finding]:
    """Yield what differs from *wanted* on disk and in git's index."""
    yield from _unlike(wanted, files.on_disk(wanted), "disk")
    yield from _unlike(wanted, files.in_index(wanted), "index")


def require_verified(report: Report) -> None:
    """Raise ServiceError when *report* leaves it open what the release delivered."""
    if report.data["verdict"] == "unverified":
        raise ServiceError(
            f"not verified: {report.data['reason']}",
            fix="Check the network, --source or TEMPLATE_SOURCE, and the token's"
            " rights; then run it again.",
        )


def _unlike(wanted: Listing, here: Listing, where: str) -> Iterator[Finding]:
    for path, entry in sorted(wanted.items()):
        state = _state(entry, here.get(path))
        if state and where == "release":
            state = _UNLIKE_SOURCES
        if state:
            yield Finding(path=path, where=where, state=state)


def _state(wanted: str, here: str | None) -> str | None:
    if here in (None, wanted):
        return None if here else "missing"
    (mode, _, blob), (is_mode, _, is_blob) = wanted.partition(" "), here.partition(" ")
    if blob != is_blob or {mode, is_mode} - {_EXECUTABLE, "100644"}:
        return "edited"
    return "not executable" if mode == _EXECUTABLE else "executable"


def _report(
    release: Release,
    wanted: Listing,
    findings: list[Finding],
    error: ServiceError | None,
) -> Report:
    against = release.name() if error is None else f"{MANIFEST} alone"
    rows = tuple((each.path, each.where, each.state) for each in findings)
    paths = sorted({each.path for each in findings})
    headline = f"All {len(wanted)} managed files are as in {against}"
    if paths:
        headline = f"{len(paths)} of {len(wanted)} managed files differ from {against}"
    verdict = "unverified" if error else "edited" if paths else "same"
    return Report(
        headline=headline,
        sections=(
            Section("", table=Table(("file", "where", "state"), rows)),
            Section("To do", tuple(_advice(findings))),
        ),
        data={
            "verdict": verdict,
            "release": release.name(),
            "reason": error.problem if error else None,
            "files": len(wanted),
            "differences": [
                {"path": each.path, "where": each.where, "state": each.state}
                for each in findings
            ],
        },
        problems=tuple(
            f"managed file {each.path}: {each.state} ({each.where})"
            for each in findings
        ),
        outcome="difference" if verdict == "edited" else "done",
    )


def _advice(findings: Iterable[Finding]) -> Iterator[str]:
    paths: dict[tuple[str, str], list[str]] = {}
    for each in findings:
        paths.setdefault((each.where, each.state), []).append(each.path)
    for kind, remedy in _REMEDIES.items():
        if kind in paths:
            yield remedy + " ".join(paths[kind])
    if any(state == "edited" for _, state in paths):
        yield "An edit survives updates as a merge; better: propose it upstream."


def _broken(why: str) -> UsageError:
    return UsageError(
        f"{MANIFEST} is broken: {why}", fix=f"git checkout HEAD -- {MANIFEST}"
    )
