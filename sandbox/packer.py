"""A packer of small images, for machines without a builder.

``python -m sandbox.packer CONTEXT IMAGE COMMIT [DIGEST_FILE]`` (or the file as a
script) makes a valid OCI image of one layer, pushes it and writes down its digest. It
builds nothing: of the Dockerfile it reads COPY from the context, WORKDIR, ENV, USER,
CMD and ENTRYPOINT, and it skips FROM and RUN. So the image has the service's files and
labels, a digest that depends on nothing but these, and no interpreter to run them with.

Credentials are those of ``REGISTRY_AUTH_FILE``, else of ``MONOKEEL_REGISTRY_USER`` and
``MONOKEEL_REGISTRY_PASSWORD``, else of ``GITHUB_TOKEN``; plain http is spoken to a
loopback address only. Standard library only.
"""

import base64
import hashlib
import io
import json
import os
import re
import shlex
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
# Not compressed: the bytes of gzip differ between versions of zlib.
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_LABEL = "org.opencontainers.image"
_SKIPPED = {".git", ".venv", "__pycache__", "node_modules"}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_TIMEOUT_S = 30

Answer = tuple[int, dict[str, str], bytes]


class PackError(Exception):
    """The image cannot be packed or pushed; the message says why."""


@dataclass(slots=True)
class Recipe:
    """What was read of a Dockerfile: (source, target) of each COPY, and the config."""

    copies: list[tuple[str, str]] = field(default_factory=list)
    config: dict[str, object] = field(default_factory=dict)
    workdir: str = "/"


@dataclass(frozen=True, slots=True)
class Image:
    """A packed image: the manifest's bytes, and its blobs by digest."""

    manifest: bytes
    blobs: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The identity of the image."""
        return _digest(self.manifest)


def read_dockerfile(text: str) -> Recipe:
    """Return what the packer understands of a Dockerfile; the rest is skipped."""
    recipe = Recipe()
    env: list[str] = []
    joined = re.sub(r"\\\r?\n", " ", text)
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        match word.upper():
            case "WORKDIR":
                recipe.workdir = str(PurePosixPath(recipe.workdir) / rest)
            case "COPY":
                recipe.copies.extend(_copies(rest, recipe.workdir))
            case "USER":
                recipe.config["User"] = rest
            case "ENV":
                env += [pair for pair in shlex.split(rest) if "=" in pair]
            case "CMD" | "ENTRYPOINT":
                recipe.config[word.upper().capitalize()] = _command(rest)
            case _:
                pass
    recipe.config |= {"WorkingDir": recipe.workdir, "Env": env}
    return recipe


def pack(context: Path, labels: Mapping[str, str], *, created: datetime) -> Image:
    """Return the image of the folder *context*; equal input, equal digest."""
    recipe = read_dockerfile((context / "Dockerfile").read_text("utf-8"))
    layer = _layer(context, recipe.copies, int(created.timestamp()))
    moment = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": moment,
            "config": recipe.config | {"Labels": dict(labels)},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(_CONFIG, config),
        "layers": [_descriptor(_LAYER, layer)],
        "annotations": dict(labels),
    }
    blobs = {_digest(blob): blob for blob in (config, layer)}
    return Image(_json(manifest), blobs)


class Target:
    """Where an image is pushed: *image* is ``host/name:tag``."""

    def __init__(self, image: str, user: str, password: str) -> None:
        host, _, rest = image.partition("/")
        self.name, _, self.tag = rest.rpartition(":")
        is_local = urlsplit(f"//{host}").hostname in _LOOPBACK
        self._base = f"{'http' if is_local else 'https'}://{host}/v2/{self.name}/"
        self._opener: OpenerDirector = (
            build_opener(ProxyHandler({})) if is_local else build_opener()
        )
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._basic = f"Basic {pair}" if password else ""
        self._authorization = ""

    def push(self, image: Image) -> None:
        """Upload the missing blobs, then the manifest; raise PackError if refused."""
        for digest, blob in image.blobs.items():
            if self._ask("HEAD", f"blobs/{digest}", None, {})[0] == HTTPStatus.OK:
                continue
            where = self._write("POST", "blobs/uploads/", b"", "")["location"]
            joint = "&" if urlsplit(where).query else "?"
            where += joint + urlencode({"digest": digest})
            self._write("PUT", where, blob, "application/octet-stream")
        self._write("PUT", f"manifests/{self.tag}", image.manifest, MANIFEST)

    def _write(self, method: str, path: str, body: bytes, kind: str) -> dict[str, str]:
        headers = {"Content-Type": kind} if kind else {}
        status, fields, said = self._ask(method, path, body, headers)
        if status not in {HTTPStatus.ACCEPTED, HTTPStatus.CREATED}:
            raise PackError(f"{self._base} answered {status}: {said[:300]!r}")
        return fields

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send one request; after a 401 once more, with a token for this image."""
        url = urljoin(self._base, path)
        answer = self._send(method, url, body, headers)
        if answer[0] == HTTPStatus.UNAUTHORIZED:
            self._authorize(answer[1].get("www-authenticate", ""))
            answer = self._send(method, url, body, headers)
        return answer

    def _authorize(self, challenge: str) -> None:
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        self._authorization = self._basic
        if not challenge.lower().startswith("bearer"):
            return
        realm = fields.get("realm", "")
        if urlsplit(realm)[:2] != urlsplit(self._base)[:2]:
            raise PackError(f"the token realm {realm} is on another host")
        scope = {"scope": f"repository:{self.name}:pull,push"}
        query = urlencode({"service": fields.get("service", "")} | scope)
        status, _, body = self._send("GET", f"{realm}?{query}", None, {})
        if status != HTTPStatus.OK:
            raise PackError(f"{realm} gives no token: {status} {body[:300]!r}")
        answer = json.loads(body)
        token = answer.get("token") or answer.get("access_token")
        self._authorization = f"Bearer {token}"

    def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        sent = dict(headers)
        if self._authorization:
            sent["Authorization"] = self._authorization
        request = Request(url, data=body, headers=sent, method=method)  # noqa: S310 - see Target
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return answer.status, _lower(answer.headers), answer.read()
        except HTTPError as error:
            with error:
                return error.code, _lower(error.headers), error.read()
        except OSError as error:  # URLError is one
            raise PackError(f"{url} does not answer: {error}") from error


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def main(arguments: list[str]) -> int:
    """Pack and push; print the image with its digest. Returns the exit code."""
    if len(arguments) not in {3, 4}:
        sys.stderr.write("usage: packer CONTEXT IMAGE COMMIT [DIGEST_FILE]\n")
        return 1
    context, name, commit, *digest_files = arguments
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or 0)
    created = datetime.fromtimestamp(epoch, UTC)
    try:
        target = Target(name, *_login(name.partition("/")[0]))
        image = pack(
            Path(context), _labels(target.name, commit, created), created=created
        )
        target.push(image)
        for digest_file in digest_files:
            Path(digest_file).write_text(image.digest, encoding="utf-8")
    except (PackError, OSError) as error:
        sys.stderr.write(f"packer: {error}\n")
        return 1
    sys.stdout.write(f"{name.rpartition(':')[0]}@{image.digest}\n")
    return 0


def _login(host: str) -> tuple[str, str]:
    """Return user and password for *host*, the password empty without one."""
    file = os.environ.get("REGISTRY_AUTH_FILE")
    if file:
        known = json.loads(Path(file).read_text(encoding="utf-8"))["auths"].get(host)
        if known:
            user, _, password = base64.b64decode(known["auth"]).decode().partition(":")
            return user, password
    names = ("MONOKEEL_REGISTRY_PASSWORD", "GITHUB_TOKEN", "GH_TOKEN")
    password = next(filter(None, map(os.environ.get, names)), "")
    return os.environ.get("MONOKEEL_REGISTRY_USER") or "token", password


def _labels(name: str, commit: str, created: datetime) -> dict[str, str]:
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    repository = os.environ.get("GITHUB_REPOSITORY") or "/".join(name.split("/")[:2])
    return {
        f"{_LABEL}.created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{_LABEL}.revision": commit,
        f"{_LABEL}.source": f"{server}/{repository}",
        f"{_LABEL}.title": name.rpartition("/")[2],
    }


def _copies(rest: str, workdir: str) -> Iterator[tuple[str, str]]:
    words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
    if any(word.startswith("--from") for word in words):
        return
    *sources, target = [word for word in words if not word.startswith("--")]
    where = str(PurePosixPath(workdir) / target)
    if target.endswith(("/", ".")) or len(sources) > 1:
        where += "/"
    for source in sources:
        yield source, where


def _command(rest: str) -> list[str]:
    if rest.startswith("["):
        return [str(word) for word in json.loads(rest)]
    return ["/bin/sh", "-c", rest]


def _layer(context: Path, copies: list[tuple[str, str]], epoch: int) -> bytes:
    files: dict[str, Path] = {}
    for source, target in copies:
        found = [context] if source == "." else sorted(context.glob(source.strip("/")))
        if not found:
            raise PackError(f"COPY {source}: there is no such file in {context}")
        for path in found:
            files |= dict(_files(path, target))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for name, path in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            data = path.read_bytes()
            entry.size, entry.mtime = len(data), epoch
            entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
            layer.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _files(path: Path, target: str) -> Iterator[tuple[str, Path]]:
    """Yield (name in the layer, file): a folder gives what is in it, as with COPY."""
    base = target.strip("/")
    if path.is_file():
        yield f"{base}/{path.name}".lstrip("/") if target.endswith("/") else base, path
        return
    for file in path.rglob("*"):
        below = file.relative_to(path)
        if file.is_file() and not _SKIPPED & set(below.parts):
            yield f"{base}/{below.as_posix()}".lstrip("/"), file


def _descriptor(media_type: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
