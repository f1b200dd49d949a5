"""Releases of one GitHub repository: drafts, assets, publication (REST docs).

Drafts are only listed, to tokens that may write, and some time after their creation.
"""

import time
from collections.abc import Callable
from http import HTTPStatus

from monokeel.adapters.addresses import joined, parts_of
from monokeel.adapters.github import OR_ABSENT, GitHub
from monokeel.adapters.session import LARGEST_RECORD, REDIRECTS, Answer
from monokeel.ground.answers import Json
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.release.record import RECORD_NAME, GitHubRelease, parse_release

_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
_WORKFLOW_FIX = (
    "The token needs contents: write. If it has that, the commit's .github/workflows"
    " differ from the default branch's, and GitHub lets no GITHUB_TOKEN release such"
    " a commit: put a token with workflows: write, too, into the secret"
    " MONOKEEL_RELEASE_TOKEN of the Environment release."
)


class Releases:
    """The releases of the repository that *github* speaks to."""

    def __init__(
        self, github: GitHub, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._github = github
        self._sleep = sleep
        self._is_visible = False

    def listed(self) -> tuple[GitHubRelease, ...]:
        """Return every release and draft that the token may see, from every page."""
        releases = self._github.pages("/releases")
        self._is_visible = True
        return tuple(parse_release(each) for each in releases)

    def published(self, tag: str) -> GitHubRelease | None:
        """Raise ServiceError when the repository is hidden: its 404 looks the same."""
        if (found := self._github.found(f"/releases/tags/{tag}")) is not None:
            return parse_release(found)
        if not self._is_visible:
            self._github.request("GET", "")
            self._is_visible = True
        return None

    def create_draft(self, tag: str, *, title: str, body: str) -> GitHubRelease:
        """Wait until it is listed, or a second is made; RefusedError for 422."""
        draft: Json = {"tag_name": tag, "name": title, "body": body, "draft": True}
        made = parse_release(self._write("POST", "/releases", draft).json())
        for wait_s in _WAITS_S:
            if any(each.id == made.id for each in self.listed()):
                break
            self._sleep(wait_s)
        return made

    def attach(self, release: GitHubRelease, content: bytes) -> None:
        """Raise RefusedError for a second upload: the first one took the name (422)."""
        url = f"{release.upload_url.partition('{')[0]}?name={RECORD_NAME}"
        self._write("POST", url, content)

    def copy_of(self, tag: str) -> str | None:
        """Return the text of ``release.json`` of what is published at *tag*."""
        release = self.published(tag)
        return None if release is None else self.file_of(release)

    def file_of(self, release: GitHubRelease) -> str | None:
        """Return ``None`` for an upload cut short (``starter``) or deleted since."""
        if release.file is None:
            return None
        path, maybe = f"/releases/assets/{release.file}", (*OR_ABSENT, *REDIRECTS)
        answer = self._github.request("GET", path, expect=maybe, asset=True)
        if answer.status not in REDIRECTS:
            return answer.text if answer.status == HTTPStatus.OK else None
        # Storage on another host: it needs no token and gets none.
        base = f"{self._github.api}/repos/{self._github.repository}{path}"
        address = joined(base, answer.headers.get("Location", ""))
        try:
            most = LARGEST_RECORD
            stored = self._github.session.request("GET", address, largest=most)
        except UsageError as error:  # nobody who uses us has written it
            raise ServiceError(error.problem) from error
        if stored.status == HTTPStatus.OK:
            return stored.text
        host = parts_of(address).hostname
        problem = f"{host} answered {stored.status} for {RECORD_NAME}"
        raise ServiceError(problem, fix="Run the same command again.")

    def publish(
        self, release: GitHubRelease, *, title: str, body: str, latest: bool
    ) -> None:
        """Replace what the draft says; RefusedError for 422: burned name, tag rules."""
        # A string on purpose: "true", "false" or "legacy" (GitHub's REST reference).
        made = "true" if latest else "false"
        said: dict[str, Json] = {"name": title, "body": body, "draft": False}
        change: Json = {**said, "prerelease": False, "make_latest": made}
        self._write("PATCH", f"/releases/{release.id}", change)

    def delete(self, release: GitHubRelease) -> None:
        """Read it again first: RefusedError if somebody has published it since."""
        path = f"/releases/{release.id}"
        seen = self._github.found(path)
        if seen is None:
            return
        if not parse_release(seen).draft:
            problem = f"release {release.tag} ({release.id}) is published"
            fix = "Published releases are never deleted: release a new version."
            raise RefusedError(problem, fix=fix)
        gone = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)
        self._github.request("DELETE", path, expect=gone)

    def _write(self, method: str, path: str, change: Json | bytes) -> Answer:
        try:
            return self._github.request(method, path, json=change)
        except ServiceError as error:
            if error.hidden:
                fix = f"{error.fix} {_WORKFLOW_FIX}"
                raise ServiceError(error.problem, fix=fix) from error
            raise
