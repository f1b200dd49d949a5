"""Releases of one GitHub repository: drafts, assets, publication.

Facts: GitHub's REST documentation of releases. Drafts stand only in the list, for
tokens that may write, and some time after their creation.
"""

import time
from collections.abc import Callable
from http import HTTPStatus

from monokeel.adapters.addresses import check_address, is_loopback, joined, parts_of
from monokeel.adapters.github import ACCEPTED, GitHub, words_of
from monokeel.adapters.session import (
    LARGEST_RECORD,
    REDIRECTS,
    Answer,
    wait_before_retry,
)
from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.release.record import (
    RECORD_NAME,
    Asset,
    GitHubRelease,
    parse_release,
)

_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
_MAYBE = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
_HIDDEN = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
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
        """Return the published release of *tag*, ``None`` if there is none.

        Raises ServiceError when the repository is hidden: its 404 looks the same.
        """
        return self._one(f"/releases/tags/{tag}")

    def latest(self) -> GitHubRelease | None:
        """Return the release that GitHub calls the latest, ``None`` before the first.

        Its ``immutable`` is a hint whether releases are locked; asking for the setting
        itself needs administration rights.
        """
        return self._one("/releases/latest")

    def create_draft(self, tag: str, *, title: str, body: str) -> GitHubRelease:
        """Create a draft for *tag* and return it once the list shows it.

        GitHub makes a second draft without a word: the caller lists and the lowest id
        wins. No ``target_commitish`` is sent, the tag is made first. Raises
        RefusedError when GitHub refuses (422: published already, burned name).
        """
        draft: Json = {"tag_name": tag, "name": title, "body": body, "draft": True}
        answer = self._write("POST", "/releases", draft, HTTPStatus.CREATED)
        made = parse_release(answer.json())
        for wait_s in _WAITS_S:
            if any(each.id == made.id for each in self.listed()):
                break
            self._sleep(wait_s)
        return made

    def attach(self, release: GitHubRelease, content: bytes) -> None:
        """Upload *content* as ``release.json`` of *release*.

        The name is taken by the first upload: a second one is RefusedError (422).
        """
        url = release.upload_url.partition("{")[0]
        self._check_upload_host(url)
        headers = {"Accept": ACCEPTED, "Content-Type": "application/json"}
        if self._github.token:
            headers["Authorization"] = f"Bearer {self._github.token}"
        answer = self._github.session.request(
            "POST", f"{url}?name={RECORD_NAME}", headers=headers, body=content
        )
        if answer.status != HTTPStatus.CREATED:
            raise _refusal(f"the upload of {RECORD_NAME}", answer)

    def file_of(self, release: GitHubRelease) -> str | None:
        """Return the text of the ``release.json`` of *release*, ``None`` without one.

        An upload cut short (state ``starter``) is none, nor is one deleted since it
        was listed.
        """
        asset = release.record_asset
        return self._download(asset) if asset and release.has_file else None

    def publish(
        self, release: GitHubRelease, *, title: str, body: str, latest: bool
    ) -> None:
        """Publish the draft *release*; *latest* says whether it is the newest version.

        *title* and *body* replace what the draft says. Its tag must exist: GitHub
        would create a missing one where it likes. Raises RefusedError when GitHub
        refuses (422: burned name, tag rules).
        """
        # A string on purpose: "true", "false" or "legacy" (GitHub's REST reference).
        change: Json = {
            "name": title,
            "body": body,
            "draft": False,
            "prerelease": False,
            "make_latest": "true" if latest else "false",
        }
        self._write("PATCH", f"/releases/{release.id}", change, HTTPStatus.OK)

    def delete(self, release: GitHubRelease) -> None:
        """Delete the draft *release*; one that is gone already is done.

        It is read again first: RefusedError if somebody has published it since.
        """
        path = f"/releases/{release.id}"
        seen = self._github.request("GET", path, expect=_MAYBE)
        if seen.status == HTTPStatus.NOT_FOUND:
            return
        if not parse_release(seen.json()).draft:
            raise RefusedError(
                f"release {release.tag} ({release.id}) is published",
                fix="Published releases are never deleted: release a new version.",
            )
        gone = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)
        self._github.request("DELETE", path, expect=gone)

    def _one(self, path: str) -> GitHubRelease | None:
        answer = self._github.request("GET", path, expect=_MAYBE)
        if answer.status == HTTPStatus.OK:
            return parse_release(answer.json())
        if not self._is_visible:
            self._github.request("GET", "")
            self._is_visible = True
        return None

    def _write(
        self, method: str, path: str, change: Json, wanted: HTTPStatus
    ) -> Answer:
        answer = self._github.request(
            method, path, json=change, expect=(wanted, *_HIDDEN)
        )
        if answer.status == wanted:
            return answer
        raise _refusal(f"{method} {path}", answer)

    def _check_upload_host(self, url: str) -> None:
        # The token goes to the API's host and to its upload host, nowhere else.
        check_address(url)
        api = self._github.api
        ours = parts_of(api).hostname or ""
        hosts = {ours, ours.replace("api.", "uploads.", 1)}
        if parts_of(url).hostname in hosts or (is_loopback(url) and is_loopback(api)):
            return
        raise ServiceError(
            f"GitHub's answer leads uploads to another host: {parts_of(url).hostname}",
            fix="Check GITHUB_API_URL: a proxy may have answered.",
        )

    def _download(self, asset: Asset) -> str | None:
        path = f"/releases/assets/{asset.id}"
        answer = self._github.request(
            "GET",
            path,
            accept="application/octet-stream",
            largest=LARGEST_RECORD,
            expect=(*_MAYBE, *REDIRECTS),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status == HTTPStatus.OK:
            return answer.text
        # Storage on another host: it needs no token and gets none.
        base = f"{self._github.api}/repos/{self._github.repository}{path}"
        address = joined(base, answer.headers.get("Location", ""))
        stored = self._github.session.request("GET", address, largest=LARGEST_RECORD)
        if stored.status == HTTPStatus.OK:
            return stored.text
        raise ServiceError(
            f"{parts_of(address).hostname} answered {stored.status} for {asset.name}",
            fix="Run the same command again.",
        )


def _refusal(what: str, answer: Answer) -> MonokeelError:
    problem = f"GitHub answered {answer.status} to {what}: {words_of(answer)}"
    needed = answer.headers.get("X-Accepted-GitHub-Permissions")
    if needed:
        problem += f" (needed: {needed})"
    if answer.status in _HIDDEN and "rate limit" not in problem.lower():
        return ServiceError(problem, fix=_WORKFLOW_FIX)
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return RefusedError(problem)
    return ServiceError(
        problem,
        fix="Run the same command again.",
        again_s=wait_before_retry(answer, 1, now=time.time()),
    )
