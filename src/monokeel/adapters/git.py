"""A clone and its remote: history as a stream, refs moved by compare-and-swap."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from monokeel.adapters import git_output as output
from monokeel.adapters.addresses import parts_of
from monokeel.adapters.credentials import Credentials, push_environment
from monokeel.adapters.process import SAFE, Completed, reason_in, run, stream
from monokeel.ground import answers
from monokeel.ground.answers import Moved, RefAnswer, RemoteRef
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.parsers import parse_epoch

_OR_NOT = (0, 1, 128)  # 128: no repository, or no commit in it
_ANY_CODE = range(256)
_NEVER_ARRIVED = 128  # git-push(1) ends with 1 when the server refuses a ref
_REF_LINE = re.compile(r"^([ +*=!-])\t(?!.*\[remote rejected\])", re.MULTILINE)
_TAGGER = "Monokeel <monokeel@users.noreply.github.com>"
_SUBMODULES = "--ignore-submodules=none"  # whatever .gitmodules and settings say
# Whatever a user's settings say of hooks, signatures and submodules.
_ALONE = {
    "push": ("--no-verify", "--no-signed", "--recurse-submodules=no"),
    "fetch": ("--no-recurse-submodules",),
}
_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_NONE = Credentials()
HEADS_AND_TAGS = (_HEADS, _TAGS)
# What git and ssh say when no host answered (curl, OpenSSH).
_NETWORK = re.compile(
    "Could not resolve host|Couldn't connect to server|Failed to connect"
    "|Connection timed out|Connection refused"
)
# What ssh, GitHub and curl say to a credential; anything else is no answer.
_SAYS_NO = re.compile(
    r"(?i)\bdenied\b|read only|not granted|repository not found|returned error: 40[134]"
    r"|authentication failed|could not read username|load key|keys are disabled"
)


class Git:
    """One clone at *root*, and its origin; ServiceError where one is silent."""

    def __init__(
        self, root: Path, *, credentials: Credentials = _NONE, timeout_s: float = 120.0
    ) -> None:
        self.root, self._credentials, self._timeout_s = root, credentials, timeout_s

    # The clone

    def head(self) -> str:
        """Return the commit that is checked out."""
        commit = self.commit_of("HEAD")
        if commit is None and (lost := self._named("HEAD")):
            fix = "Run: git fsck. A new clone has it, if it was pushed."
            raise ServiceError(f"commit {lost} cannot be read here", fix=fix)
        if commit is None:
            raise UsageError("no commit is here yet", fix="Make a first commit.")
        return commit

    def _require_repository(self) -> None:
        """Raise UsageError without a repository, ServiceError if git refuses it."""
        asked = self._git("rev-parse", "--git-dir", ok=_ANY_CODE)
        if asked.returncode == 0:
            return
        if "not a git repository" in asked.stderr:
            fix = "Run this in a clone. A new one begins with: git init -b main"
            raise UsageError(f"{self.root} is no git repository", fix=fix)
        advice = SAFE.search(asked.stderr)
        problem = f"git cannot read this repository: {reason_in(asked.stderr)}"
        fix = f"Run: {advice[0]}" if advice else "Mend what git says, then go on."
        raise ServiceError(problem, fix=fix)

    def branch(self) -> str | None:
        """Return the branch that is checked out, ``None`` on a detached HEAD."""
        done = self._git("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))
        return done.stdout.strip() or None

    def branch_tip(self, name: str) -> str | None:
        """Return the commit of branch *name* as last seen on the remote, else here."""
        there = self.commit_of(f"refs/remotes/origin/{name}")
        return there or self.commit_of(f"{_HEADS}{name}")

    def is_shallow(self) -> bool:
        """Say whether history is cut off: then questions about it get wrong answers."""
        done = self._git("rev-parse", "--is-shallow-repository", ok=_OR_NOT)
        if done.returncode:
            self._require_repository()
        return done.stdout.strip() != "false"

    def unclean(self, within: str = ".") -> tuple[str, ...]:
        """Return what ``git status`` lists, and submodules *within* not checked out."""
        as_written, seen = ("-c", "core.quotePath=false"), "--untracked-files=normal"
        done = self._git(*as_written, "status", "--porcelain", seen, _SUBMODULES)
        parts = ("submodule", "status", "--", within)
        listed = self._git(*parts, ok=_ANY_CODE).stdout  # 1: none in that folder
        lacking = re.findall(r"(?m)^-[0-9a-f]+ (.*)$", listed)
        why = "a submodule, not checked out: git submodule update --init"
        changed = filter(None, done.stdout.split("\n"))
        return (*changed, *(f"{path} ({why})" for path in lacking))

    def commit_of(self, ref: str) -> str | None:
        """Return the commit that *ref* names here, peeled, or ``None``."""
        return self._named(f"{ref}^{{commit}}")

    def _named(self, words: str) -> str | None:
        args = ("rev-parse", "--verify", "--quiet", "--end-of-options", words)
        done = self._git(*args, ok=_OR_NOT)
        if done.returncode not in {0, 1}:
            self._require_repository()
        return done.stdout.strip() if done.returncode == 0 else None

    def known(self, commits: Collection[str]) -> set[str]:
        """Return those of *commits* that this clone has."""
        if not commits:
            return set()
        asked = "".join(f"{commit}\n" for commit in commits)
        batch = "--batch-check=%(objectname) %(objecttype)"
        done = self._git("cat-file", batch, stdin=asked)
        words = (line.split() for line in done.stdout.splitlines())
        return {name for name, kind in words if kind == "commit"}

    def commit_time(self, commit: str) -> datetime:
        """Return when *commit* was made (committer date, aware, UTC)."""
        shown = ("show", "-s", "--no-show-signature", "--format=%ct", commit)
        try:
            return parse_epoch(self._git(*shown).stdout.strip())
        except ValueError as error:
            raise ServiceError(f"commit {commit} has no usable time: {error}") from None

    def tags(self, merged: str | None = None) -> dict[str, str]:
        """Peel by ``show-ref``: ``for-each-ref`` would read the message of each tag."""
        # A name may hold what Python takes for white space or a line end.
        done = self._git("show-ref", "--tags", "--dereference", ok=(0, 1))
        lines = (line.split(" ") for line in done.stdout.split("\n") if line)
        # "REF^{}" is what REF leads to, and follows it.
        tags = {ref.removesuffix("^{}").removeprefix(_TAGS): sha for sha, ref in lines}
        if merged is None:
            return tags
        asked = (f"--merged={merged}", "--format=%(refname:strip=2)", "refs/tags")
        names = {*self._git("for-each-ref", *asked).stdout.split("\n")}
        return {name: sha for name, sha in tags.items() if name in names}

    def log(self, since: str | None, commit: str) -> output.Log:
        """Return the commits, in git's own order (by date): reverts depend on it."""
        span = commit if since is None else f"{since}..{commit}"
        args = ["git", "-c", "log.showSignature=false", "log", "-z"]
        args += ["--encoding=UTF-8", "--format=%H %P%n%B", "--end-of-options", span]
        records = stream([*args, "--"], cwd=self.root, separator=b"\0")
        return output.Log(records, since=since, commit=commit)

    def changed_paths(self, since: str, commit: str) -> list[str]:
        """Return the paths that *commit* changed since it left *since*."""
        span = f"{since}...{commit}"
        args = ("diff", "--no-ext-diff", "--name-only", "--no-renames", "-z")
        done = self._git(*args, _SUBMODULES, "--end-of-options", span, "--")
        return [path for path in done.stdout.split("\0") if path]

    def file_at(self, commit: str, path: str) -> str | None:
        """Return *path* of *commit* without a BOM, ``None`` if it has no such file."""
        if (found := self.tree_of(commit, path)) is None:
            return None
        return self._git("cat-file", "blob", found).stdout.removeprefix("\ufeff")

    def tree_of(self, commit: str, path: str) -> str | None:
        """Return the object id of *path* in *commit*, ``None`` if it is not there."""
        if self.commit_of(commit) is None:
            fix = "Run: git fetch --tags"
            raise ServiceError(f"commit {commit} is not in this clone", fix=fix)
        return self._named(f"{commit}:{path}")

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Raise ServiceError where git's "no" may be wrong: shallow, or incomplete."""
        if self.is_shallow():
            fix = "Run: git fetch --unshallow --tags"
            raise ServiceError("this clone is shallow", fix=fix)
        done = self._git("merge-base", "--is-ancestor", ancestor, commit, ok=_ANY_CODE)
        if done.returncode not in (0, 1):
            said = f"cannot compare {ancestor} and {commit}: {reason_in(done.stderr)}"
            raise ServiceError(said, fix="Run: git fetch --tags")
        return done.returncode == 0

    def versions_of(self, path: str, most: int) -> tuple[answers.FileVersion, ...]:
        """Return the *most* newest versions of *path* in the history of HEAD."""
        args = ("log", f"-{most}", "--no-show-signature", "--format=%H %s")
        log = self._git(*args, "--", path, ok=_OR_NOT).stdout.split("\n")
        return tuple(
            answers.FileVersion(commit=commit, subject=subject, text=text)
            for commit, _, subject in (line.partition(" ") for line in log if line)
            if (text := self.file_at(commit, path)) is not None
        )

    def known_refs(self) -> tuple[str, ...]:
        """Return the full names of the remote's branches and of the tags known here."""
        branches = "refs/remotes/origin/"
        args = ("for-each-ref", "--format=%(refname)", branches, "refs/tags/")
        names = self._git(*args, ok=_OR_NOT).stdout.split("\n")
        seen = [name for name in names if name and not name.endswith("/HEAD")]
        return tuple(name.replace(branches, "refs/heads/", 1) for name in seen)

    # The remote

    def address(self) -> str | None:
        """Return the remote's address as git uses it, ``None`` if there is none."""
        done = self._git("remote", "get-url", "origin", ok=(0, 2, 128))
        return done.stdout.strip() or None

    def written_address(self) -> str | None:
        """Return the remote's address as the clone has it, before ``insteadOf``."""
        done = self._git("config", "remote.origin.url", ok=_OR_NOT)
        if not done.stdout:
            self._require_repository()
        return done.stdout.strip() or None

    def remote_refs(self, prefixes: Collection[str] = HEADS_AND_TAGS) -> dict[str, str]:
        """Return full ref name → peeled commit of the refs under *prefixes*."""
        return {ref: at.commit for ref, at in self.remote_objects(prefixes).items()}

    def remote_objects(
        self, prefixes: Collection[str] = HEADS_AND_TAGS
    ) -> dict[str, RemoteRef]:
        """Ask ls-remote: only ``--heads`` and ``--tags`` filter there (git 2.39)."""
        options = {_HEADS: "--heads", _TAGS: "--tags"}
        narrow = [o for part, o in options.items() if any(part in p for p in prefixes)]
        if not all(prefix.startswith(HEADS_AND_TAGS) for prefix in prefixes):
            narrow = []
        done = self._ask_remote("ls-remote", *narrow, "--", "{}")
        return output.parse_refs(done.stdout, tuple(prefixes))

    def tag_message(self, ref: str, at: RemoteRef) -> str | None:
        """Read the object from the clone; fetch it, onto no ref, if it is not there."""
        if at.object == at.commit:
            return None
        if not self._holds(at.object):
            quiet = ("--quiet", "--no-tags", "--no-write-fetch-head")
            self._ask_remote("fetch", *quiet, "{}", ref)
        if not self._holds(at.object):
            again = "Run the same command again."
            raise ServiceError(f"{ref} moved while it was read", fix=again)
        return self._git("cat-file", "tag", at.object).stdout.partition("\n\n")[2]

    def _holds(self, tag: str) -> bool:
        return self._git("cat-file", "-e", f"{tag}^{{tag}}", ok=_OR_NOT).returncode == 0

    def create_tag(self, ref: str, *, commit: str, message: str) -> RefAnswer:
        """Push an object of no name and time of this machine: it is always the same."""
        at = int(self.commit_time(commit).timestamp())
        name, args = ref.removeprefix(_TAGS), ("hash-object", "-t", "tag", "-w")
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {_TAGGER} {at} +0000"
        made = self._git(*args, "--stdin", stdin=f"{text}\n\n{message}").stdout.strip()
        pushed = self._push(ref, old=None, new=made)
        moved: RefAnswer = Moved(now=made, changed=True)
        if pushed.returncode != 0:
            moved = self._judged(pushed, ref, old=None, new=made)
        if isinstance(moved, Moved) and self.commit_of(ref) is None:
            self._git("update-ref", ref, made, "")
        return moved

    def fetch(self) -> None:
        """Bring the remote's branches and tags into the clone."""
        heads = "+refs/heads/*:refs/remotes/origin/*"
        self._ask_remote("fetch", "--quiet", "--tags", "{}", heads)

    def fetch_commit(self, commit: str) -> None:
        """Make sure that *commit* is in the clone, with its history."""
        if self.commit_of(commit) is None:
            self._ask_remote("fetch", "--quiet", "--no-tags", "{}", commit)

    def move_ref(self, ref: str, *, old: str | None, new: str | None) -> RefAnswer:
        """Compare and swap by push: the ref, read again, decides, not git's words."""
        moved = self._judged(self._push(ref, old=old, new=new), ref, old=old, new=new)
        if isinstance(moved, Moved) and old and new is None and self._holds(old):
            self._git("update-ref", "-d", ref, old, ok=_ANY_CODE)  # ours, if here
        return moved

    def _push(self, ref: str, *, old: str | None, new: str | None) -> Completed:
        args = ["push", "--porcelain", "--no-follow-tags"]
        args += [f"--force-with-lease={ref}:{old or ''}", "{}", f"{new or ''}:{ref}"]
        try:
            pushed = self._ask_remote(*args, ok=_ANY_CODE)
        except ServiceError as error:  # too slow: it may have happened all the same
            pushed = Completed(args, 1, "", error.problem)
        answered = "remote:" in pushed.stderr or _SAYS_NO.search(pushed.stderr)
        if pushed.returncode == _NEVER_ARRIVED and not answered:
            said = " ".join(pushed.stderr.split())[:300]
            fix = "Check MONOKEEL_DEPLOY_KEY (./inv init makes one) and the network."
            raise ServiceError(f"git could not push {ref}: {said}", fix=fix)
        return pushed

    def _judged(
        self, pushed: Completed, ref: str, *, old: str | None, new: str | None
    ) -> RefAnswer:
        found = self.remote_objects((ref,)).get(ref)
        now = None if found is None else found.object
        if now == new:
            # "=" and "[rejected]": nothing was sent. libcurl may send a push again.
            said = _REF_LINE.search(pushed.stdout)
            changed = None if said is None else said[1] not in ("=", "!")
            return Moved(now=now, changed=changed)
        if now != old:
            return answers.Lost(now=now)
        # git's reason, "! REFS SUMMARY (REASON)" (git-push(1)), and the server's lines.
        reason: list[str] = re.findall(r"(?m)^!.*\((.*)\)\s*$", pushed.stdout)[:1]
        lines = re.findall(r"(?m)^remote: *(.*\S)", pushed.stderr)
        reason += [" ".join(lines)] if lines else []
        words = ": ".join(reason) or reason_in(pushed.stderr)
        if pushed.returncode == _NEVER_ARRIVED:  # what ssh or curl says has no mark
            words = " ".join(pushed.stderr.split())[:300]
        return answers.Declined(reason=output.unless_passing(ref, words))

    def require_writer(self) -> None:
        """Try a dry push: RefusedError for a "no", ServiceError where none answers."""
        writer = self._credentials.writer
        if not writer:
            return
        args = ("push", "--dry-run", "{}", "HEAD:refs/monokeel/writer")
        done = self._ask_remote(*args, ok=_ANY_CODE)
        if done.returncode == 0:
            return
        said = " ".join(done.stderr.split())[:300]
        if _SAYS_NO.search(said) is None:
            fix = "Check the network, then run the same command again."
            raise ServiceError(f"git could not push: {said}", fix=fix)
        problem = f"the {writer} may not push, so nothing was begun: {said}"
        fix = "./inv doctor says what is wrong with it, ./inv init mends it."
        raise RefusedError(problem, fix=fix)

    def _ask_remote(self, *args: str, ok: Collection[int] = (0,)) -> Completed:
        address = self.address()
        if address is None:
            self._require_repository()
            fix = "git remote add origin https://github.com/OWNER/REPO.git"
            raise UsageError("this clone has no remote 'origin'", fix=fix)
        credentials = self._credentials
        if args[0] != "push" and credentials.token:  # the token is faster than ssh
            credentials = replace(credentials, deploy_key=None, mint=None)
        with push_environment(credentials, address) as (where, env):
            named = (where if arg == "{}" else arg for arg in args[1:])
            command = ["git", args[0], *_ALONE.get(args[0], ()), *named]
            limit_s = self._timeout_s
            try:
                return run(command, cwd=self.root, env=env, ok=ok, timeout_s=limit_s)
            except ServiceError as error:
                fix = error.fix or "./inv doctor says what the token or the key may do."
                if not error.fix and _NETWORK.search(error.problem):
                    fix = "Check the network, and that"
                    fix += f" {parts_of(address).hostname or address} is the host that"
                    fix += " is meant."
                raise ServiceError(error.problem, fix=fix) from error

    def _git(
        self, *args: str, ok: Collection[int] = (0,), stdin: str | None = None
    ) -> Completed:
        return run(["git", *args], cwd=self.root, ok=ok, stdin=stdin)
