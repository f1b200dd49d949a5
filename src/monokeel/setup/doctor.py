"""Say in one table what is missing: on this machine, in the clone, on GitHub."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings

_NEEDED = ("git", "ssh-keygen")
_FILES = ("infra/platform.toml", "infra/rulesets.json", ".copier-answers.yml")
_TEMPLATE = "copier.yml"  # only in the template's own repository: it has no answers
_BUILDS = "builds images here; the workflows do it without this machine"
_DOCKER = {
    "docker buildx": ("docker", "buildx", "version"),
    "docker daemon": ("docker", "version"),  # fails where the client finds no server
}


class Machine(Protocol):
    """The machine that the tasks run on."""

    def python(self) -> str:
        """Return the version of Python that runs the tasks."""

    def version_of(self, program: str) -> str | None:
        """Return the version of *program*, ``None`` if it is not installed."""

    def answers(self, *args: str) -> bool:
        """Say whether the command *args* is there and ends without an error."""


class Clone(Protocol):
    """The clone and its remote."""

    def address(self) -> str | None:
        """Return the address of the remote, ``None`` if there is none."""

    def is_shallow(self) -> bool:
        """Say whether history is cut off."""


class Files(Protocol):
    """The files of the repository."""

    def read(self, paths: Collection[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist."""


class Repository(Protocol):
    """The repository's settings on GitHub."""

    def get_repository(self) -> dict[str, Json]:
        """Return the repository; ``permissions`` says what the token may."""

    def list_deploy_keys(self) -> list[dict[str, Json]]:
        """Return the deploy keys."""

    def get_environment(self, name: str) -> dict[str, Json] | None:
        """Return the Environment *name*, ``None`` if there is none."""

    def immutable_releases(self) -> bool | Unknown:
        """Say whether new releases are locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is looked at; *repository* is ``None`` where no token is set."""

    machine: Machine
    clone: Clone
    files: Files
    repository: Repository | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the table: *what*, how it stands, what it is for or how to fix it."""

    where: Literal["machine", "clone", "GitHub"]
    what: str
    state: Literal["ok", "missing", "optional", "unknown"]
    detail: str


def examine(settings: Settings, outside: Outside) -> Iterator[Finding]:
    """Yield what was found; a question without an answer is ``unknown``."""
    yield from _machine(settings, outside.machine)
    yield from _clone(settings, outside)
    if outside.repository is None:
        detail = "set GITHUB_TOKEN or GH_TOKEN (gh auth token prints one)"
        yield Finding(where="GitHub", what="token", state="missing", detail=detail)
    else:
        yield from _github(settings, outside.repository)


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


def _clone(settings: Settings, outside: Outside) -> Iterator[Finding]:
    present = outside.files.read((*_FILES, _TEMPLATE))
    own = _TEMPLATE in present
    for path in _FILES[:-1] if own else _FILES:
        detail = "" if path in present else f"git checkout HEAD -- {path}"
        yield _judged("clone", path, found=path in present, fix=detail)
    fix = f"git remote add origin https://github.com/{settings.repository}.git"
    address = outside.clone.address()
    yield _judged("clone", "remote", found=address is not None, fix=fix)
    whole = not outside.clone.is_shallow()
    yield _judged("clone", "history", found=whole, fix="git fetch --unshallow --tags")


def _github(settings: Settings, repository: Repository) -> Iterator[Finding]:
    try:
        rights = repository.get_repository().get("permissions")
    except ServiceError as error:
        detail = error.problem
        what = settings.repository
        yield Finding(where="GitHub", what=what, state="unknown", detail=detail)
        return
    may = rights if isinstance(rights, dict) else {}
    for right, purpose in (
        ("pull", "plan, drift in part, status"),
        ("push", "release, promote, template.update --pr"),
        ("admin", "init, policy.apply, drift in full"),
    ):
        found = may.get(right) is True
        yield _judged("GitHub", f"token may {right}", found=found, fix=purpose)
    yield _asked("deploy key", partial(_has_key, repository))
    for name in ("release", *(each.name for each in settings.environments)):
        yield _asked(f"Environment {name}", partial(_exists, repository, name))
    yield _asked("immutable releases", repository.immutable_releases)


def _has_key(repository: Repository) -> bool:
    return any(key.get("title") == "monokeel" for key in repository.list_deploy_keys())


def _exists(repository: Repository, name: str) -> bool:
    return repository.get_environment(name) is not None


def _asked(what: str, ask: Callable[[], bool | Unknown]) -> Finding:
    try:
        answer = ask()
    except ServiceError as error:
        answer = Unknown(reason=error.problem)
    match answer:
        case Unknown(reason=reason):
            return Finding(where="GitHub", what=what, state="unknown", detail=reason)
        case found:
            return _judged("GitHub", what, found=found, fix="./inv init")


def _judged(
    where: Literal["clone", "GitHub"], what: str, *, found: bool, fix: str
) -> Finding:
    state: Literal["ok", "missing"] = "ok" if found else "missing"
    return Finding(where=where, what=what, state=state, detail="" if found else fix)
