"""What a clone knows by itself: the versions of a file, and the refs it has seen."""

from monokeel.adapters.git import Git
from monokeel.adapters.process import run
from monokeel.policy.ports import FileVersion


class History:
    """The past of the clone of *git*; the remote is never asked."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def versions_of(self, path: str, most: int) -> tuple[FileVersion, ...]:
        """Return the *most* newest versions of *path* in the history of HEAD."""
        log = self._lines("log", f"-{most}", "--format=%H %s", "--", path)
        pairs = (line.partition(" ") for line in log)
        return tuple(
            FileVersion(commit=commit, subject=subject, text=text)
            for commit, _, subject in pairs
            if (text := self._git.file_at(commit, path)) is not None
        )

    def known_refs(self) -> tuple[str, ...]:
        """Return the full names of the remote's branches and of the tags known here."""
        branches = f"refs/remotes/{self._git.remote}/"
        names = ("for-each-ref", "--format=%(refname)", branches, "refs/tags/")
        return tuple(
            name.replace(branches, "refs/heads/", 1)
            for name in self._lines(*names)
            if not name.endswith("/HEAD")
        )

    def _lines(self, *args: str) -> list[str]:
        # 128: a folder that is no repository, or one without a commit.
        done = run(["git", *args], cwd=self._git.root, ok=(0, 128))
        return done.stdout.splitlines()
