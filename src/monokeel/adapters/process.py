"""Run a program: a list of arguments, a clean environment, never a shell."""

import errno
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from monokeel.ground.errors import ServiceError

log = logging.getLogger(__name__)

# What git may take from the caller. Hooks leak GIT_DIR and friends, which would
# point our git at another repository (pre-commit, git.py, issue 300).
_GIT_MAY_KEEP = re.compile(
    r"GIT_(?:EXEC_PATH|ASKPASS|ALLOW_PROTOCOL|HTTP_PROXY_AUTHMETHOD|SSH|SSH_COMMAND|SSL_.*"
    r"|CONFIG_(?:COUNT|GLOBAL|NOSYSTEM|KEY_.*|VALUE_.*))\Z"
)
_LOGIN = re.compile(r"(\w://)[^\s'\"]*(?:@|%40|\uff20|\ufe6b)")
_QUERY = re.compile(r"(\w://[^\s'\"?#]*)[?#][^\s'\"]*")
# What git says of a clone of another user's, as in a container.
SAFE = re.compile(r"git config --global --add safe\.directory .+")


# How a program ended: exit code and what it printed, decoded as UTF-8.
Completed: TypeAlias = "subprocess.CompletedProcess[str]"
# No child needs these: git and the builders get what they need in their own way.
_OURS = re.compile(r"MONOKEEL_\w*(?:KEY|TOKEN|PASSWORD)\Z")
# A build runs whatever a dependency brings along; these would be its to take.
_NO_PROGRAM = {errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC}
_FOR_NO_BUILD = re.compile(r"(?:GITHUB|GH)_\w*TOKEN\Z|ACTIONS_\w*_TOKEN")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return our environment plus *extra*, without secrets that no program needs."""
    may = (x for x in os.environ if not x.startswith("GIT_") or _GIT_MAY_KEEP.match(x))
    env = {name: os.environ[name] for name in may if not _OURS.match(name)}
    return env | {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"} | dict(extra or {})


def run(  # noqa: PLR0913 - one keyword per property of a child process
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    ok: Container[int] = (0,),
    timeout_s: float | None = None,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run *args* to its end and return what it printed; it may read *pass_fds*.

    ServiceError where it is missing, takes longer than *timeout_s*, or ends with a code
    that is not in *ok*.
    """
    started = time.monotonic()
    try:
        with _installed(args):
            done = subprocess.run(
                args,
                cwd=cwd,
                env=clean_environment(env),
                input=stdin,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="surrogateescape",
                timeout=timeout_s,
                pass_fds=pass_fds,
            )
    except subprocess.TimeoutExpired as error:
        problem = f"{args[0]} {args[1]} did not end within {timeout_s} s"
        fix = "Run again once the other side answers."
        raise ServiceError(problem, fix=fix) from error
    taken = time.monotonic() - started
    log.debug("%s: exit %d, %.3f s", " ".join(args[:2]), done.returncode, taken)
    done.stderr = without_logins(done.stderr)
    if done.returncode not in ok:
        raise _failed(args, done.returncode, done.stderr)
    return done


def run_raw(args: Sequence[str], *, cwd: Path, stdin: bytes) -> bytes:
    """Run *args* with *stdin* and return its bytes; ServiceError when that fails."""
    env, pipe = clean_environment(), subprocess.PIPE
    with _installed(args):
        done = subprocess.run(
            args, cwd=cwd, env=env, input=stdin, stdout=pipe, stderr=pipe, check=False
        )
    if done.returncode != 0:
        raise _failed(args, done.returncode, _decoded(done.stderr))
    return done.stdout


def stream(args: Sequence[str], *, cwd: Path, separator: bytes) -> Iterator[str]:
    """Yield the records that *args* prints, without their *separator*.

    Undecodable bytes become U+FFFD. ServiceError where the program is missing or, after
    its last record, exits with another code than 0.
    """
    # A file for its errors: nobody would empty a pipe while the records are read.
    with tempfile.TemporaryFile() as errors:
        out, own = subprocess.PIPE, clean_environment()
        with _installed(args):
            child = subprocess.Popen(args, cwd=cwd, env=own, stdout=out, stderr=errors)
        with child:
            if child.stdout is None:
                raise AssertionError(args)
            rest = b""
            while chunk := child.stdout.read(1 << 16):
                *records, rest = (rest + chunk).split(separator)
                yield from map(_decoded, records)
            if rest:
                yield _decoded(rest)
        errors.seek(0)
        if child.returncode != 0:
            raise _failed(args, child.returncode, _decoded(errors.read()))


def run_visible(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None
) -> int:
    """Run *args*, a build, with its output on our stderr; return its exit code.

    It gets no token or key but what *env* gives. ServiceError if it is not installed.
    """
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    own = clean_environment(env)
    kept = {name: own[name] for name in own if not _FOR_NO_BUILD.match(name)}
    with _installed(args):
        return subprocess.run(args, cwd=cwd, env=kept, stdout=2, check=False).returncode


@contextmanager
def _installed(args: Sequence[str]) -> Iterator[None]:
    """Start a program inside; ServiceError where it is missing, or is none."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_PROGRAM:
            raise
        raise _unusable(args[0], str(error.strerror)) from error


def require_program(name: str, cwd: Path) -> None:
    """Raise ServiceError unless *name* is a program, or the path of one in *cwd*."""
    if shutil.which(cwd / name if "/" in name else name) is None:
        raise _unusable(name, "it is missing, or may not be executed")


def _unusable(name: str, why: str) -> ServiceError:
    if "/" in name:
        fix = "It must be an executable file; a script begins with #! and a program."
        return ServiceError(f"{name} cannot be started: {why}", fix=fix)
    fix = f"Install {name}; ./inv doctor lists what is needed."
    return ServiceError(f"{name} is not installed here", fix=fix)


def _failed(args: Sequence[str], code: int, said: str) -> ServiceError:
    reason, safe = reason_in(without_logins(said)), SAFE.search(said)
    remedy = f"Run: {safe[0]}" if safe else ""
    if "not a git repository" in said:
        remedy = "Make it one, with a first commit: git init -b main"
    options = 2 if args[1:2] == ["-c"] else 0
    named = [args[0], *args[1 + options : 3 + options]]
    problem = f"{' '.join(named)} failed ({code}): {reason}"
    return ServiceError(problem, fix=remedy)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def without_logins(text: str) -> str:
    """Return *text* without logins and queries: git repeats addresses as they are."""
    return _QUERY.sub(r"\1", _LOGIN.sub(r"\1", text))


def reason_in(text: str) -> str:
    """Return the lines ``error:`` and ``fatal:`` of *text*, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(("error: ", "fatal: "))]
    return "; ".join(named[:2]) or (lines[-1] if lines else "no message")
