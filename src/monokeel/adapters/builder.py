"""The configured build command, run for one service and commit; it pushes, too.

Labels and times come from the commit, never from the clock, so that a build can be
reproducible. By the same labels an image tells its commit (OCI, "Annotations").
"""

import difflib
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monokeel.adapters.addresses import is_loopback, parts_of
from monokeel.adapters.credentials import own_logins, private_folder
from monokeel.adapters.manifests import LABEL, REVISION
from monokeel.adapters.process import require_program, run_visible
from monokeel.adapters.registry_access import DOCKER_HUB, Login
from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.ground.settings import Service, Settings

_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})")
_ALIKE = 0.75  # {digest} is for {digest_file}, {other} for none
_PLACE = re.compile(r"\{(\{[\w-]+\})\}|\{[\w-]+\}")
_METADATA = re.compile(r'"containerimage\.digest"\s*:\s*"(sha256:[0-9a-f]{64})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One build of *service*; *image* is ``host/name:sha-<commit>``.

    Paths are absolute; no *dockerfile*: the context's. *digest_file* may be written.
    """

    service: Service
    context: str
    dockerfile: str
    image: str
    commit: str
    created: datetime
    labels: Mapping[str, str]
    insecure: bool
    digest_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds and pushes the services of the repository at *root*.

    *command* is a preset, ``docker`` or ``buildah``, or a command line with
    ``{context}``, ``{image}``, ``{commit}``, ``{digest_file}``, ``{service}``,
    ``{dockerfile}`` and ``{platforms}`` (with commas). A password in *login* is handed
    to it (``REGISTRY_AUTH_FILE``; docker/cli#6008: ``DOCKER_AUTH_CONFIG``); without one
    it uses its own login. *server* is where people see the repository; *read_tag*
    returns the digest at a tag of an image.
    """

    settings: Settings
    root: Path
    registry: str
    command: str
    commit_time: Callable[[str], datetime]
    read_tag: Callable[[str, str], str]
    login: Login
    server: str = "https://github.com"

    def build(self, service: str, commit: str) -> str:
        """Return the builder's word; without ``{digest_file}`` the digest at the tag.

        The files are those of the working tree, which the caller knows to be *commit*.
        UsageError for a command that is none, ServiceError where a program fails.
        """
        with private_folder() as folder:
            job = self._job(self.settings.service(service), commit, folder)
            env = {"SOURCE_DATE_EPOCH": str(int(job.created.timestamp()))}
            if self.login.basic is not None:
                env |= self._sign_in(self.login.basic, folder)
            for args in self._lines(job):
                if code := run_visible(args, cwd=self.root, env=env):
                    problem = f"the build of {service} failed: {args[0]} ended with"
                    fix = "Its own messages are above; mend that and run it again."
                    raise ServiceError(f"{problem} {code}", fix=fix)
            said = read_digest(Path(job.digest_file))
        return said or self.read_tag(self.settings.image(service), f"sha-{commit}")

    def check(self, service: str, commit: str) -> None:
        """Raise what ``build`` would before it starts a program."""
        with private_folder() as folder:
            self._lines(self._job(self.settings.service(service), commit, folder))

    def _lines(self, job: Job) -> list[list[str]]:
        lines = command_lines(self.command, job)
        for args in lines:
            require_program(args[0], self.root)
        return lines

    def _job(self, service: Service, commit: str, folder: Path) -> Job:
        context = self.root / service.context
        if not context.is_dir():
            fix = "Correct its path in infra/platform.toml."
            raise UsageError(f"service {service.name} has no folder {context}", fix=fix)
        host = parts_of(self.registry).netloc
        created = self.commit_time(commit).astimezone(UTC)
        file = str(self.root / service.dockerfile) if service.dockerfile else ""
        return Job(
            service=service,
            context=str(context),
            dockerfile=file,
            image=f"{host}/{self.settings.image(service.name)}:sha-{commit}",
            commit=commit,
            created=created,
            # No version here: an image is built once per commit and named later.
            labels={
                f"{LABEL}.source": f"{self.server}/{self.settings.repository}",
                REVISION: commit,
                f"{LABEL}.created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                f"{LABEL}.title": service.name,
            },
            insecure=self.registry.startswith("http://") and is_loopback(self.registry),
            digest_file=str(folder / "digest"),
        )

    def _sign_in(self, basic: str, folder: Path) -> dict[str, str]:
        """Return what both builders read credentials from: arguments are public."""
        host = parts_of(self.registry).netloc
        # What docker calls Docker Hub.
        name = "https://index.docker.io/v1/" if host in DOCKER_HUB else host
        login: Json = {"auth": basic.removeprefix("Basic ")}
        path, ours = folder / "auth", {host: login, name: login}
        theirs = own_logins(host)
        auths = {"auths": {**theirs["auths"], **ours}}
        path.touch(mode=0o600)
        path.write_text(json.dumps({**theirs, **auths}), encoding="utf-8")
        docker = json.dumps({"auths": ours})  # it reads its own file, too
        return {"REGISTRY_AUTH_FILE": str(path), "DOCKER_AUTH_CONFIG": docker}


def read_digest(path: Path) -> str:
    """Return the digest in *path*, "" without one: buildah's bare, buildx's in JSON."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return ""
    found = (_METADATA if text.lstrip().startswith("{") else _DIGEST).search(text)
    if found is None:
        fix = "It must write sha256:… into {digest_file}."
        raise ServiceError(f"the builder wrote no digest: {text[:80]!r}", fix=fix)
    return found[1]


def command_lines(command: str, job: Job) -> list[list[str]]:
    """Return the programs that *command*, split as by a shell, stands for.

    A value is a part of one argument. UsageError for an unknown preset, a bad line, one
    without ``{context}`` or ``{image}``, and one with a misspelt placeholder; others
    are the command's own, and so is the ``{image}`` that is written as ``{{image}}``.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _wrong(command, f"cannot be split into words ({error})") from error
    if words == ["docker"]:
        return [_docker(job)]
    if words == ["buildah"]:
        return _buildah(job)
    for needed in ("{context}", "{image}"):
        if not any(needed in word for word in words):
            raise _wrong(command, f"is no preset and has no {needed}")
    values = {
        "{context}": job.context,
        "{image}": job.image,
        "{commit}": job.commit,
        "{digest_file}": job.digest_file,
        "{service}": job.service.name,
        "{dockerfile}": job.dockerfile or f"{job.context}/Dockerfile",
        "{platforms}": ",".join(job.service.platforms),
    }
    values |= _literals(command, [*values])
    return [[_PLACE.sub(lambda x: values.get(x[0], x[0]), w) for w in words]]


def _literals(command: str, known: list[str]) -> dict[str, str]:
    """Return ``{{image}}`` → ``{image}`` and so on; UsageError for one misspelt.

    Go's ``{{else}}`` and so on are the command's own.
    """
    found = dict[str, str]()
    for place in _PLACE.finditer(command):
        name = place[1] or place[0]
        near = difflib.get_close_matches(name.lower(), known, 1, _ALIKE)
        if near and place[1]:
            found[place[0]] = name
        elif near and name not in known:
            as_it_is = f"Write {{{name}}} for {name} itself"
            raise _wrong(command, f"has {name}: did you mean {near[0]}? {as_it_is}")
    return found


def _docker(job: Job) -> list[str]:
    """Build with buildx; unconfirmed: tried by nobody here, there was no docker.

    Without provenance and SBOM it is one manifest with a stable digest, attested later.
    `rewrite-timestamp` needs BuildKit 0.13, SOURCE_DATE_EPOCH buildx 0.10.
    """
    # unpack=false: the containerd image store refuses rewrite-timestamp with it
    # (docker/cli#5256, moby/buildkit#4230).
    output = (
        "type=image,push=true,oci-mediatypes=true,rewrite-timestamp=true,unpack=false"
    )
    levels = "index,manifest" if len(job.service.platforms) > 1 else "manifest"
    annotated = {f"{levels}:{key}": value for key, value in job.labels.items()}
    args = ["docker", "buildx", "build", "--provenance=false", "--sbom=false"]
    args += [f"--output={output}", "--metadata-file", job.digest_file]
    return args + _own(job, annotated)


def _buildah(job: Job) -> list[list[str]]:
    """Build and push with buildah; `--timestamp`, as 1.28 ignores SOURCE_DATE_EPOCH."""
    options = ["--tls-verify=false"] if job.insecure else []
    if len(job.service.platforms) > 1:
        problem = f"service {job.service.name}: the preset buildah builds one platform"
        fix = 'Use build = "docker", or a command line, for several platforms.'
        raise UsageError(problem, fix=fix)
    build = ["buildah", "bud", "--format", "oci", *options]
    build += ["--timestamp", str(int(job.created.timestamp())), *_own(job, job.labels)]
    push = ["buildah", "push", *options, "--digestfile", job.digest_file]
    return [build, [*push, job.image, f"docker://{job.image}"]]


def _own(job: Job, annotations: Mapping[str, str]) -> list[str]:
    """Return what a service has of its own; both builders know these options."""
    platforms = job.service.platforms
    return [
        *_repeated("--label", job.labels),
        *(["--platform", ",".join(platforms)] if platforms else []),
        *(["--file", job.dockerfile] if job.dockerfile else []),
        *_repeated("--build-arg", job.service.args),
        *_repeated("--annotation", annotations),
        *("--tag", job.image, job.context),
    ]


def _repeated(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for pair in values.items() for word in (option, "=".join(pair))]


def _wrong(command: str, problem: str) -> UsageError:
    fix = "Use one of the presets docker and buildah, or a command line with"
    fix += " {context}, {image}, {commit} and {digest_file}, in [registry] build or"
    fix += " MONOKEEL_BUILD."
    shown = f"{command.partition(' ')[0]} …"  # the rest of it may hold a secret
    return UsageError(f"the build command {shown} {problem}", fix=fix)
