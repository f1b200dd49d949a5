"""Files and commits of the clone; commits are made beside its files and its index.

A branch moves last, by compare-and-swap: a killed run leaves objects without a ref.
"""

import hashlib
import os
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from monokeel.adapters.process import Completed, run, run_raw
from monokeel.ground.errors import ServiceError, UsageError
from monokeel.updates.merge import File, Merged
from monokeel.updates.verify import MANIFEST, parse_manifest

_NOBODY = ("-c", "user.name=monokeel", "-c", "user.email=noreply@monokeel.invalid")
_CONFIGURED = (
    *(("--get", "user.email"), ("--get", "user.name")),
    ("--type=bool", "--get", "commit.gpgsign"),
)
OR_NONE = (0, 1, 128)  # 128: a name that git cannot read, too
_NOTHING = "0" * 40
_LOST = "git fsck says what else is lost; git fetch --refetch brings it back."
_SUBMODULE = "160000"
_TRAILER = "Template-Update-Tree"
_LABELS = ("-L", "team", "-L", "old", "-L", "template")
_MARKS = re.compile(rb"[<=>]+")
_MOST_CONFLICTS = 127  # git-merge-file(1): more are truncated to it


class Objects:
    """The commits of the clone at *root*; *work* is a folder for temporary files."""

    def __init__(self, root: Path, *, work: Path) -> None:
        self._root, self._work = root, work

    def head(self) -> str:
        """Raise UsageError without one, and in a folder: no workflow would run."""
        prefix = self._git("rev-parse", "--show-prefix").stdout.strip()
        if prefix:
            problem = f"this is the folder {prefix} of a repository, not its root"
            fix = "GitHub reads .github/ at the root alone: give it a repository."
            raise UsageError(problem, fix=fix)
        found = named("HEAD", self._root)
        if not found:
            raise UsageError("there is no commit yet", fix="Make a first commit.")
        _require_sha1(found)
        return found

    def commit_of(self, ref: str) -> str:
        """Return the commit that *ref* names; UsageError where it is not here."""
        if found := named(f"{ref}^{{commit}}", self._root, ok=OR_NONE):
            return found
        raise UsageError(f"there is no commit {ref!r} here", fix="Fetch it first.")

    def listed(self, commit: str) -> dict[str, str]:
        """Return path → mode and blob of every file of *commit*."""
        args = ("ls-tree", "-r", "-z", "--full-tree", commit)
        return listed_blobs(self._git(*args).stdout)

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, File]:
        """Return those of *paths* that *commit* has."""
        wanted = set(paths)
        entries = {p: e for p, e in self.listed(commit).items() if p in wanted}
        links = {x[7:] for x in entries.values() if x[:6] == _SUBMODULE}
        blobs = sorted({x[7:] for x in entries.values()} - links)
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        said = run_raw(["git", "cat-file", "--batch"], cwd=self._root, stdin=asked)
        content = {link: link.encode() for link in links}
        for blob in blobs:
            header, _, said = said.partition(b"\n")
            if header.endswith(b" missing"):
                raise ServiceError(f"git has no object {blob} any more", fix=_LOST)
            size = int(header.rpartition(b" ")[2])
            content[blob], said = said[:size], said[size + 1 :]
        return {p: File(content=content[e[7:]], mode=e[:6]) for p, e in entries.items()}

    def commit(
        self, parent: str, changes: Mapping[str, File | None], message: str
    ) -> str:
        """Commit as the user, signed if git says so; the message ends with the tree."""
        index = str(self._work / "index")
        self._git("read-tree", parent, index=index)
        lines = self._written(changes)
        self._git("update-index", "-z", "--index-info", stdin=lines, index=index)
        tree = self._git("write-tree", index=index).stdout.strip()
        email, name, signs = (
            self._git("config", *args, ok=(0, 1)).stdout.strip() for args in _CONFIGURED
        )
        ours = [*_NOBODY] if not email else [*_NOBODY[:2]] if not name else []
        args = ("commit-tree", *(["-S"] if signs == "true" else []), "-p", parent, tree)
        said = f"{message.rstrip()}\n\n{_TRAILER}: {tree}\n"
        return self._git(*ours, *args, stdin=said).stdout.strip()

    def same_files(self, commit: str, other: str) -> bool:
        """Say whether both commits have the same files and the same parent."""
        shown = ("log", "-1", "--no-show-signature", "--format=%T %P")
        said = [self._git(*shown, each).stdout for each in (commit, other)]
        return said[0] == said[1]

    def merge(self, team: bytes, old: bytes, new: bytes) -> Merged | None:
        """Merge by git-merge-file(1); after a conflict again, with ``--ours``."""
        if new in (old, team) or team == old:  # git would not, where it is no text
            return (new if team == old else team), ()
        if 0 < team.count(b"\r\n") == team.count(b"\n") and b"\r" not in old + new:
            old, new = (x.replace(b"\n", b"\r\n") for x in (old, new))
        marks = _MARKS.findall(team + old + new)
        size = 1 + max(map(len, marks), default=6)  # longer than any of the text's own
        paths = [self._work / f"merge-{name}" for name in ("team", "old", "new")]
        for path, content in zip(paths, (team, old, new), strict=True):
            path.write_bytes(content)
        asked = ("merge-file", "--quiet", *_LABELS, f"--marker-size={size}")
        ends = range(256)  # the number of conflicts, or 255 for what is no text
        conflicts = self._git(*asked, *map(str, paths), ok=ends).returncode
        if conflicts > _MOST_CONFLICTS:
            return None
        marked = paths[0].read_bytes()
        if conflicts == 0:
            return marked, ()
        paths[0].write_bytes(team)
        self._git(*asked, "--ours", *map(str, paths))
        theirs = rb"(?ms)^={%d}\r?\n(.*?)^>{%d} template\r?$" % (size, size)
        lost = (each.decode(errors="replace") for each in re.findall(theirs, marked))
        return paths[0].read_bytes(), tuple(lost)

    def branch(self, name: str) -> str | None:
        """Return the commit of the local branch *name*."""
        return named(f"refs/heads/{name}", self._root)

    def is_ours(self, commit: str) -> bool:
        """Say whether an update made *commit*, and nobody has put anything into it."""
        asked = f"--format=%P%n%T%n%(trailers:key={_TRAILER},valueonly)"
        shown = ("log", "-1", "--no-show-signature", asked, commit)
        said = self._git(*shown, ok=(0, 128)).stdout.split("\n")
        return len(said) > 2 and len(said[0].split()) == 1 and said[1] == said[2]  # noqa: PLR2004

    def is_part_of(self, commit: str, other: str) -> bool:
        """Say whether *commit* is in the history of *other*."""
        args = ("merge-base", "--is-ancestor", commit, other)
        return self._git(*args, ok=(0, 1, 128)).returncode == 0

    def point(self, branch: str, commit: str, *, old: str | None) -> None:
        """Raise UsageError where it is checked out, ServiceError where it moved."""
        ref, parent = f"refs/heads/{branch}", branch.rpartition("/")[0]
        asked = ("for-each-ref", "--format=%(refname)")
        near = self._git(*asked, f"refs/heads/{parent}", f"{ref}/").stdout.split()
        above = {f"refs/heads/{parent}", *(x for x in near if x.startswith(f"{ref}/"))}
        for other in sorted(above.intersection(near)):
            name = other.removeprefix("refs/heads/")
            problem = f"branch {name} is there: git can make none called {branch}"
            raise UsageError(problem, fix=f"Rename it: git branch -m {name} NAME")
        listed = self._git("worktree", "list", "--porcelain").stdout
        if re.search(rf"(?m)^branch {re.escape(ref)}$", listed):
            fix = "Leave it first: git switch -"
            raise UsageError(f"branch {branch} is checked out", fix=fix)
        self._git("update-ref", ref, commit, old or _NOTHING)

    def _written(self, changes: Mapping[str, File | None]) -> str:
        """Write the files of *changes* as blobs; return the lines of an index."""
        written = [(path, file) for path, file in sorted(changes.items()) if file]
        asked = ""
        for number, (_, file) in enumerate(written):
            place = self._work / f"blob-{number}"
            place.write_bytes(file.content)
            asked += f"{place}\n"
        args = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        blobs = self._git(*args, stdin=asked).stdout.split()
        lines = [f"0 {_NOTHING}\t{path}\0" for path in changes if not changes[path]]
        for (path, file), blob in zip(written, blobs, strict=True):
            lines.append(f"{file.mode} {blob}\t{path}\0")
        return "".join(lines)

    def _git(
        self, *args: str, ok: Container[int] = (0,), stdin: str = "", index: str = ""
    ) -> Completed:
        env = {"GIT_OPTIONAL_LOCKS": "0"} | ({"GIT_INDEX_FILE": index} if index else {})
        hooks = ("-c", f"core.hooksPath={os.devnull}")
        return run(["git", *hooks, *args], cwd=self._root, ok=ok, stdin=stdin, env=env)


class MergedFiles:
    """The managed files as *commit* of *objects* has them, in place of a release's."""

    def __init__(self, objects: Objects, commit: str) -> None:
        self._objects = objects
        self._commit = commit

    def name(self) -> str:
        """Return what it is: ``the base 1234567890ab``."""
        return f"the base {self._commit[:12]}"

    def delivered(self) -> dict[str, str]:
        """Return mode and blob of what its own list names, and of the list."""
        listed = self._objects.listed(self._commit)
        manifest = self.contents([MANIFEST]).get(MANIFEST)
        paths = (*parse_manifest(manifest), MANIFEST)
        return {path: listed[path] for path in paths if path in listed}

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of its files."""
        found = self._objects.files(self._commit, paths)
        return {path: found[path].content for path in found}


_BLOB = re.compile(r"\b[0-9a-f]{40,64}\b")


class Worktree:
    """The files of the clone at *root*, as they are on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the content of those of *paths* that exist; a link's is its target."""
        return read_files(self.root, paths)

    def on_disk(self, paths: Iterable[str]) -> dict[str, str]:
        """Return them as git would list them; what is left out, as in the index."""
        asked = list(paths)
        tagged = self._git("ls-files", "-t", "-z").stdout.split("\0")
        left_out = {x[2:] for x in tagged if x.startswith("S ")}.intersection(asked)
        args = ("config", "--type=bool", "--get", "core.fileMode")
        modes = {}
        if self._git(*args, ok=(0, 1)).stdout.strip() == "false":
            indexed = self.in_index(asked)
            modes = {path: entry.partition(" ")[0] for path, entry in indexed.items()}
        found = self.in_index(left_out)
        for path, content in self.read(asked).items():
            mode = modes.get(path) or mode_of(self.root / path)
            found[path] = f"{mode} {blob_of(content)}"
        return found

    def in_index(self, paths: Iterable[str]) -> dict[str, str]:
        """Return path → mode and blob of those of *paths* that the index has."""
        args = ("--literal-pathspecs", "ls-files", "--stage", "-z", "--", *paths)
        if args[-1] == "--":  # nothing named would be everything
            return {}
        found = listed_blobs(self._git(*args).stdout)
        _require_sha1(*found.values())
        return found

    def contents(self, paths: Iterable[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return what *paths*, which are in both, hold on disk and in git's index."""
        found = self.read(paths).items()
        return {path: (it, blob_content(f":{path}", self.root)) for path, it in found}

    def _git(self, *args: str, ok: tuple[int, ...] = (0,)) -> Completed:
        return run(["git", *args], cwd=self.root, ok=ok)


def _require_sha1(*entries: str) -> None:
    """Raise UsageError where git names its objects by SHA-256."""
    if any(len(each.rpartition(" ")[2]) > len(_NOTHING) for each in entries):
        said = (
            "this repository names its objects by SHA-256, which GitHub does not take"
        )
        raise UsageError(said, fix="Make it with: git init --object-format=sha1")


def named(words: str, root: Path, *, ok: Container[int] = (0, 1)) -> str | None:
    """Return the object that *words* name in the clone *root*, if there is one."""
    args = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", words]
    done = run(args, cwd=root, ok=ok)
    return done.stdout.strip() if done.returncode == 0 else None


def text_of(commit: str, path: str, root: Path) -> str | None:
    """Return the text of *path* (from *root*, maybe bare) in *commit*, if it has it."""
    listed = run(["git", "ls-tree", "-z", commit, "--", path], cwd=root)
    entries = listed_blobs(listed.stdout)
    contents = [blob_content(entry[7:], root) for entry in entries.values()]
    return contents[0].decode("utf-8", errors="replace") if contents else None


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
    """Return path → mode and blob (the last stage) of a NUL-separated listing."""
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
    """Return path → file of all files and links under *root*, by path."""
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    found = read_files(root, paths).items()
    return {path: File(content=it, mode=mode_of(root / path)) for path, it in found}
