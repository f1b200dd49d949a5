"""Commits of the clone, read and made without its working tree and its index.

Nothing that is checked out changes, and a branch moves last, by compare-and-swap: a run
that is killed leaves at most objects that no ref names.
"""

import os
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from monokeel.adapters.process import Completed, run, run_raw
from monokeel.adapters.worktree import listed_blobs
from monokeel.ground.errors import UsageError
from monokeel.updates.merge import File, Merged

_NOBODY = ("-c", "user.name=monokeel", "-c", "user.email=noreply@monokeel.invalid")
_NOTHING = "0" * 40
_TRAILER = "Template-Update-Tree"
_LABELS = ("-L", "team", "-L", "old", "-L", "template", "--marker-size=40")
_CONFLICT = re.compile(rb"(?ms)^={40}\r?\n(.*?)^>{40} template\r?$")
_MOST_CONFLICTS = 127  # git-merge-file(1): more are truncated to it


class Objects:
    """The commits of the clone at *root*; *work* is a directory for temporary files.

    Every method raises ServiceError when git fails.
    """

    def __init__(self, root: Path, *, work: Path) -> None:
        self._root = root
        self._work = work

    def head(self) -> str:
        """Return the commit that is checked out; UsageError without one.

        Also for a folder inside a repository: its workflows would never run.
        """
        prefix = self._git("rev-parse", "--show-prefix").stdout.strip()
        if prefix:
            raise UsageError(
                f"this is the folder {prefix} of a repository, not its root",
                fix="GitHub reads .github/ at the root alone: give it a repository.",
            )
        args = ("rev-parse", "--verify", "--quiet", "HEAD")
        found = self._git(*args, ok=(0, 1, 128)).stdout.strip()
        if not found:
            raise UsageError("there is no commit yet", fix="Make a first commit.")
        return found

    def listed(self, commit: str) -> dict[str, str]:
        """Return path → mode and blob of every file of *commit*."""
        args = ("ls-tree", "-r", "-z", "--full-tree", commit)
        return listed_blobs(self._git(*args).stdout)

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, File]:
        """Return those of *paths* that *commit* has."""
        wanted = set(paths)
        entries = {p: e for p, e in self.listed(commit).items() if p in wanted}
        blobs = sorted({entry.partition(" ")[2] for entry in entries.values()})
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        said = run_raw(["git", "cat-file", "--batch"], cwd=self._root, stdin=asked)
        content = {}
        for blob in blobs:
            header, _, said = said.partition(b"\n")
            size = int(header.rpartition(b" ")[2])
            content[blob], said = said[:size], said[size + 1 :]
        found = {}
        for path, entry in entries.items():
            mode, _, blob = entry.partition(" ")
            found[path] = File(content=content[blob], mode=mode)
        return found

    def commit(
        self, parent: str, changes: Mapping[str, File | None], message: str
    ) -> str:
        """Return a new commit on *parent*: *changes* is path → file, ``None``: gone.

        Under the user's name, signed if git is told to; where git knows no name (a
        runner), under ours. Its message ends with the name of its tree.
        """
        index = {"GIT_INDEX_FILE": str(self._work / "index")}
        self._git("read-tree", parent, env=index)
        lines = self._written(changes)
        self._git("update-index", "-z", "--index-info", env=index, stdin=lines)
        tree = self._git("write-tree", env=index).stdout.strip()
        known = self._git("config", "--get", "user.email", ok=(0, 1)).stdout.strip()
        signed = self._git(
            *("config", "--type=bool", "--get", "commit.gpgsign"), ok=(0, 1)
        )
        sign = ("-S",) if signed.stdout.strip() == "true" else ()
        made = self._git(
            *(() if known else _NOBODY),
            *("commit-tree", *sign, "-p", parent, tree),
            stdin=f"{message.rstrip()}\n\n{_TRAILER}: {tree}\n",
        )
        return made.stdout.strip()

    def same_files(self, commit: str, other: str) -> bool:
        """Say whether both commits have the same files and the same parent."""
        shown = ("log", "-1", "--no-show-signature", "--format=%T %P")
        said = [self._git(*shown, each).stdout for each in (commit, other)]
        return said[0] == said[1]

    def merge(self, team: bytes, old: bytes, new: bytes) -> Merged | None:
        """Return the merge of three texts, each conflict to the team's side.

        ``None`` for what git does not merge as text.
        """
        paths = [self._work / f"merge-{name}" for name in ("team", "old", "new")]
        for path, content in zip(paths, (team, old, new), strict=True):
            path.write_bytes(content)
        asked = ("merge-file", "--quiet", *_LABELS)
        ends = range(256)  # the number of conflicts, or 255 for what is no text
        conflicts = self._git(*asked, *map(str, paths), ok=ends).code
        if conflicts > _MOST_CONFLICTS:
            return None
        marked = paths[0].read_bytes()
        if conflicts == 0:
            return Merged(content=marked)
        paths[0].write_bytes(team)
        self._git(*asked, "--ours", *map(str, paths))
        missing = tuple(
            match[1].decode("utf-8", errors="replace")
            for match in _CONFLICT.finditer(marked)
        )
        return Merged(content=paths[0].read_bytes(), missing=missing)

    def branch(self, name: str) -> str | None:
        """Return the commit of the local branch *name*."""
        args = ("rev-parse", "--verify", "--quiet", f"refs/heads/{name}")
        return self._git(*args, ok=(0, 1)).stdout.strip() or None

    def is_ours(self, commit: str) -> bool:
        """Say whether an update made *commit*, and nobody has put anything into it."""
        asked = f"--format=%P%n%T%n%(trailers:key={_TRAILER},valueonly)"
        said = self._git("log", "-1", asked, commit, ok=(0, 128)).stdout.split("\n")
        return len(said) > 2 and len(said[0].split()) == 1 and said[1] == said[2]  # noqa: PLR2004

    def is_part_of(self, commit: str, other: str) -> bool:
        """Say whether *commit* is in the history of *other*."""
        args = ("merge-base", "--is-ancestor", commit, other)
        return self._git(*args, ok=(0, 1, 128)).code == 0

    def point(self, branch: str, commit: str, *, old: str | None) -> None:
        """Point the local *branch* at *commit* if it is at *old* (``None``: absent).

        Raises UsageError where the branch is checked out, ServiceError where it moved.
        """
        ref = f"refs/heads/{branch}"
        listed = self._git("worktree", "list", "--porcelain").stdout
        if re.search(rf"(?m)^branch {re.escape(ref)}$", listed):
            raise UsageError(
                f"branch {branch} is checked out", fix="Leave it first: git switch -"
            )
        self._git("update-ref", ref, commit, old or _NOTHING)

    def _written(self, changes: Mapping[str, File | None]) -> str:
        """Write the files of *changes* as blobs; return the lines of an index."""
        lines, paths, names = [], [], []
        for number, (path, file) in enumerate(sorted(changes.items())):
            if file is None:
                lines.append(f"0 {_NOTHING}\t{path}\0")
                continue
            place = self._work / f"blob-{number}"
            place.write_bytes(file.content)
            paths.append(place)
            names.append((file.mode, path))
        asked = "".join(f"{place}\n" for place in paths)
        args = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        blobs = self._git(*args, stdin=asked).stdout.split()
        lines += [
            f"{mode} {blob}\t{path}\0"
            for (mode, path), blob in zip(names, blobs, strict=True)
        ]
        return "".join(lines)

    def _git(
        self,
        *args: str,
        ok: Container[int] = (0,),
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Completed:
        own = {"GIT_OPTIONAL_LOCKS": "0", **(env or {})}
        hooks = ("-c", f"core.hooksPath={os.devnull}")
        return run(["git", *hooks, *args], cwd=self._root, ok=ok, stdin=stdin, env=own)
