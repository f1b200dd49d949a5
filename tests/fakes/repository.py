"""A repository's settings and its issues in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.setup.ports import DeployKey


class FakeRepository:
    """What a token sees: with *weak*, nothing of the administration."""

    def __init__(self) -> None:
        self.weak = False
        self.silent = False
        self.deletes_merged = False
        self.immutable = True
        self.newest_locked = False
        self.keys: list[str] = ["monokeel"]
        self.classic = False

    def get_repository(self) -> dict[str, Json]:
        self._check()
        seen: dict[str, Json] = {"name": "shop"}
        return (
            seen
            if self.weak
            else {**seen, "delete_branch_on_merge": self.deletes_merged}
        )

    def deploy_keys(self) -> tuple[DeployKey, ...] | Unknown:
        return self._hidden() or tuple(
            DeployKey(
                id=number,
                title=title,
                key=f"ssh-ed25519 {title}",
                writes=True,
                enabled=True,
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for number, title in enumerate(self.keys)
        )

    def immutable_releases(self) -> bool | Unknown:
        return self._hidden() or self.immutable

    def newest_release_is_immutable(self) -> bool:
        return self.newest_locked

    def classic_protection(self, branch: str) -> bool | Unknown:
        return self._hidden() or (self.classic and branch == "main")

    def _hidden(self) -> Unknown | None:
        self._check()
        return Unknown(reason="GitHub answered 403") if self.weak else None

    def _check(self) -> None:
        if self.silent:
            raise ServiceError("GitHub answered 502 to GET /repos/acme/shop")


@dataclass
class FakeIssue:
    """An issue that *author* opened."""

    number: int
    title: str
    body: str
    is_open: bool = True
    author: str = "us"
    comments: list[str] = field(default_factory=list)


class FakeIssues:
    """All issues of a repository; *refuses* are GitHub's words where they are off."""

    def __init__(self) -> None:
        self.all: list[FakeIssue] = []
        self.refuses = ""
        self.writes = 0

    def newest(self, marker: str) -> FakeIssue | None:
        self._check()
        ours = [x for x in self.all if x.author == "us" and f": {marker} " in x.body]
        opened = [each for each in ours if each.is_open]
        found = opened[0] if opened else ours[-1] if ours else None
        return replace(found) if found else None

    def create(self, marker: str, *, title: str, body: str) -> int:
        self._write()
        text = f"{body}<!-- monokeel: {marker} -->"
        self.all.append(FakeIssue(len(self.all) + 1, title, text))
        return len(self.all)

    def change(self, number: int, marker: str, *, title: str, body: str) -> None:
        self._write()
        issue = self.all[number - 1]
        issue.title, issue.body = title, f"{body}<!-- monokeel: {marker} -->"
        issue.is_open = True

    def comment(self, number: int, text: str) -> None:
        self._write()
        self.all[number - 1].comments.append(text)

    def close(self, marker: str, *, comment: str) -> int | None:
        issue = self.newest(marker)
        if issue is None or not issue.is_open:
            return None
        self.comment(issue.number, comment)
        self.all[issue.number - 1].is_open = False
        return issue.number

    def _write(self) -> None:
        self._check()
        self.writes += 1

    def _check(self) -> None:
        if self.refuses:
            raise RefusedError(self.refuses)
