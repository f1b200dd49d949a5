"""Calls of a sandbox, and commits that come past every rule."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

from sandbox.server import Sandbox
from sandbox.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sandbox said."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Json:
        value: Json = json.loads(self.body)
        return value

    def __getitem__(self, name: str) -> Json:
        value = self.json()
        assert isinstance(value, dict)
        return value[name]

    @property
    def message(self) -> str:
        return str(self["message"])

    @property
    def items(self) -> list[dict[str, Json]]:
        value = self.json()
        assert isinstance(value, list)
        return [item for item in value if isinstance(item, dict)]


@dataclass(frozen=True, slots=True)
class Api:
    """Calls of the one repository; *who* is a name of the sandbox's tokens."""

    box: Sandbox

    def __call__(
        self,
        method: str,
        path: str,
        body: Json | bytes = None,
        *,
        who: str = "admin",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
        assert data is None or isinstance(data, bytes)
        request = urllib.request.Request(  # noqa: S310  # our own loopback server
            self._url(path), method=method, data=data, headers=headers or {}
        )
        if isinstance(body, bytes) and not request.has_header("Content-type"):
            request.add_header("Content-Type", "application/json")
        if self.box.tokens[who]:
            request.add_header("Authorization", f"Bearer {self.box.tokens[who]}")
        try:
            answer = urllib.request.build_opener(_Stay).open(request)
        except urllib.error.HTTPError as problem:
            answer = problem
        with answer:
            return Answer(
                status=answer.status, headers=answer.headers, body=answer.read()
            )

    def _url(self, path: str) -> str:
        if path.startswith("http"):
            return path
        if path.startswith("//"):
            return f"{self.box.url}{path[1:]}"
        return f"{self.box.url}/repos/{self.box.repository}{path}"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def grow(box: Sandbox, message: str, ref: str = "refs/heads/main") -> str:
    """Add a commit to *ref*, past every rule, and return it."""
    git = box.state.git
    words = f"{message}\n"
    lines = [f"commit {ref}", "committer Ann <ann@example.com> 1793613600 +0000"]
    lines += [f"data {len(words)}", words]
    if git.ref(ref):
        lines.append(f"from {ref}^0")
    lines += ["M 644 inline notes.txt", f"data {len(words)}", words, "done", ""]
    git.git("fast-import", "--quiet", "--done", stdin="\n".join(lines).encode())
    commit = git.ref(ref)
    assert commit is not None
    return commit
