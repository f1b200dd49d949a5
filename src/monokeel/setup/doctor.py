"""Say in one table what is missing: on this machine, in the clone, on GitHub."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.repository import repository_of
from monokeel.ground.settings import Settings
from monokeel.policy.shape import Finding as PolicyFinding
from monokeel.setup.expectations import expectations
from monokeel.setup.ports import Clone, Files, Machine, Outside
from monokeel.setup.rows import AsWanted, Otherwise, Wanted, answer_to

_NEEDED = ("git", "ssh-keygen")
_FILES = ("infra/platform.toml", "infra/rulesets.json", ".copier-answers.yml")
_TEMPLATE = "copier.yml"  # only in the template's own repository: it has no answers
_BUILDS = "builds images here; the workflows do it without this machine"
_DOCKER = {
    "docker buildx": ("docker", "buildx", "version"),
    "docker daemon": ("docker", "version"),  # fails where the client finds no server
}


State = Literal["ok", "missing", "optional", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The machine, the clone and its files, and where these do not agree."""

    machine: Machine
    clone: Clone
    files: Files
    disagreements: tuple[PolicyFinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the table: *what*, how it stands, what it is for or how to fix it."""

    where: Literal["machine", "clone", "GitHub"]
    what: str
    state: State
    detail: str


def examine(wanted: Wanted, here: Here, outside: Outside | None) -> Iterator[Finding]:
    """Yield what was found; a question without an answer is ``unknown``.

    *outside* is ``None`` where no token is set.
    """
    yield from _machine(wanted.settings, here.machine)
    yield from _clone(wanted.settings, here)
    if outside is None:
        detail = "set GITHUB_TOKEN or GH_TOKEN (gh auth token prints one)"
        yield Finding(where="GitHub", what="token", state="missing", detail=detail)
    else:
        yield from _github(wanted, outside)


def doctor_report(findings: tuple[Finding, ...]) -> Report:
    """Return the table of *findings*, what is missing counted first."""
    missing = sum(finding.state == "missing" for finding in findings)
    unknown = sum(finding.state == "unknown" for finding in findings)
    rows = tuple((f.where, f.what, f.state, f.detail) for f in findings)
    table = Table(("where", "what", "state", "detail"), rows)
    return Report(
        headline=f"{missing} missing, {unknown} unknown, of {len(findings)}",
        sections=(Section(heading="", table=table),),
        data={
            "verdict": "missing" if missing else "unknown" if unknown else "ok",
            "findings": [
                {"where": f.where, "what": f.what, "state": f.state, "detail": f.detail}
                for f in findings
            ],
        },
        outcome="difference" if missing else "unknown" if unknown else "done",
    )


def _machine(settings: Settings, machine: Machine) -> Iterator[Finding]:
    yield Finding(where="machine", what="Python", state="ok", detail=machine.python())
    builder = settings.build if settings.build in {"docker", "buildah"} else ""
    purposes = {
        "git": "needed by every task",
        "ssh-keygen": "makes the deploy key (./inv init)",
        "ssh": "pushes with the deploy key; the workflows do it without this machine",
        "gh": "sets the secrets that ./inv init names",
        "uv": "makes the environment of the tasks faster",
    }
    if builder:
        purposes[builder] = _BUILDS
    for program, purpose in purposes.items():
        version = machine.version_of(program)
        absent: Literal["missing", "optional"] = (
            "missing" if program in _NEEDED else "optional"
        )
        yield Finding(
            where="machine",
            what=program,
            state="ok" if version else absent,
            detail=version or purpose,
        )
    if builder == "docker":
        for what, command in _DOCKER.items():
            found = machine.answers(*command)
            yield Finding(
                where="machine",
                what=what,
                state="ok" if found else "optional",
                detail="" if found else _BUILDS,
            )


def _clone(settings: Settings, here: Here) -> Iterator[Finding]:
    present = here.files.read((*_FILES, _TEMPLATE))
    own = _TEMPLATE in present
    for path in _FILES[:-1] if own else _FILES:
        detail = "" if path in present else f"git checkout HEAD -- {path}"
        yield _judged("clone", path, found=path in present, fix=detail)
    yield _remote(settings, here.clone.written_address())
    whole = not here.clone.is_shallow()
    yield _judged("clone", "history", found=whole, fix="git fetch --unshallow --tags")
    errors = [each.line for each in here.disagreements if not each.warning]
    yield _judged("clone", "files agree", found=not errors, fix="; ".join(errors))


def _remote(settings: Settings, address: str | None) -> Finding:
    wanted = f"https://github.com/{settings.repository}.git"
    if address is None:
        fix = f"git remote add origin {wanted}"
        return _judged("clone", "remote", found=False, fix=fix)
    there = repository_of(address) or settings.repository
    right = there.lower() == settings.repository.lower()
    fix = f"origin is {there}: git remote set-url origin {wanted}"
    return _judged("clone", "remote", found=right, fix=fix)


def _github(wanted: Wanted, outside: Outside) -> Iterator[Finding]:
    """Yield every row of the table of expectations, read only."""
    try:
        outside.repository.get_repository()
    except NO_ANSWER as error:
        reason, what = error.problem, wanted.settings.repository
        yield Finding(where="GitHub", what=what, state="unknown", detail=reason)
        return
    state: State
    for row in expectations(wanted, outside):
        match answer_to(row):
            case AsWanted(detail=detail):
                yield Finding(where="GitHub", what=row.name, state="ok", detail=detail)
            case Otherwise(detail=detail, remedy=remedy):
                state = "optional" if row.watched == "note" else "missing"
                detail = f"{detail}: {remedy}"
                yield Finding(where="GitHub", what=row.name, state=state, detail=detail)
            case Unknown(reason=reason):
                state = "optional" if row.watched == "note" else "unknown"
                detail = f"{reason} ({row.permission})"
                yield Finding(where="GitHub", what=row.name, state=state, detail=detail)


def _judged(
    where: Literal["clone", "GitHub"], what: str, *, found: bool, fix: str
) -> Finding:
    state: Literal["ok", "missing"] = "ok" if found else "missing"
    return Finding(where=where, what=what, state=state, detail="" if found else fix)
