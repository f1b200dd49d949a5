"""Say in one table what is missing: on this machine, in the clone, on GitHub."""

import platform
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Literal

from monokeel.ground.clone import Clone
from monokeel.ground.errors import NO_ANSWER
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.policy.rule_types import Finding
from monokeel.setup import actions
from monokeel.setup.expectations import expectations, wrong_remote
from monokeel.setup.ports import Connection
from monokeel.setup.rows import AsWanted, Otherwise, answer_to

_NEEDED = ("git", "ssh-keygen")
_PURPOSES = {
    "git": "needed by every task",
    "ssh-keygen": "makes the deploy key (./inv init)",
    "ssh": "pushes with the deploy key; the workflows do it without this machine",
    "gh": "sets the secrets that ./inv init names",
    "uv": "makes the environment of the tasks faster",
}
_FILES = ("infra/platform.toml", "infra/rulesets.json", ".copier-answers.yml")
_UNNAMED = "nobody knows what these may: name their permissions: "
_TEMPLATE = "copier.yml"  # only in the template's own repository: it has no answers
_BUILDS = "builds images here; the workflows do it without this machine"
_DOCKER = {
    "docker buildx": ("docker", "buildx", "version"),
    # Both fail where the client finds no server.
    "docker daemon": ("docker", "version", "--format", "{{.Server.Version}}"),
    "docker image store": ("docker", "info", "--format", "{{.Driver}}"),
}

State = Literal["ok", "missing", "optional", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The clone, what gives its *files*, what is in them, and what a program *says*.

    That is its first line: "" where it fails, ``None`` where it is not installed.
    """

    says: Callable[..., str | None]
    clone: Clone
    files: Callable[[Collection[str]], Mapping[str, bytes]]
    disagreements: tuple[Finding, ...] = ()
    template: tuple["Diagnosis", ...] = ()
    jobs: Sequence[actions.JobRights] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the table: *what*, how it stands, what it is for or how to fix it."""

    where: Literal["machine", "clone", "GitHub"]
    what: str
    state: State
    detail: str = ""


def examine(
    settings: Settings, here: Here, connection: Connection | None
) -> Iterator[Diagnosis]:
    """Yield what was found; there is no *connection* where no token is set."""
    yield from _machine(settings, here)
    yield from _clone(settings, here)
    if connection is None:
        detail = "set GITHUB_TOKEN or GH_TOKEN (gh auth token prints one)"
        yield Diagnosis("GitHub", "token", "missing", detail)
        return
    try:
        connection.repository.read("/")
    except NO_ANSWER as error:
        yield Diagnosis("GitHub", settings.repository, "unknown", error.problem)
        return
    for row in expectations(connection):
        state: State
        answer = answer_to(row)
        if isinstance(answer, AsWanted):
            state, detail = "ok", answer.detail
        elif isinstance(answer, Otherwise):
            state, detail = "missing", f"{answer.detail}: {answer.remedy}"
        else:
            needs = f" ({row.permission})" if answer.hidden else ""
            state, detail = "unknown", f"{answer.reason}{needs}"
        if state != "ok" and row.watched == "note":
            state = "optional"
        yield Diagnosis("GitHub", row.name, state, detail)


def doctor_report(
    found: Sequence[Diagnosis], jobs: Sequence[actions.JobRights] = ()
) -> Report:
    """Return the table of what was *found*, what is missing counted first."""
    missing = sum(each.state == "missing" for each in found)
    unknown = sum(each.state == "unknown" for each in found)
    rows, may = tuple(map(astuple, found)), tuple(each for each in jobs if each[2])
    written = Table(("workflow", "job", "may write", "why"), may)
    return Report(
        headline=f"{missing} missing, {unknown} unknown, of {len(found)}",
        sections=(
            Section("", table=Table(("where", "what", "state", "detail"), rows)),
            Section("What the jobs of the workflows may", table=written),
        ),
        data={
            "verdict": "missing" if missing else "unknown" if unknown else "ok",
            "findings": [asdict(each) for each in found],
            "jobs": [dict(zip(actions.JOB, each, strict=True)) for each in jobs],
        },
        outcome="difference" if missing else "unknown" if unknown else "done",
    )


def _machine(settings: Settings, here: Here) -> Iterator[Diagnosis]:
    yield Diagnosis("machine", "Python", "ok", platform.python_version())
    built = settings.build in {"docker", "buildah"}
    purposes = _PURPOSES | ({settings.build: _BUILDS} if built else {})
    for program, purpose in purposes.items():
        version = here.says(program, "--version")
        absent: State = "missing" if program in _NEEDED else "optional"
        state: State = "ok" if version is not None else absent
        detail = purpose if version is None else version or "installed"
        yield Diagnosis("machine", program, state, detail)
    if settings.build == "docker":
        for what, command in _DOCKER.items():
            said = here.says(*command)
            state = "ok" if said else "optional"
            yield Diagnosis("machine", what, state, said or _BUILDS)


def _clone(settings: Settings, here: Here) -> Iterator[Diagnosis]:
    present = here.files((*_FILES, _TEMPLATE))
    expected = _FILES[:-1] if _TEMPLATE in present else _FILES
    fixes = dict.fromkeys(expected, "")  # what → how to mend it, if it is wrong
    for path in set(expected).difference(present):
        fixes[path] = _way_back(path, here.clone)
    remote = wrong_remote(settings, here.clone.written_address())
    fixes["remote"] = ": ".join(remote) if remote else ""
    shallow = here.clone.is_shallow()
    fixes["history"] = "git fetch --unshallow --tags" if shallow else ""
    errors = [each.line for each in here.disagreements if not each.warning]
    fixes["files agree"] = "; ".join(errors)
    unnamed = [f"{path}: {job}" for path, job, rights, _ in here.jobs if rights == "?"]
    fixes["rights of jobs"] = ", ".join(unnamed) and _UNNAMED + ", ".join(unnamed)
    for what, fix in fixes.items():
        yield Diagnosis("clone", what, "missing" if fix else "ok", fix)
    yield from here.template


def _way_back(path: str, clone: Clone) -> str:
    try:
        there = clone.tree_of("HEAD", path)
    except NO_ANSWER as error:
        return f"nobody knows if HEAD has it: {error.problem}"
    absent = f"HEAD does not have it either: git log -1 -- {path}"
    return f"git checkout HEAD -- {path}" if there else absent
