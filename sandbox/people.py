"""What people do on GitHub: land a change through a reviewed pull request.

    python CHECKOUT/sandbox/land.py TITLE FILE...

run in a clone of the shop, lands these files of it on the sandbox that the environment
names. The title is judged as the shop's CI would judge it.
"""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Protocol

from sandbox.wire import Json, JsonObject

CHECK = "all-green"


class Box(Protocol):
    """The part of a sandbox that people need."""

    @property
    def url(self) -> str:
        """Return the address of the API."""

    @property
    def repository(self) -> str:
        """Return ``owner/name``."""

    @property
    def tokens(self) -> dict[str, str]:
        """Return the tokens by name."""


class CallError(Exception):
    """A call was refused; *status* and the words of the server."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


def call(
    box: Box, method: str, path: str, body: JsonObject | None = None, *, who: str
) -> Json:
    """Call the API of the repository as *who* (a name of ``tokens``).

    *path* is below ``/repos/OWNER/NAME``. Raises CallError for any refusal.
    """
    request = urllib.request.Request(  # noqa: S310  # a loopback address of ours
        f"{box.url}/repos/{box.repository}{path}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Accept": "application/vnd.github+json"},
    )
    if box.tokens[who]:
        request.add_header("Authorization", f"Bearer {box.tokens[who]}")
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # see above
            text = answer.read()
    except urllib.error.HTTPError as problem:
        with problem:
            words = problem.read().decode()
        raise CallError(problem.code, words) from None
    value: Json = json.loads(text) if text else None
    return value


def land(
    box: Box,
    title: str,
    files: Mapping[str, str],
    *,
    branch: str = "feat/change",
    base: str = "",
) -> str:
    """Bring *files* to the branch *base* as on GitHub, and return the new commit.

    Without *base* it is the default branch.

    A branch, a pull request by ``admin``, the check ``all-green`` by GitHub Actions,
    an approval by ``reviewer``, a squash merge: all over the API, under the rules.
    """
    base = base or _text(call(box, "GET", "", who="admin"), "default_branch")
    tip = sha_of(call(box, "GET", f"/git/ref/heads/{base}", who="admin"))
    head = save(box, tip, files, message=title, branch=branch)
    number = open_pull(box, title, branch=branch, base=base)
    approve(box, number, head)
    merged = merge(box, number, title=title)
    call(box, "DELETE", f"/git/refs/heads/{branch}", who="admin")
    return merged


def save(
    box: Box, base: str, files: Mapping[str, str], *, message: str, branch: str
) -> str:
    """Commit *files* on the new *branch* from commit *base*; return the last commit."""
    start: JsonObject = {"ref": f"refs/heads/{branch}", "sha": base}
    call(box, "POST", "/git/refs", start, who="admin")
    head = base
    for path, text in files.items():
        body: JsonObject = {"message": message, "branch": branch}
        body["content"] = _base64(text)
        known = _blob(box, path, branch)
        if known:
            body["sha"] = known
        answer = call(box, "PUT", f"/contents/{path}", body, who="admin")
        head = _text(_inside(answer, "commit"), "sha")
    return head


def open_pull(box: Box, title: str, *, branch: str, base: str = "main") -> int:
    """Open a pull request from *branch* to *base*; return its number."""
    wanted: JsonObject = {"title": title, "head": branch, "base": base}
    answer = call(box, "POST", "/pulls", wanted, who="admin")
    return int(_text(answer, "number"))


def approve(box: Box, number: int, head: str) -> None:
    """Let GitHub Actions pass the check of *head*, and the reviewer say yes."""
    check: JsonObject = {"name": CHECK, "head_sha": head}
    check |= {"status": "completed", "conclusion": "success"}
    call(box, "POST", "/check-runs", check, who="actions")
    review: JsonObject = {"event": "APPROVE"}
    call(box, "POST", f"/pulls/{number}/reviews", review, who="reviewer")


def merge(box: Box, number: int, *, title: str) -> str:
    """Squash pull request *number* into its base; return the new commit."""
    how: JsonObject = {"merge_method": "squash", "commit_title": f"{title} (#{number})"}
    return _text(call(box, "PUT", f"/pulls/{number}/merge", how, who="admin"), "sha")


def sha_of(ref: Json) -> str:
    """Return the commit that the answer *ref* (``git-ref``) names."""
    return _text(_inside(ref, "object"), "sha")


def _blob(box: Box, path: str, branch: str) -> str:
    try:
        answer = call(box, "GET", f"/contents/{path}?ref={branch}", who="admin")
    except CallError:
        return ""
    return _text(answer, "sha")


def _inside(value: Json, name: str) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"no object: {value!r}")
    return value[name]


def _text(value: Json, name: str) -> str:
    return str(_inside(value, name))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
