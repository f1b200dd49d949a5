"""Start a local GitHub: print how to point clients at it, or open a shell that is.

``python -m sandbox`` serves until Ctrl-C and prints ``export`` lines for another shell;
``python -m sandbox shell`` opens ``$SHELL`` with all of them set, and ends with it.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

from sandbox.actors import TOKENS
from sandbox.server import Sandbox

_PLANS = ("enterprise", "team", "free", "free-private")
_LAST_PORT = 65535
# GitHub's rule for the names of accounts, in the words of its sign-up form; words
# with which an address of the API begins are taken.
_OWNER = re.compile(r"(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_TAKEN = re.compile(
    r"api|app|graphql|installation|meta|orgs|organizations|rate_limit|repos"
    r"|repositories|search|token|users?|v2",
    re.IGNORECASE,
)
_REPOSITORY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


class _Parser(argparse.ArgumentParser):
    """Ends wrong use with one line and exit code 1."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and exit."""
        self.exit(1, f"{message}\n")


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").partition("\n")[0]
    parser = _Parser(prog="python -m sandbox", description=summary)
    parser.add_argument(
        "mode",
        nargs="?",
        choices=("serve", "shell"),
        default="serve",
        help="serve (the default) prints export lines, shell opens $SHELL",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--owner", default="acme")
    parser.add_argument("--repository", default="shop", help="its name, without owner")
    parser.add_argument(
        "--token", default="admin", help="whose token: admin, fine, gh, actions, reader"
    )
    parser.add_argument(
        "--plan", default="enterprise", help="or team, free, free-private"
    )
    parser.add_argument(
        "--deploy-keys",
        action="store_true",
        help="the organization allows deploy keys, which new ones do not",
    )
    return parser


def wrong_use(chosen: argparse.Namespace) -> str:
    """Return what is wrong with the options, empty if nothing is."""
    port, owner, name = chosen.port, chosen.owner, chosen.repository
    account = "up to 39 letters, digits and single hyphens, none at an end"
    letters = "up to 100 letters, digits, dots, hyphens and underscores"
    tokens = [*TOKENS, "none"]
    taken = _TAKEN.fullmatch(owner)
    findings = (
        (
            not 0 <= port <= _LAST_PORT,
            f"port {port}: a port is between 0 and {_LAST_PORT}",
        ),
        (taken, f"owner {owner!r}: GitHub takes no word of its own addresses"),
        (not _OWNER.fullmatch(owner), f"owner {owner!r}: GitHub takes {account}"),
        (
            not _REPOSITORY.fullmatch(name) or name.endswith(".git"),
            f"repository {name!r}: GitHub takes {letters}, and no .git at its end",
        ),
        (
            chosen.token not in tokens,
            f"no token {chosen.token}; there are {', '.join(tokens)}",
        ),
        (
            chosen.mode == "serve" and not sys.stdout,
            "nobody reads its addresses: stdout is closed",
        ),
        (
            chosen.plan not in _PLANS,
            f"no plan {chosen.plan}; there are {', '.join(_PLANS)}",
        ),
    )
    return next((words for is_wrong, words in findings if is_wrong), "")


def main(args: list[str]) -> int:
    """Serve until SIGINT or SIGTERM, or until the shell is left; return its code."""
    chosen = _parser().parse_args(args)
    problem = wrong_use(chosen)
    if problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    try:
        box = Sandbox(owner=chosen.owner, name=chosen.repository, port=chosen.port)
    except OSError as error:
        sys.stderr.write(f"port {chosen.port}: {error.strerror}; choose another\n")
        return 1
    with box:
        box.switches.plan = chosen.plan
        if chosen.deploy_keys:
            box.allow_deploy_keys()
        variables = {**box.environ(chosen.token), "MONOKEEL_BUILD": _packer()}
        if not box.checks_contract:
            sys.stderr.write("jsonschema is not installed: nothing is checked\n")
        if chosen.mode == "shell":
            return _shell(box, variables)
        return _serve(box, variables)


def _serve(box: Sandbox, variables: dict[str, str]) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _, __: ended.set())
    lines = [f"export {name}={shlex.quote(x)}" for name, x in variables.items()]
    lines += [f"# {_WARNING} {box.url}/{box.repository}", f"# clone {box.clone_url}"]
    try:
        sys.stdout.write("\n".join((*lines, "")))
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"nobody reads its addresses: {error.strerror}\n")
        return 1
    ended.wait()
    return 0


_WARNING = (
    "In a shell with these, github.com, gh, tokens and ssh of git are the sandbox's; "
    "what is in it is gone when it ends:"
)


def _shell(box: Sandbox, variables: dict[str, str]) -> int:
    """Open ``$SHELL`` and return its exit code; signals of the terminal are its own."""
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join((programs, os.environ.get("PATH", os.defpath)))
    own = {"PATH": path, "MONOKEEL": str(Path(__file__).resolve().parents[1])}
    shell = os.environ.get("SHELL") or "/bin/sh"
    sys.stderr.write(
        f"{shell} on the local GitHub {box.url}/{box.repository}: in it github.com, "
        "gh, tokens and\nssh of git are the sandbox's. Leave it (exit) and the "
        "repository there is gone.\n"
    )
    for number in (signal.SIGINT, signal.SIGQUIT):  # a handler, so the shell has none
        signal.signal(number, lambda _, __: None)
    try:
        child = subprocess.Popen([shell], env={**os.environ, **variables, **own})
    except OSError as error:
        sys.stderr.write(f"{shell}: {error.strerror}; set SHELL\n")
        return 1
    signal.signal(signal.SIGTERM, lambda _, __: child.terminate())
    code = child.wait()
    sys.stderr.write("The local GitHub has ended.\n")
    return code if code >= 0 else 128 - code


def _packer() -> str:
    """Return the build command for machines without a builder."""
    packer = [sys.executable, str(Path(__file__).with_name("packer.py"))]
    return f"{shlex.join(packer)} {{context}} {{image}} {{commit}}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
