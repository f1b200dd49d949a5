"""The configured build command, run for one service and commit; it pushes, too.

Labels and times come from the commit, never from the clock, so that a builder that
can build reproducibly does. A finished image tells its commit by the same labels
(OCI image-spec, "Annotations"; labels are in the config blob of each platform).
"""

import base64
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from monokeel.adapters.credentials import is_loopback
from monokeel.adapters.process import run_visible
from monokeel.core.lookup import Json, Unknown
from monokeel.core.settings import Settings
from monokeel.errors import CommandError, ServiceError

PRESETS = ("docker", "buildah")

_LABEL = "org.opencontainers.image"
REVISION = f"{_LABEL}.revision"
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
# BuildKit's attestations stand among the platforms of an index.
_ATTESTATION = ("vnd.docker.reference.type", "attestation-manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One build: *context* is a folder, *image* ``host/name:sha-<commit>``."""

    context: Path
    image: str
    commit: str
    created: datetime
    labels: Mapping[str, str]
    insecure: bool
    auth_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds and pushes the services of the repository at *root*.

    *command* is a preset, ``docker`` or ``buildah``, or a command line with
    ``{context}``, ``{image}`` and ``{commit}``. *registry* is an address such as
    ``https://ghcr.io``; with *password* a file of credentials is handed to the build
    command (``REGISTRY_AUTH_FILE``), else it uses its own login. *server* is where
    people see the repository.
    """

    settings: Settings
    root: Path
    registry: str
    command: str
    commit_time: Callable[[str], datetime]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    server: str = "https://github.com"
    licenses: str = ""

    def build(self, service: str, commit: str) -> None:
        """Build *service* of *commit* and push it as ``sha-<commit>``.

        The files are those of the working tree; the caller knows that it is *commit*.
        Raises CommandError for a command that is none, and ServiceError when a
        program is missing or fails.
        """
        with self._login() as auth_file:
            job = self._job(service, commit, auth_file)
            env = {"SOURCE_DATE_EPOCH": str(int(job.created.timestamp()))}
            if auth_file is not None:
                env["REGISTRY_AUTH_FILE"] = auth_file
            for args in command_lines(self.command, job):
                code = run_visible(args, cwd=self.root, env=env)
                if code != 0:
                    raise ServiceError(
                        f"the build of {service} failed: {args[0]} ended with {code}",
                        fix="Its own messages are above; mend that and run it again.",
                    )

    def _job(self, service: str, commit: str, auth_file: str | None) -> Job:
        context = self.root / self.settings.service(service).path
        if not context.is_dir():
            raise CommandError(
                f"service {service} has no folder {context}",
                fix="Correct its path in infra/platform.toml.",
            )
        host = urlsplit(self.registry).netloc
        created = self.commit_time(commit).astimezone(UTC)
        return Job(
            context=context,
            image=f"{host}/{self.settings.image(service)}:sha-{commit}",
            commit=commit,
            created=created,
            labels=self._labels(service, commit, created),
            insecure=self.registry.startswith("http://") and is_loopback(self.registry),
            auth_file=auth_file,
        )

    def _labels(self, service: str, commit: str, created: datetime) -> dict[str, str]:
        # No version here: an image is built once per commit and named later.
        labels = {
            f"{_LABEL}.source": f"{self.server}/{self.settings.repository}",
            REVISION: commit,
            f"{_LABEL}.created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"{_LABEL}.title": service,
        }
        return labels | ({f"{_LABEL}.licenses": self.licenses} if self.licenses else {})

    @contextmanager
    def _login(self) -> Iterator[str | None]:
        """Give a file of credentials, readable by us alone, and remove it after.

        A password in an argument would be seen by every process of the machine.
        """
        if self.password is None:
            yield os.environ.get("REGISTRY_AUTH_FILE")
            return
        pair = f"{self.user or 'token'}:{self.password}".encode()
        host = urlsplit(self.registry).netloc
        content = {"auths": {host: {"auth": base64.b64encode(pair).decode()}}}
        with tempfile.TemporaryDirectory(prefix="monokeel-") as folder:
            path = Path(folder) / "auth.json"
            path.touch(mode=0o600)
            path.write_text(json.dumps(content), encoding="utf-8")
            yield str(path)


def command_lines(command: str, job: Job) -> list[list[str]]:
    """Return the programs that *command* stands for, each with its arguments.

    A command line is split as a shell would, once, and each value is put in as a part
    of one argument. Raises CommandError for an unknown preset, a line that cannot be
    split, and one without ``{context}`` or ``{image}``.
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
    values = {"context": str(job.context), "image": job.image, "commit": job.commit}
    return [[_filled(word, values) for word in words]]


def _docker(job: Job) -> list[str]:
    """Build with buildx; unconfirmed: tried by nobody here, there was no docker.

    Without provenance and SBOM the result is one manifest with a stable digest; the
    attestations are made later, for that digest. `rewrite-timestamp` sets the times of
    the files (BuildKit 0.13); SOURCE_DATE_EPOCH is passed on by buildx 0.10.
    """
    output = "type=image,push=true,oci-mediatypes=true,rewrite-timestamp=true"
    return [
        *("docker", "buildx", "build"),
        *("--provenance=false", "--sbom=false", f"--output={output}"),
        *_repeated("--label", job.labels),
        *_repeated("--annotation", job.labels, prefix="manifest:"),
        *("--tag", job.image, str(job.context)),
    ]


def _buildah(job: Job) -> list[list[str]]:
    """Build and push with buildah; `--timestamp`, as 1.28 ignores SOURCE_DATE_EPOCH."""
    options = ["--tls-verify=false"] if job.insecure else []
    if job.auth_file is not None:
        options += ["--authfile", job.auth_file]
    build = [
        *("buildah", "bud", "--format", "oci", *options),
        *("--timestamp", str(int(job.created.timestamp()))),
        *_repeated("--label", job.labels),
        *_repeated("--annotation", job.labels),
        *("--tag", job.image, str(job.context)),
    ]
    return [build, ["buildah", "push", *options, job.image, f"docker://{job.image}"]]


def _repeated(
    option: str, values: Mapping[str, str], *, prefix: str = ""
) -> Sequence[str]:
    return [
        word
        for key, value in values.items()
        for word in (option, f"{prefix}{key}={value}")
    ]


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(f"{{{name}}}", value)
    return word


def _wrong(command: str, problem: str) -> CommandError:
    return CommandError(
        f"the build command {command!r} {problem}",
        fix=f"Use one of the presets {' and '.join(PRESETS)}, or a command line with"
        " {context}, {image} and {commit}, in [registry] build or MONOKEEL_BUILD.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Something that a manifest refers to: another manifest, or a blob."""

    digest: str
    is_manifest: bool


def revision_of(
    manifest: bytes, read: Callable[[Blob], bytes | Unknown]
) -> str | Unknown | None:
    """Return the commit named by *manifest*, or ``None`` when it names none.

    Its annotation, else that of the first platform, else the label of the config.
    *read* fetches what is referred to; Unknown when that fails, for a label that
    cannot be read is not one that is missing.
    """
    fields = _object(manifest)
    annotated = _text(fields.get("annotations"), REVISION)
    if annotated is not None:
        return annotated if _COMMIT.match(annotated) else None
    platform = _first_platform(fields)
    if platform is not None:
        child = read(Blob(digest=platform, is_manifest=True))
        return child if isinstance(child, Unknown) else revision_of(child, read)
    config = _text(fields.get("config"), "digest")
    if config is None:
        return None
    content = read(Blob(digest=config, is_manifest=False))
    if isinstance(content, Unknown):
        return content
    labels = _object(content).get("config")
    label = _text(labels.get("Labels") if isinstance(labels, dict) else None, REVISION)
    return label if label is not None and _COMMIT.match(label) else None


def _first_platform(fields: dict[str, Json]) -> str | None:
    children = fields.get("manifests")
    for child in children if isinstance(children, list) else []:
        if isinstance(child, dict) and not _is_attestation(child):
            return _text(child, "digest")
    return None


def _is_attestation(child: dict[str, Json]) -> bool:
    key, value = _ATTESTATION
    platform = child.get("platform")
    return (
        _text(child.get("annotations"), key) == value
        or _text(platform, "architecture") == "unknown"
        or _text(platform, "os") == "unknown"
    )


def _text(value: Json, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _object(content: bytes) -> dict[str, Json]:
    try:
        value: Json = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
