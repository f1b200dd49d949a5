"""The files of a clone as they are on disk, and as git's index has them."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from monokeel.adapters.process import Completed, run, run_raw
from monokeel.updates.merge import File

_BLOB = re.compile(r"\b[0-9a-f]{40,64}\b")


class Worktree:
    """The files of the clone at *root*, as they are on disk.

    Every method raises ServiceError when git fails.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

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
            mode = modes.get(path) or mode_of(self.root / path)
            found[path] = f"{mode} {blob_of(content)}"
        return found

    def in_index(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path → mode and blob of those of *paths* that the index has."""
        args = ("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *paths)
        if args[-1] == "--":  # nothing named would be everything
            return {}
        return listed_blobs(self._git(*args).stdout)

    def contents(self, paths: Iterable[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return what *paths*, which are in both, hold on disk and in git's index."""
        return {
            path: (content, blob_content(f":{path}", self.root))
            for path, content in self.read(paths).items()
        }

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


def blob_content(name: str, root: Path) -> bytes:
    """Return the bytes of *name* (``:FILE``, ``v1.4.0:FILE``) in the clone *root*."""
    return run_raw(["git", "cat-file", "blob", name], cwd=root, stdin=b"")


def blob_of(content: bytes) -> str:
    """Return the name that git gives to *content*, 40 hex digits (gitformat-pack)."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def mode_of(path: Path) -> str:
    """Return the mode that git gives to *path*: a link, a program, or a plain file."""
    if path.is_symlink():
        return "120000"
    return "100755" if os.access(path, os.X_OK) else "100644"


def files_below(root: Path) -> dict[str, File]:
    """Return path → file of everything under *root*."""
    return {
        path: File(content=content, mode=mode_of(root / path))
        for path, content in read_files(root, list_files(root)).items()
    }


def list_files(root: Path) -> list[str]:
    """Return the paths of all files and links under *root*, relative, sorted."""
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() or path.is_symlink()
    )
