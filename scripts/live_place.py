"""The scratch repository of a live run: its API, a clone, a key, a record of all."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.adapters.github import GitHub, words_of
from monokeel.adapters.machine import Keys
from monokeel.adapters.process import run
from monokeel.adapters.session import Answer, Session
from monokeel.ground.answers import Json, as_object

ENDING = "-monokeel-live"
WORKFLOW = ".github/workflows/live.yml"
OK, CREATED = HTTPStatus.OK, HTTPStatus.CREATED
_KEPT = ("X-Accepted-GitHub-Permissions", "X-GitHub-Request-Id", "X-OAuth-Scopes")
_LONGEST = 2000


class Recording(Session):
    """A session that writes down every exchange, without credentials."""

    def __init__(self) -> None:
        super().__init__(tries=2)
        self.exchanges: list[dict[str, Json]] = []

    def request(self, method: str, url: str, **rest: object) -> Answer:
        """Send one request and keep what was asked and answered."""
        answer = super().request(method, url, **rest)  # type: ignore[arg-type]
        self.exchanges.append(
            {
                "method": method,
                "path": url.partition("//")[2].partition("/")[2],
                "status": answer.status,
                "headers": {n: answer.headers[n] for n in _KEPT if n in answer.headers},
                "body": answer.text[:_LONGEST],
            }
        )
        return answer


@dataclass(slots=True, kw_only=True)
class Live:
    """The scratch repository; what is in *made* is undone in the end.

    *folder* is for files of this run; *packages* and *runs* say what may cost, *job* is
    what a job of a workflow saw.
    """

    github: GitHub
    session: Recording
    plain: Git
    writer: Git
    clone: Path
    folder: Path
    public_key: str
    server: str
    packages: bool = False
    runs: bool = False
    job: dict[str, Json] | str = field(default_factory=dict)
    made: list[Callable[[], object]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Json = None) -> Answer:
        """Send one call and return the answer, whatever its status."""
        return self.github.request(method, path, json=body, expect=range(600))

    def make(self, path: str, body: Json, *, undo: str = "") -> Answer:
        """Make something; *undo* is the path that removes it, ``{id}`` put in."""
        answer = self.ask("POST", path, body)
        if answer.status in (OK, CREATED) and undo:
            number = as_object(answer.json()).get("id")
            self.made.append(partial(self.ask, "DELETE", undo.format(id=number)))
        return answer

    def push(self, git: Git, ref: str, old: str | None, new: str | None) -> object:
        """Move *ref* by compare-and-swap, write it down, and remember to remove it."""
        if new is not None and old is None:
            self.made.append(partial(self.writer.move_ref, ref, old=new, new=None))
        moved = git.move_ref(ref, old=old, new=new)
        who = "key" if git is self.writer else "token"
        said = type(moved).__name__
        push: dict[str, Json] = {"method": f"push by {who}", "path": ref}
        self.session.exchanges.append(
            {**push, "status": said, "headers": {}, "body": ""}
        )
        return moved

    def with_key(self, secret: str) -> Git:
        """Return the clone with another deploy key."""
        own = Credentials(server=self.server, deploy_key=secret)
        return Git(self.clone, credentials=own)

    def commit(self, message: str, tree: str = "HEAD^{tree}") -> str:
        """Make a commit on top of main and return it; nothing here moves."""
        args = ["git", "-C", str(self.clone), "commit-tree", tree]
        return run([*args, "-p", "HEAD", "-m", message]).stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One assumption and how it is tried.

    *row* is how its row in docs/unconfirmed.md begins; one without a row there says it
    whole. *see* returns "" when it is as assumed, else what was seen.
    """

    row: str
    see: Callable[[Live], str]


def said(answer: Answer) -> str:
    """Return what GitHub answered, for the report."""
    return f"GitHub answered {answer.status}: {words_of(answer)}"


def start(repository: str, folder: Path, session: Recording, workflow: str) -> Live:
    """Check that *repository* may be used, and make clone, key and first push."""
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    token = os.environ.get("GITHUB_TOKEN", "")
    github = GitHub(session, api=api, repository=repository, token=token)
    if not token or not repository.endswith(ENDING):
        named = f"{repository} does not end with {ENDING}"
        raise SystemExit(f"error: {named if token else 'GITHUB_TOKEN is not set'}")
    if github.pages("/branches") or github.pages("/releases"):
        raise SystemExit(f"error: {repository} is not empty")
    file = (clone := folder / "clone") / WORKFLOW
    file.parent.mkdir(parents=True)
    file.write_text(workflow, encoding="utf-8")
    address = f"https://github.com/{repository}.git"
    for args in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["commit", "-q", "-m", "feat: live"],
        ["remote", "add", "origin", address],
    ):
        run(["git", "-C", str(clone), *args])
    keys = Keys(folder / "key", root=clone)
    public = keys.create("monokeel-live")
    own = Credentials(token=token, server=server.partition("//")[2])
    secret = Path(keys.file).read_text(encoding="utf-8")
    key = Credentials(token=token, server=own.server, deploy_key=secret)
    plain, writer = Git(clone, credentials=own), Git(clone, credentials=key)
    live = Live(
        github=github,
        session=session,
        plain=plain,
        writer=writer,
        clone=clone,
        folder=folder,
        public_key=public,
        server=own.server,
    )
    live.push(plain, "refs/heads/main", None, plain.head())
    live.made.clear()  # the default branch stays
    return live
