"""A clone in memory: one line of commits, tags on it and beside it."""

from collections.abc import Collection, Iterator

from tests.fakes.unasked import UnaskedClone


class FakeLog:
    """The commits since *since*; *reached* is true once they led there."""

    def __init__(self, commits: list[tuple[str, str]], *, since: str | None) -> None:
        self.reached = since is None
        self._commits = commits
        self._since = since

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for sha, message in self._commits:
            if sha == self._since:
                self.reached = True
                return
            yield sha, message


class FakeHistory(UnaskedClone):
    """*commits* are (sha, message), the newest first; *beside* lie elsewhere.

    *at* is the commit that is checked out, by default the newest.
    """

    def __init__(self) -> None:
        self.commits: list[tuple[str, str]] = []
        self.beside: set[str] = set()
        self.all_tags: dict[str, str] = {}
        self.heads: dict[str, str] = {}
        self.checked_out: str | None = "main"
        self.files: dict[str, str] = {}
        self.shallow = False
        self.at = ""
        self._count = 0

    def commit(self, message: str, *, tag: str | None = None) -> str:
        """Add a commit on top and return its hash."""
        self._count += 1
        sha = f"{self._count:040x}"
        self.commits.insert(0, (sha, message))
        if tag is not None:
            self.all_tags[tag] = sha
        return sha

    def head(self) -> str:
        return self.at or self.commits[0][0]

    def branch(self) -> str | None:
        return self.checked_out

    def branch_tip(self, name: str) -> str | None:
        return self.heads.get(name)

    def is_shallow(self) -> bool:
        return self.shallow

    def known_here(self) -> set[str]:
        return self.beside | {sha for sha, _ in self.commits}

    def known(self, commits: Collection[str]) -> set[str]:
        return {each for each in commits if each in self.known_here()}

    def file_at(self, commit: str, path: str) -> str | None:
        return self.files.get(path) if commit in self.known_here() else None

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return ancestor in self._since(commit)

    def tags(self, merged: str | None = None) -> dict[str, str]:
        inside = None if merged is None else self._since(merged)
        return {
            name: sha
            for name, sha in sorted(self.all_tags.items())
            if inside is None or sha in inside
        }

    def log(self, since: str | None, commit: str) -> FakeLog:
        names = [sha for sha, _ in self.commits]
        return FakeLog(self.commits[names.index(commit) :], since=since)

    def _since(self, commit: str) -> list[str]:
        names = [sha for sha, _ in self.commits]
        return names[names.index(commit) :] if commit in names else []
