"""What is on this machine: programs, time zones, files, deploy keys."""

import shutil
from datetime import tzinfo
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monokeel.adapters.process import reason_in, run
from monokeel.ground.errors import RefusedError, ServiceError, UsageError

_LONGEST_S = 10.0
# What ssh-keygen says of a key that it cannot read → what helps.
_MENDS = (
    ("bad permissions", "chmod 600 {file}"),
    (
        "passphrase",
        "take its passphrase away, no job types one: ssh-keygen -p -f {file}",
    ),
    ("", "copy it again, whole and with its own line ends"),
)


def says(*args: str) -> str | None:
    """Return the first line of *args*, "" on failure, ``None`` if not installed."""
    if shutil.which(args[0]) is None:
        return None
    try:
        done = run(args, stdin="", timeout_s=_LONGEST_S)
    except ServiceError:
        return ""
    return done.stdout.strip().partition("\n")[0]


def time_zone(name: str) -> tzinfo:
    """Return the time zone *name*, such as ``Europe/Berlin``; UsageError without it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = f"there is no time zone {name!r} on this machine"
        fix = 'Write it as in the IANA database, such as zone = "Europe/Berlin".'
        raise UsageError(problem, fix=fix) from error


def write_page(path: str, text: str) -> None:
    """Write *text* to the file *path*; UsageError if it cannot be written."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"{path} cannot be written: {error.strerror}"
        fix = "Name a file in a folder that is there."
        raise UsageError(problem, fix=fix) from error


class Keys:
    """The pair at *path* and ``path.pub``; UsageError inside *root*: git sees it."""

    def __init__(self, path: Path, *, root: Path) -> None:
        self._path = path.expanduser().absolute()
        if self._path.resolve().is_relative_to(root.resolve()):
            fix = "Name a file elsewhere: ./inv init --key-file FILE"
            raise UsageError(f"{self._path} is inside the repository", fix=fix)
        if self._path.is_dir():
            fix = f"Name a file in it: ./inv init --key-file {self._path}/monokeel"
            raise UsageError(f"{self._path} is a folder", fix=fix)
        there = next(x for x in (self._path, *self._path.parents) if x.exists())
        if not (there.is_file() if there == self._path else there.is_dir()):
            what = "file" if there == self._path else "folder"
            fix = "Name a file elsewhere: ./inv init --key-file FILE"
            raise UsageError(f"{there} is no {what}", fix=fix)

    @property
    def file(self) -> str:
        """The path of the private key."""
        return str(self._path)

    def public_key(self) -> str | None:
        """Read it from the private key; ServiceError where that is cut short."""
        if not self._path.is_file():
            return None
        args = ["ssh-keygen", "-y", "-P", "", "-f", self.file]
        done = run(args, stdin="", ok=range(256))
        if done.returncode:
            reason = reason_in(done.stderr)
            mend = next(x for words, x in _MENDS if words in done.stderr)
            mend = mend.format(file=quote(self.file))
            fix = f"If it is the right one, {mend}; else move it away, then ./inv init"
            problem = f"the private key cannot be read: {reason}"
            raise ServiceError(problem, fix=f"{fix} makes another")
        return " ".join(done.stdout.split()[:2])

    def create(self, comment: str) -> str:
        """Make an ed25519 pair that its owner alone can read, without a passphrase."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            problem = f"{self._path.parent} cannot be made: {error.strerror}"
            fix = "Name a file elsewhere: ./inv init --key-file FILE"
            raise UsageError(problem, fix=fix) from error
        args = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment]
        run([*args, "-f", self.file], stdin="n\n")
        public = self.public_key()
        if public is None:
            raise UsageError(f"ssh-keygen made no key at {self.file}")
        return public


def set_secret(key: Path, repository: str, name: str, environment: str) -> None:
    """Set a secret by gh-secret-set(1), on its stdin; RefusedError with its words."""
    args = ["gh", "secret", "set", name, "--repo", repository, "--env", environment]
    try:
        text = key.read_text(encoding="utf-8")
    except OSError as error:
        fix = "Name the key: ./inv init --key-file FILE"
        problem = f"{key} cannot be read: {error.strerror}"
        raise RefusedError(problem, fix=fix) from error
    done = run(args, stdin=text, ok=range(256))
    if done.returncode:
        raise RefusedError(f"gh could not set {name}: {reason_in(done.stderr)}")
