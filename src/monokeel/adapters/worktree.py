"""The working tree of a clone: branch, read and restore files, conflicts, commit."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from monokeel.adapters.process import Completed, run
from monokeel.ground.errors import UsageError

# Hooks of the team belong to its own commits: one that fails would end an update
# half-way (Copier's own git calls included).
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
_BLOB = re.compile(r"\b[0-9a-f]{40,64}\b")
_NOBODY = ("-c", "user.name=monokeel", "-c", "user.email=noreply@monokeel.invalid")


class Worktree:
    """The files of the clone at *root*, as they are on disk.

    Every method raises ServiceError when git fails.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def is_clean(self) -> bool:
        """Say whether nothing is changed, staged or untracked (ignored files aside)."""
        args = ("status", "--porcelain", "--untracked-files=normal")
        return not self._git(*args, "--ignore-submodules=none").stdout

    def branch(self) -> str:
        """Return the branch that is checked out; raise UsageError if there is none.

        A workflow's checkout of a tag has none, for example.
        """
        done = self._git("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))
        if done.code != 0:
            raise UsageError(
                "no branch is checked out here", fix="Run: git switch main"
            )
        return done.stdout.strip()

    def head(self) -> str:
        """Return the commit that is checked out, 40 hex digits."""
        return self._git("rev-parse", "--verify", "HEAD").stdout.strip()

    def has_branch(self, name: str) -> bool:
        """Say whether there is a local branch *name*."""
        args = ("show-ref", "--verify", "--quiet", f"refs/heads/{name}")
        return self._git(*args, ok=(0, 1)).code == 0

    def start_branch(self, name: str) -> None:
        """Make branch *name* at the current commit and check it out."""
        self._git(*_NO_HOOKS, "checkout", "--quiet", "--no-track", "-b", name)

    def give_up(self, branch: str, *, back_to: str) -> None:
        """Throw away *branch* with all changes, and check out *back_to*.

        Only for a tree that was clean before *branch* was made: what is untracked now
        came after.
        """
        self._git("reset", "--quiet", "--hard")
        self._git("clean", "--quiet", "-f", "-d")
        self._git(*_NO_HOOKS, "checkout", "--quiet", back_to)
        self._git("branch", "--quiet", "-D", branch)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist; a link's is its target."""
        return read_files(self.root, paths)

    def on_disk(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path → mode and blob of what is on disk, as git would list it.

        Where the file system has no executable bits (``core.fileMode`` is false), the
        mode is the index's.
        """
        asked = list(paths)
        args = ("config", "--type=bool", "--get", "core.fileMode")
        modes = {}
        if self._git(*args, ok=(0, 1)).stdout.strip() == "false":
            indexed = self.in_index(asked)
            modes = {path: entry.partition(" ")[0] for path, entry in indexed.items()}
        found = {}
        for path, content in self.read(asked).items():
            mode = modes.get(path) or _mode(self.root / path)
            found[path] = f"{mode} {blob_of(content)}"
        return found

    def in_index(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path → mode and blob of those of *paths* that the index has."""
        args = ("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *paths)
        if args[-1] == "--":  # nothing named would be everything
            return {}
        return listed_blobs(self._git(*args).stdout)

    def restore(self, path: str, content: bytes) -> None:
        """Put *content* back at *path*: from the last commit if it is tracked there.

        A checkout brings mode and link back, too, and ends a conflict.
        """
        tracked = self._git("ls-tree", "--name-only", "-z", "HEAD", "--", path).stdout
        if tracked:
            checkout = (*_NO_HOOKS, "checkout", "--quiet")
            self._git(*checkout, "--ignore-skip-worktree-bits", "HEAD", "--", path)
        if self.read([path]).get(path) != content:
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def remove(self, path: str) -> None:
        """Delete *path* from disk and from the index."""
        self._git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", path)
        (self.root / path).unlink(missing_ok=True)

    def conflicts(self) -> set[str]:
        """Return the paths that are in conflict: unmerged, or with a ``.rej`` beside.

        A ``.rej`` file that Git ignores counts, too.
        """
        unmerged = self._git("ls-files", "--unmerged", "-z").stdout.split("\0")
        left = self._git("ls-files", "--others", "-z", "--", "*.rej").stdout.split("\0")
        paths = {entry.partition("\t")[2] for entry in unmerged if entry}
        return paths | {entry.removesuffix(".rej") for entry in left if entry}

    def drop_rejects(self, path: str) -> None:
        """Delete the ``.rej`` file beside *path* if there is one."""
        (self.root / f"{path}.rej").unlink(missing_ok=True)

    def changed_paths(self) -> tuple[str, ...]:
        """Return the paths that differ from the last commit, sorted."""
        args = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
        return tuple(sorted(e[3:] for e in self._git(*args).stdout.split("\0") if e))

    def commit(self, message: str) -> str:
        """Commit all changes and return the new commit.

        Under the user's name; where git knows none (a runner), under ours.
        """
        known = self._git("config", "--get", "user.email", ok=(0, 1)).stdout.strip()
        self._git("add", "--all")
        self._git(
            *_NO_HOOKS,
            *(() if known else _NOBODY),
            *("commit", "--quiet", "--no-verify", "--message", message),
        )
        return self.head()

    def _git(self, *args: str, ok: tuple[int, ...] = (0,)) -> Completed:
        return run(["git", *args], cwd=self.root, ok=ok)


def read_files(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return path → content of those of *paths* that are files or links in *root*."""
    found = {}
    for name in paths:
        path = root / name
        if path.is_symlink():
            found[name] = os.fsencode(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def listed_blobs(listing: str) -> dict[str, str]:
    """Return path → mode and blob of what ``ls-files -s`` or ``ls-tree`` lists.

    *listing* is NUL-separated; an unmerged path has the last of its stages.
    """
    entries = (entry.partition("\t") for entry in listing.split("\0") if entry)
    return {path: f"{left[:6]} {_BLOB.findall(left)[0]}" for left, _, path in entries}


def blob_of(content: bytes) -> str:
    """Return the name that git gives to *content*, 40 hex digits (gitformat-pack)."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _mode(path: Path) -> str:
    if path.is_symlink():
        return "120000"
    return "100755" if os.access(path, os.X_OK) else "100644"


def list_files(root: Path) -> list[str]:
    """Return the paths of all files and links under *root*, relative, sorted."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() or path.is_symlink()
    )
