"""What one version consists of: to be released, in its record, and on GitHub."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.errors import ServiceError
from monokeel.ground.names import is_digest
from monokeel.ground.parsers import parse_json
from monokeel.ground.settings import Settings
from monokeel.release.versions import WHOLE, Span

RECORD_NAME = "release.json"
"""The name of the asset that ties a version to its commit and its images."""

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_MARKER = re.compile(r"<!-- monokeel: commit [0-9a-f]{40} -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedImage:
    """The image of one service: *image* is ``ghcr.io/acme/shop/api``, without tag."""

    service: str
    image: str
    digest: str

    @property
    def reference(self) -> str:
        """The image by digest, ``ghcr.io/acme/shop/api@sha256:…``."""
        return f"{self.image}@{self.digest}"

    @property
    def setting(self) -> str:
        """What names it so in ``platform.toml``."""
        host, _, path = self.image.partition("/")
        before, _, after = path.rpartition(self.service)
        return f'[registry] host = "{host}", images = "{before}{{service}}{after}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """The content of ``release.json``: *version* (no prefix), *commit*, its images."""

    version: str
    commit: str
    images: tuple[ReleasedImage, ...]

    def digest_of(self, service: str) -> str | None:
        """Return the digest of *service*, ``None`` when the release has none of it."""
        found = (each.digest for each in self.images if each.service == service)
        return next(found, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRelease:
    """A release as GitHub shows it; a draft is seen only by those who may write.

    *author* is a login. *assets* is name → id of its files, ``None`` for one whose
    upload was cut short.
    """

    id: int
    tag: str
    title: str
    body: str
    draft: bool
    immutable: bool
    page: str
    upload_url: str
    assets: Mapping[str, int | None]
    author: str = ""

    @property
    def file(self) -> int | None:
        """The asset that is its ``release.json``, ``None`` without a whole one."""
        return self.assets.get(RECORD_NAME)

    @property
    def foreign_assets(self) -> tuple[str, ...]:
        """The names of the assets that no run of ours attaches."""
        return tuple(name for name in self.assets if name != RECORD_NAME)


def marker(commit: str) -> str:
    """Return the hidden comment that ties a draft to *commit* before it has assets."""
    return f"<!-- monokeel: commit {commit} -->"


def is_marked(body: str) -> bool:
    """Say whether *body* is marked with a commit, as no release made by hand is."""
    return _MARKER.search(body) is not None


def record_text(record: ReleaseRecord) -> str:
    """Return *record* as the text of ``release.json``; equal records, equal text."""
    services = sorted((image.service, image.reference) for image in record.images)
    content = {"schema": 1, "version": record.version, "commit": record.commit}
    return json.dumps({**content, "services": dict(services)}, indent=2) + "\n"


def record_in(text: str | None) -> ReleaseRecord | None:
    """Return the record in *text*, a ``release.json`` or a tag's message, if any."""
    try:
        fields = as_object(parse_json(text or ""))
        version, commit = as_text(fields.get("version")), as_text(fields.get("commit"))
        services = as_object(fields.get("services"))
        named = [(x, as_text(services[x]).partition("@")) for x in sorted(services)]
    except (ValueError, ServiceError):
        return None
    images = tuple(
        ReleasedImage(service=s, image=i, digest=d) for s, (i, _, d) in named
    )
    whole = all(each.image and is_digest(each.digest) for each in images)
    if fields.get("schema") != 1 or not _COMMIT.match(commit) or not whole:
        return None
    return ReleaseRecord(version=version, commit=commit, images=images)


def parse_release(value: Json) -> GitHubRelease:
    """Return the release *value*, in GitHub's REST shape; ServiceError if none."""
    fields = as_object(value)
    author = as_object(fields.get("author") or {})
    return GitHubRelease(
        id=as_number(fields.get("id")),
        tag=as_text(fields.get("tag_name")),
        title=as_text(fields.get("name") or ""),
        body=as_text(fields.get("body") or ""),
        draft=fields.get("draft") is True,
        immutable=fields.get("immutable") is True,
        page=as_text(fields.get("html_url") or ""),
        upload_url=as_text(fields.get("upload_url") or ""),
        assets={
            as_text(each.get("name")): as_number(each.get("id")) if whole else None
            for each in map(as_object, as_list(fields.get("assets")))
            for whole in [as_text(each.get("state")) == "uploaded"]
        },
        author=as_text(author.get("login") or ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One version to publish once: *commit* is 40 hex digits.

    Versions of *span* are of the same line. *then* is the record of an older release,
    with the services that it had: platform.toml may have others now.
    """

    settings: Settings
    version: str
    commit: str
    notes: str = ""
    span: Span = WHOLE
    then: ReleaseRecord | None = None

    @property
    def tag(self) -> str:
        """The git tag, such as ``v1.4.0``."""
        return self.settings.tag(self.version)

    @property
    def tag_ref(self) -> str:
        """The full ref of the git tag."""
        return f"refs/tags/{self.tag}"

    @property
    def claim(self) -> str:
        """The full ref of the claim."""
        return self.settings.claim(self.tag)

    @property
    def images(self) -> dict[str, str]:
        """The image of each service: ``ghcr.io/acme/shop/api``, without tag."""
        if self.then is not None:
            return {each.service: each.image for each in self.then.images}
        host, paths = self.settings.registry_host, self.settings.images
        return {service: f"{host}/{path}" for service, path in paths.items()}

    @property
    def paths(self) -> dict[str, str]:
        """The image of each service without the registry's name."""
        host = f"{self.settings.registry_host}/"
        return {service: x.removeprefix(host) for service, x in self.images.items()}

    @property
    def staging_tag(self) -> str:
        """The tag under which builds push each image; the record decides what stays."""
        return f"sha-{self.commit}"

    @property
    def body(self) -> str:
        """The draft's text: the notes, and the comment that names the commit."""
        return f"{self.notes.rstrip()}\n\n{marker(self.commit)}\n".lstrip()

    def record(self, digests: Mapping[str, str]) -> ReleaseRecord:
        """Return the record of this version with *digests*, one of each service."""
        named = ((service, x, digests[service]) for service, x in self.images.items())
        images = tuple(ReleasedImage(service=s, image=i, digest=d) for s, i, d in named)
        return ReleaseRecord(version=self.version, commit=self.commit, images=images)
