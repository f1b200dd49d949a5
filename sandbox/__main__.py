"""``python -m sandbox``: start a local GitHub and print how to point clients at it."""

import argparse
import shlex
import signal
import sys
import threading
from pathlib import Path

from sandbox.server import Sandbox


def main(args: list[str]) -> int:
    """Serve until SIGINT or SIGTERM; ``export NAME=value`` lines go to stdout."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--owner", default="acme")
    parser.add_argument("--repository", default="shop", help="its name, without owner")
    parser.add_argument(
        "--token", default="admin", help="whose token to print: admin, actions, reader"
    )
    parser.add_argument("--plan", default="enterprise", help="or free, free-private")
    chosen = parser.parse_args(args)
    ended = _end_of_service()
    try:
        box = Sandbox(owner=chosen.owner, name=chosen.repository, port=chosen.port)
    except OSError as problem:
        sys.stderr.write(f"port {chosen.port}: {problem.strerror}; choose another\n")
        return 1
    with box:
        if chosen.token not in box.tokens:
            sys.stderr.write(f"no token {chosen.token}; there are {list(box.tokens)}\n")
            return 1
        box.switches.plan = chosen.plan
        variables = {**box.environ(chosen.token), "MONOKEEL_BUILD": _packer()}
        for name, value in variables.items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.write(f"# clone {box.clone_url}\n")
        sys.stdout.flush()
        if not box.checks_contract:
            sys.stderr.write("jsonschema is not installed: nothing is checked\n")
        ended.wait()
    return 0


def _packer() -> str:
    """Return the build command for machines without a builder."""
    packer = [sys.executable, str(Path(__file__).with_name("packer.py"))]
    return f"{shlex.join(packer)} {{context}} {{image}} {{commit}}"


def _end_of_service() -> threading.Event:
    """Return what SIGINT and SIGTERM set."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _, __: ended.set())
    return ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
