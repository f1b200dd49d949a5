"""A clone with several branches, in memory: commits with parents, tags and heads."""

from collections.abc import Collection, Iterator

from tests.fakes.unasked import UnaskedClone


class _Log:
    def __init__(self, commits: list[tuple[str, str]], *, reached: bool) -> None:
        self.reached = reached
        self._commits = commits

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._commits)


class Branches(UnaskedClone):
    """*commits* is commit → (message, parents), the oldest first; *at* is checked out.

    *heads* are the branches, *all_tags* tag → commit.
    """

    def __init__(self) -> None:
        self.commits: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.heads: dict[str, str] = {}
        self.all_tags: dict[str, str] = {}
        self.at = "main"
        self.detached = False
        self._histories: dict[str, frozenset[str]] = {}

    def commit(self, branch: str, message: str, merged: str = "") -> str:
        """Add a commit on top of *branch*, which may be new, and return its name."""
        sha = f"{len(self.commits) + 1:040x}"
        parents = tuple(filter(None, (self.heads.get(branch), merged)))
        self.commits[sha] = (message, parents)
        inside = frozenset[str]().union(*(self._histories[each] for each in parents))
        self._histories[sha] = inside | {sha}
        self.heads[branch] = sha
        return sha

    def tag(self, name: str, commit: str) -> None:
        self.all_tags.setdefault(name, commit)

    def head(self) -> str:
        return self.heads[self.at]

    def branch(self) -> str | None:
        return None if self.detached else self.at

    def branch_tip(self, name: str) -> str | None:
        return self.heads.get(name)

    def is_shallow(self) -> bool:
        return False

    def known(self, commits: Collection[str]) -> set[str]:
        return {each for each in commits if each in self.commits}

    def file_at(self, commit: str, path: str) -> str | None:
        assert commit in self.commits
        return None if path else ""

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return ancestor in self._histories[commit]

    def tags(self, merged: str | None = None) -> dict[str, str]:
        inside = self.commits if merged is None else self._histories[merged]
        return {name: at for name, at in sorted(self.all_tags.items()) if at in inside}

    def log(self, since: str | None, commit: str) -> _Log:
        inside = self._histories[commit]
        left = inside - (self._histories[since] if since else frozenset())
        found = [(sha, text) for sha, (text, _) in self.commits.items() if sha in left]
        reached = since is None or since in inside
        return _Log(found[::-1], reached=reached)
