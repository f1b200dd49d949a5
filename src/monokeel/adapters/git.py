"""A clone and its remote: history as a stream, refs moved by compare-and-swap."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from monokeel.adapters.addresses import parts_of
from monokeel.adapters.credentials import Credentials, push_environment
from monokeel.adapters.process import Completed, last_line, run, stream
from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_epoch
from monokeel.policy.ports import FileVersion

_REMOTE_TIMEOUT_S = 120.0
_ANCESTOR_CODES = (0, 1)
_ANY_CODE = range(256)
_NEVER_ARRIVED = 128  # git-push(1) ends with 1 when the server refuses a ref
# What git and ssh say when no host answered (curl, OpenSSH).
_NETWORK = (
    "Could not resolve host",
    "Couldn't connect to server",
    "Failed to connect",
    "Connection timed out",
    "Connection refused",
)
HEADS_AND_TAGS = ("refs/heads/", "refs/tags/")


class Git:
    """One clone at *root* and its *remote*.

    Every method that reads the clone raises ServiceError when git fails; those that
    ask the remote also when it does not answer.
    """

    def __init__(
        self,
        root: Path,
        *,
        remote: str = "origin",
        credentials: Credentials | None = None,
        timeout_s: float = _REMOTE_TIMEOUT_S,
    ) -> None:
        self.root = root
        self.remote = remote
        self._credentials = credentials or Credentials()
        self._timeout_s = timeout_s

    # The clone

    def head(self) -> str:
        """Return the commit that is checked out."""
        commit = self.commit_of("HEAD")
        if commit is None:
            raise UsageError(
                "no commit is checked out: this is no git repository, or an empty one",
                fix="Run this in a clone, or make a first commit.",
            )
        return commit

    def branch(self) -> str | None:
        """Return the branch that is checked out, ``None`` on a detached HEAD."""
        done = self._git("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))
        return done.stdout.strip() or None

    def is_shallow(self) -> bool:
        """Say whether history is cut off: then questions about it get wrong answers."""
        return self._line("rev-parse", "--is-shallow-repository") == "true"

    def is_clean(self) -> bool:
        """Say whether nothing is changed, staged or untracked (ignored files aside)."""
        return not self._git("status", "--porcelain").stdout

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here, peeled, or ``None``."""
        done = self._git(
            *("rev-parse", "--verify", "--quiet", "--end-of-options"),
            f"{ref}^{{commit}}",
            ok=(0, 1, 128),
        )
        return done.stdout.strip() if done.code == 0 else None

    def commit_time(self, commit: str) -> datetime:
        """Return when *commit* was made (committer date, aware, UTC)."""
        seconds = self._line(
            "show", "-s", "--no-show-signature", "--format=%ct", commit
        )
        try:
            return parse_epoch(seconds)
        except ValueError as error:
            raise ServiceError(f"commit {commit} has no usable time: {error}") from None

    def tags(self, merged: str | None = None) -> dict[str, str]:
        """Return tag name → peeled commit, by name; only those in *merged*'s history.

        ``for-each-ref`` and not ``git tag``, whose output a user's settings change.
        """
        limit = [] if merged is None else [f"--merged={merged}"]
        fields = "%(refname:strip=2) %(objectname) %(*objectname)"
        done = self._git(
            "for-each-ref", *limit, "--sort=refname", f"--format={fields}", "refs/tags"
        )
        tags: dict[str, str] = {}
        # A name may hold what Python takes for white space or a line end.
        for line in filter(None, done.stdout.split("\n")):
            name, sha, peeled = line.split(" ")
            tags[name] = peeled or sha
        return tags

    def log(self, since: str | None, commit: str) -> "Log":
        """Return the commits from *commit* back to *since*, newest first.

        *since* is a commit, or ``None`` for all of history. The order is git's own
        (by commit date): reverts depend on it.
        """
        span = commit if since is None else f"{since}..{commit}"
        args = ["git", "-c", "log.showSignature=false", "log", "-z"]
        args += ["--encoding=UTF-8", "--format=%H %P%n%B", "--end-of-options", span]
        records = stream([*args, "--"], cwd=self.root, separator=b"\0")
        return Log(records, since=since, commit=commit)

    def changed_paths(self, since: str, commit: str) -> list[str]:
        """Return the paths that *commit* changed since it left *since*."""
        span = f"{since}...{commit}"
        args = ("diff", "--no-ext-diff", "--name-only", "--no-renames", "-z")
        done = self._git(*args, "--end-of-options", span, "--")
        return [path for path in done.stdout.split("\0") if path]

    def file_at(self, commit: str, path: str) -> str | None:
        """Return the text of *path* in *commit*, ``None`` if it has no such file."""
        found = self.tree_of(commit, path)
        return None if found is None else self._git("cat-file", "blob", found).stdout

    def versions_of(self, path: str, most: int) -> tuple[FileVersion, ...]:
        """Return the *most* newest versions of *path* in the history of HEAD."""
        log = self._git("log", f"-{most}", "--format=%H %s", "--", path).stdout
        pairs = (line.partition(" ") for line in log.splitlines())
        return tuple(
            FileVersion(commit=commit, subject=subject, text=text)
            for commit, _, subject in pairs
            if (text := self.file_at(commit, path)) is not None
        )

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""
        if self.commit_of(commit) is None:
            raise ServiceError(
                f"commit {commit} is not in this clone", fix="Run: git fetch --tags"
            )
        done = self._git(
            *("rev-parse", "--verify", "--quiet", "--end-of-options"),
            f"{commit}:{path}",
            ok=(0, 1, 128),
        )
        return done.stdout.strip() if done.code == 0 else None

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Say whether *ancestor* is *commit* or stands in its history.

        Raises ServiceError when an object is missing here, or the clone is shallow:
        git then answers "no" for a true ancestor.
        """
        if self.is_shallow():
            raise ServiceError(
                "this clone is shallow", fix="Run: git fetch --unshallow --tags"
            )
        done = self._git("merge-base", "--is-ancestor", ancestor, commit, ok=_ANY_CODE)
        if done.code not in _ANCESTOR_CODES:
            raise ServiceError(
                f"cannot compare {ancestor} and {commit}: {last_line(done.stderr)}",
                fix="Run: git fetch --tags",
            )
        return done.code == 0

    # The remote

    def address(self) -> str | None:
        """Return the remote's address as git uses it, ``None`` if there is none."""
        done = self._git("remote", "get-url", self.remote, ok=(0, 2, 128))
        return done.stdout.strip() or None

    def written_address(self) -> str | None:
        """Return the remote's address as the clone has it, before ``insteadOf``."""
        name = f"remote.{self.remote}.url"
        done = self._git("config", "--get", name, ok=(0, 1, 128))
        return done.stdout.strip() or None

    def remote_refs(self, prefixes: Collection[str] = HEADS_AND_TAGS) -> dict[str, str]:
        """Return full ref name → peeled commit of the refs under *prefixes*.

        Source: git-ls-remote(1); a ``^{}`` line exists for annotated tags only.
        """
        known = set(prefixes) <= set(HEADS_AND_TAGS)
        narrow = ["--heads", "--tags"] if known else []
        done = self._ask_remote("ls-remote", *narrow, "--", "{}")
        refs: dict[str, str] = {}
        for line in filter(None, done.stdout.split("\n")):
            commit, _, name = line.partition("\t")
            plain = name.removesuffix("^{}")
            if plain.startswith(tuple(prefixes)) and (
                plain != name or plain not in refs
            ):
                refs[plain] = commit
        return refs

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""
        self._ask_remote(
            *("fetch", "--quiet", "--tags", "--no-recurse-submodules"),
            *("{}", f"+refs/heads/*:refs/remotes/{self.remote}/*"),
        )

    def fetch_commit(self, commit: str) -> None:
        """Make sure that *commit* is in the clone, with its history."""
        if self.commit_of(commit) is None:
            self._ask_remote("fetch", "--quiet", "--no-tags", "{}", commit)

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        """Point *ref* at *new* if it is at *old*: compare-and-swap by a push.

        *ref* is a full name; ``None`` means absent, so ``old=None`` creates and
        ``new=None`` deletes. Git's words are not believed: the ref is read again, and
        its state decides. Raises ServiceError when it cannot be read.
        Source: git-push(1), ``--force-with-lease``; ``=`` means up to date.
        """
        args = ["push", "--porcelain", "--no-verify", "--no-follow-tags"]
        args += ["--recurse-submodules=no", f"--force-with-lease={ref}:{old or ''}"]
        args += ["{}", f"{new or ''}:{ref}"]
        try:
            pushed = self._ask_remote(*args, ok=_ANY_CODE)
        except ServiceError as error:  # too slow: it may have happened all the same
            pushed = Completed(code=1, stdout="", stderr=error.problem)
        if pushed.code == _NEVER_ARRIVED and "remote:" not in pushed.stderr:
            said = " ".join(pushed.stderr.split())[:300]
            raise ServiceError(
                f"git could not push {ref}: {said}",
                fix="Check MONOKEEL_DEPLOY_KEY (./inv init makes one) and the network.",
            )
        now = self.remote_refs((ref,)).get(ref)
        if now == new:
            unchanged = any(line.startswith("=") for line in pushed.stdout.splitlines())
            return Moved(now=now, changed=not unchanged)
        if now == old:
            return Declined(reason=_server_words(pushed.stdout, pushed.stderr))
        return Lost(now=now)

    def require_writer(self) -> None:
        """Make sure that the deploy key or the App may push; nothing is changed.

        Raises RefusedError when the server says no, ServiceError when none answers. A
        token of a person is not asked: rules and roles decide what it may push.
        Source: git-push(1), ``--dry-run``; GitHub judges a key when it connects.
        """
        writer = self._credentials.writer
        if not writer:
            return
        args = ("push", "--dry-run", "--no-verify", "--recurse-submodules=no")
        done = self._ask_remote(*args, "{}", "HEAD:refs/monokeel/writer", ok=_ANY_CODE)
        if done.code == 0:
            return
        said = " ".join(done.stderr.split())[:300]
        if any(words in said for words in _NETWORK):
            raise ServiceError(f"git could not push: {said}", fix="Check the network.")
        raise RefusedError(
            f"the {writer} may not push, so nothing was begun: {said}",
            fix="./inv doctor says what is wrong with it, ./inv init mends it.",
        )

    def _ask_remote(self, *args: str, ok: Collection[int] = (0,)) -> Completed:
        address = self.address()
        if address is None:
            raise UsageError(
                f"this clone has no remote {self.remote!r}",
                fix=f"git remote add {self.remote} https://github.com/OWNER/REPO.git",
            )
        credentials = self._credentials
        if args[0] != "push" and credentials.token:  # the token is faster than ssh
            credentials = replace(credentials, deploy_key=None, mint=None)
        with push_environment(credentials, address) as (where, env):
            command = ["git", *(where if arg == "{}" else arg for arg in args)]
            try:
                return run(
                    command, cwd=self.root, env=env, ok=ok, timeout_s=self._timeout_s
                )
            except ServiceError as error:
                fix = error.fix or _advice(error.problem, address)
                raise ServiceError(error.problem, fix=fix) from error

    def _git(self, *args: str, ok: Collection[int] = (0,)) -> Completed:
        return run(["git", *args], cwd=self.root, ok=ok)

    def _line(self, *args: str) -> str:
        return self._git(*args).stdout.strip()


class Log(Iterable[tuple[str, str]]):
    """Commits as (40 hex digits, message), read from git while they are iterated.

    Once they are, *reached* says whether *since* is in the history of *commit*: it is
    if it is a parent of one of these commits (or *commit* itself), and asking git
    would be a second walk.
    """

    def __init__(
        self, records: Iterator[str], *, since: str | None, commit: str
    ) -> None:
        self.reached = since in {None, commit}
        self._records = records
        self._since = since

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each commit once."""
        for record in self._records:
            names, _, message = record.partition("\n")
            sha, _, parents = names.partition(" ")
            if self._since is not None and self._since in parents:
                self.reached = True
            if sha:
                yield sha, message


def _server_words(stdout: str, stderr: str) -> str:
    """Return why the server refused: git's reason, and the server's own lines.

    Source: git-push(1), ``--porcelain``: ``! REFS SUMMARY (REASON)`` on stdout.
    """
    status = [line for line in stdout.splitlines() if line.startswith("!")]
    reason = re.search(r"\((.*)\)\s*\Z", status[0]) if status else None
    said = [
        line.removeprefix("remote:").strip()
        for line in stderr.splitlines()
        if line.startswith("remote:")
    ]
    words = " ".join(filter(None, said))
    parts = [*([reason[1]] if reason else []), *([words] if words else [])]
    return ": ".join(parts) or last_line(stderr)


def _advice(problem: str, address: str) -> str:
    """Return what to do about git's *problem*: the network, or what it may read."""
    if any(words in problem for words in _NETWORK):
        host = parts_of(address).hostname or address
        return f"Check the network, and that {host} is the host that is meant."
    return "./inv doctor says what the token or the key may do."
