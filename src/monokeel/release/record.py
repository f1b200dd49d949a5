"""GitHub releases as values, and ``release.json``: what one version consists of."""

import json
import re
from dataclasses import dataclass

from monokeel.ground.answers import Json, as_list, as_number, as_object, as_text
from monokeel.ground.errors import ServiceError

RECORD_NAME = "release.json"
"""The name of the asset that ties a version to its commit and its images."""

UPLOADED = "uploaded"

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_MARKER = re.compile(r"<!-- monokeel: commit ([0-9a-f]{40}) -->")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """The content of ``release.json``: *version* (no prefix), *commit*, its images."""

    version: str
    commit: str
    images: tuple[ReleasedImage, ...]

    def digest_of(self, service: str) -> str | None:
        """Return the digest of *service*, ``None`` when the release has none of it."""
        for image in self.images:
            if image.service == service:
                return image.digest
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of a release; *state* is ``uploaded``, or ``starter`` if cut short."""

    id: int
    name: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubRelease:
    """A release as GitHub shows it; a draft is seen only by those who may write.

    *immutable* is ``None`` where GitHub does not say. *page* is its address for people,
    *author* the login of who made it.
    """

    id: int
    tag: str
    title: str
    body: str
    draft: bool
    prerelease: bool
    immutable: bool | None
    published_at: str | None
    page: str
    upload_url: str
    assets: tuple[Asset, ...]
    author: str = ""

    @property
    def record_asset(self) -> Asset | None:
        """The asset ``release.json`` in whatever state, ``None`` if there is none."""
        for asset in self.assets:
            if asset.name == RECORD_NAME:
                return asset
        return None

    @property
    def is_marked(self) -> bool:
        """Whether its text names a commit, as the drafts of our runs do."""
        return marked_commit(self.body) is not None

    @property
    def has_file(self) -> bool:
        """Whether its ``release.json`` was uploaded, and not cut short."""
        asset = self.record_asset
        return asset is not None and asset.state == UPLOADED

    @property
    def foreign_assets(self) -> tuple[str, ...]:
        """The names of the assets that no run of ours attaches."""
        names = [asset.name for asset in self.assets]
        return tuple(name for name in names if name != RECORD_NAME)


def marker(commit: str) -> str:
    """Return the hidden comment that ties a draft to *commit* before it has assets."""
    return f"<!-- monokeel: commit {commit} -->"


def marked_commit(body: str) -> str | None:
    """Return the commit that *body* is marked with; a hand-made release has none."""
    found = _MARKER.search(body)
    return found[1] if found else None


def record_text(record: ReleaseRecord) -> str:
    """Return *record* as the text of ``release.json``; equal records, equal text."""
    services: dict[str, Json] = {
        image.service: image.reference
        for image in sorted(record.images, key=lambda image: image.service)
    }
    content: dict[str, Json] = {
        "schema": 1,
        "version": record.version,
        "commit": record.commit,
        "services": services,
    }
    return json.dumps(content, indent=2) + "\n"


def parse_record(text: str) -> ReleaseRecord:
    """Return the record that *text*, the content of a ``release.json``, holds.

    Raises ServiceError when it is not one: not JSON, another schema, a field missing,
    or a digest or commit of another shape. Then nobody can tell what was released.
    """
    try:
        content: Json = json.loads(text)
        fields = as_object(content)
        if fields.get("schema") != 1:
            raise _unreadable(f"its schema is {fields.get('schema')!r}, not 1")
        services = as_object(fields.get("services"))
        return ReleaseRecord(
            version=as_text(fields.get("version")),
            commit=_commit(as_text(fields.get("commit"))),
            images=tuple(
                _image(service, as_text(services[service]))
                for service in sorted(services)
            ),
        )
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"it is not JSON: {text[:80]!r}") from error


def record_in(message: str | None) -> ReleaseRecord | None:
    """Return the record that is the *message* of a tag, ``None`` if it is none.

    A tag made before Monokeel came, or by hand, has another message or none at all.
    """
    if message is None:
        return None
    try:
        return parse_record(message)
    except ServiceError:
        return None


def parse_release(value: Json) -> GitHubRelease:
    """Return the release that *value*, a release in GitHub's REST shape, describes.

    Raises ServiceError when a field has an unexpected type.
    """
    fields = as_object(value)
    immutable = fields.get("immutable")
    return GitHubRelease(
        id=as_number(fields.get("id")),
        tag=as_text(fields.get("tag_name")),
        title=_optional(fields.get("name")) or "",
        body=_optional(fields.get("body")) or "",
        draft=fields.get("draft") is True,
        prerelease=fields.get("prerelease") is True,
        immutable=immutable if isinstance(immutable, bool) else None,
        published_at=_optional(fields.get("published_at")),
        page=_optional(fields.get("html_url")) or "",
        upload_url=_optional(fields.get("upload_url")) or "",
        assets=tuple(parse_asset(each) for each in as_list(fields.get("assets"))),
        author=_login(fields.get("author")),
    )


def parse_asset(value: Json) -> Asset:
    """Return the asset that *value*, an asset in GitHub's REST shape, describes."""
    fields = as_object(value)
    return Asset(
        id=as_number(fields.get("id")),
        name=as_text(fields.get("name")),
        state=as_text(fields.get("state")),
    )


def _image(service: str, reference: str) -> ReleasedImage:
    image, _, digest = reference.partition("@")
    if not image or not _DIGEST.match(digest):
        raise _unreadable(f"{reference!r} is not an image with a digest")
    return ReleasedImage(service=service, image=image, digest=digest)


def _commit(text: str) -> str:
    if not _COMMIT.match(text):
        raise _unreadable(f"its commit is {text!r}, not 40 hex digits")
    return text


def _login(author: Json) -> str:
    login = author.get("login") if isinstance(author, dict) else None
    return login if isinstance(login, str) else ""


def _optional(value: Json) -> str | None:
    return None if value is None else as_text(value)


def _unreadable(why: str) -> ServiceError:
    return ServiceError(
        f"a {RECORD_NAME} cannot be read: {why}",
        fix="Look at the release on GitHub; was the file replaced by hand?",
    )
