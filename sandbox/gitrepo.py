"""The bare repository behind the sandbox: objects and refs live here only."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ZERO = "0" * 40


class GitError(Exception):
    """Git refused; the text is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitText:
    """One commit, read from git."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]  # name, address, moment
    committer: tuple[str, str, str]
    message: str


def clean_environment() -> dict[str, str]:
    """Return our environment without what would point git elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


class BareRepository:
    """A bare repository, spoken to through the git program."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str) -> "BareRepository":
        """Make an empty repository at *path* that is served as GitHub serves one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "init", "-q", "--bare", "--template=", f"-b{default_branch}"]
        subprocess.run(
            [*command, str(path)],
            env=clean_environment(),
            check=True,
        )
        repository = cls(path)
        with (path / "config").open("a", encoding="utf-8") as config:
            config.write(
                "[http]\n\treceivepack = true\n"
                "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
                "[receive]\n\tprocReceiveRefs = refs\n\tadvertisePushOptions = true\n"
                "[gc]\n\tauto = 0\n[user]\n\tname = GitHub\n"
                "\temail = noreply@github.com\n"
            )
        return repository

    def git(
        self,
        *args: str,
        stdin: bytes | None = None,
        env: dict[str, str] | None = None,
    ) -> str:
        """Run git and return its output; GitError when it fails."""
        return self.git_bytes(*args, stdin=stdin, env=env).decode("utf-8", "replace")

    def git_bytes(
        self,
        *args: str,
        stdin: bytes | None = None,
        env: dict[str, str] | None = None,
    ) -> bytes:
        """Run git and return the bytes of its output; GitError when it fails."""
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), *args],  # noqa: S607  # git is found on PATH
            env=clean_environment() | (env or {}),
            input=stdin if stdin is not None else b"",
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise GitError(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout

    def ask(self, *args: str) -> str | None:
        """Run git and return its stripped output, ``None`` when it fails."""
        try:
            return self.git(*args).strip()
        except GitError:
            return None

    def refs(self, prefix: str = "refs/") -> dict[str, tuple[str, str]]:
        """Return the refs below *prefix*: name to (object, type), sorted by name."""
        listed = self.git(
            "for-each-ref", "--format=%(refname) %(objectname) %(objecttype)"
        )
        found = {}
        for line in filter(None, listed.split("\n")):
            name, sha, kind = line.split(" ")
            if name.startswith(prefix):
                found[name] = (sha, kind)
        return found

    def ref(self, name: str) -> str | None:
        """Return the object that the full ref *name* holds."""
        if name.startswith("-"):
            return None
        return self.ask("rev-parse", "--verify", "-q", f"{name}^{{object}}") or None

    def commit_of(self, revision: str) -> str | None:
        """Return the commit that *revision* peels to."""
        if not revision or revision.startswith("-"):
            return None
        return self.ask("rev-parse", "--verify", "-q", f"{revision}^{{commit}}") or None

    def named_commit(self, name: str) -> str | None:
        """Return the commit of a branch, tag, full ref or commit id *name*."""
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"):
            commit = self.commit_of(candidate)
            if commit:
                return commit
        return self.commit_of(name)

    def kind_of(self, sha: str) -> str | None:
        """Return ``commit``, ``tag``, ``tree`` or ``blob``; ``None`` if unknown."""
        if sha.startswith("-"):
            return None
        return self.ask("cat-file", "-t", sha)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Say whether commit *old* is in the history of *new*."""
        return self.ask("merge-base", "--is-ancestor", old, new) is not None

    def move(self, ref: str, new: str, old: str | None) -> bool:
        """Point *ref* at *new* if it holds *old* (``None``: is absent)."""
        return (
            self.ask("update-ref", "--create-reflog", ref, new, old or ZERO) is not None
        )

    def delete(self, ref: str, old: str) -> bool:
        """Delete *ref* if it holds *old*."""
        return self.ask("update-ref", "-d", ref, old) is not None

    def commit(self, revision: str) -> CommitText:
        """Return the commit *revision*; GitError if there is none."""
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
        parts = self.git("show", "-s", f"--format={form}", revision).split("\0")
        return CommitText(
            sha=parts[0].strip(),
            tree=parts[1],
            parents=tuple(parts[2].split()),
            author=(parts[3], parts[4], _zulu(parts[5])),
            committer=(parts[6], parts[7], _zulu(parts[8])),
            message=parts[9].rstrip("\n"),
        )

    def history(self, *args: str) -> list[str]:
        """Return commit ids as ``git rev-list`` gives them for *args*."""
        return self.git("rev-list", *args).split()

    def commit_tree(
        self,
        tree: str,
        parents: list[str],
        message: str,
        *,
        author: tuple[str, str, str],
    ) -> str:
        """Write a commit; *author* is name, address and moment."""
        name, address, moment = author
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", name), ("EMAIL", address), ("DATE", moment))
        }
        named = [word for parent in parents for word in ("-p", parent)]
        return self.git(
            "commit-tree", tree, *named, "-F", "-", stdin=message.encode(), env=who
        ).strip()

    def tree_with(self, base: str | None, path: str, content: bytes) -> str:
        """Return the tree of commit *base* with the file *path* replaced."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=content).strip()
        with tempfile.TemporaryDirectory() as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            if base:
                self.git("read-tree", base, env=env)
            self.git(
                "update-index",
                "--add",
                "--cacheinfo",
                f"100644,{blob},{path}",
                env=env,
            )
            return self.git("write-tree", env=env).strip()

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree of *head* merged into *base*; ``None`` on a conflict."""
        answer = self.ask("merge-tree", "--write-tree", base, head)
        return answer.splitlines()[0] if answer else None


def _zulu(moment: str) -> str:
    """Return git's ``+00:00`` moment as GitHub writes it (TZ is UTC)."""
    return moment.replace("+00:00", "Z")
