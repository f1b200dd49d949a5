"""The issues of a repository in memory."""

from dataclasses import dataclass, field

from monokeel.drift.ports import OwnIssue
from monokeel.ground.errors import RefusedError


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

    def newest(self, marker: str) -> OwnIssue | None:
        self._check()
        ours = [x for x in self.all if x.author == "us" and f": {marker} " in x.body]
        opened = [each for each in ours if each.is_open]
        found = opened[0] if opened else ours[-1] if ours else None
        if found is None:
            return None
        return OwnIssue(
            number=found.number,
            is_open=found.is_open,
            title=found.title,
            body=found.body,
        )

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
