"""A stand-in for ``ssh``: a deploy key opens the repository as it does on GitHub.

Git runs it through ``GIT_SSH_COMMAND="python ssh.py --sandbox URL"``. It derives the
public key of the ``-i`` file with ssh-keygen, asks the sandbox whose it is, and runs
git's own server program. A real sshd can run it as a forced command with ``--key``.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from typing import IO

_DENIED = 255  # ssh's own exit code
# Options of ssh(1) that are followed by a value.
_WITH_VALUE = "BbcDEeFIiJLlmOopQRSWw"


def parse(args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options that matter here, and the words after them.

    The keys are ``sandbox``, ``key`` (a public key) and ``identity`` (a file).
    """
    found: dict[str, str] = {}
    words = list(args)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("--sandbox", "--key"):
            found[option.removeprefix("--")] = words.pop(0)
        elif option[1:2] in _WITH_VALUE:
            value = option[2:] or words.pop(0)
            name, _, rest = value.partition("=")
            if option[1] == "i":
                found["identity"] = value
            elif option[1] == "o" and name.lower() == "identityfile":
                found["identity"] = rest
        elif option == "-G":
            found["print"] = "yes"
    return found, words


def public_key(identity: str) -> str:
    """Return ``TYPE BASE64`` of the private key in the file *identity*."""
    done = subprocess.run(
        ["ssh-keygen", "-y", "-P", "", "-f", os.path.expanduser(identity)],  # noqa: S607, PTH111
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(refuse(f"Load key {identity!r}: {done.stderr.strip()}"))
    return " ".join(done.stdout.split()[:2])


def refuse(text: str) -> int:
    """Print *text* as ssh would and return its exit code."""
    sys.stderr.write(f"{text}\n")
    return _DENIED


def ask(url: str, question: str) -> dict[str, str]:
    """Return what the sandbox at *url* says of the key.

    Over a bare socket: to load ``urllib.request`` takes longer than all the rest.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"GET /_sandbox/ssh?{question} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode())
        parts = list(iter(lambda: connection.recv(65536), b""))
    verdict: dict[str, str] = json.loads(b"".join(parts).partition(b"\r\n\r\n")[2])
    return verdict


def packets(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the pkt-lines of a ref advertisement, its flush included."""
    while size := stream.read(4):
        length = int(size, 16)
        yield size + stream.read(max(length - 4, 0))
        if not length:
            return


def serve(service: str, bare: str, actor: str, *, url: str, lost: bool) -> int:
    """Run git's *service*; what comes after its first words waits for the end.

    So the answer is never there before the effect is told to the sandbox, and with
    *lost* it never comes at all.
    """
    env = dict(os.environ) | {"SANDBOX_URL": url, "SANDBOX_ACTOR": actor}
    command = ["git", service.removeprefix("git-"), bare]
    if service == "git-upload-pack":
        return subprocess.run(command, env=env, check=False).returncode
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None  # noqa: S101  # a pipe was asked for
        for packet in packets(child.stdout):
            sys.stdout.buffer.write(packet)
        sys.stdout.buffer.flush()
        rest = child.stdout.read()
    if lost:
        return _DENIED
    sys.stdout.buffer.write(rest)
    sys.stdout.buffer.flush()
    return child.returncode


def main(args: list[str]) -> int:
    """Do what ssh would for git."""
    options, words = parse(args)
    if "print" in options:
        return 0  # git asks which kind of ssh this is
    command = os.environ.get("SSH_ORIGINAL_COMMAND") or " ".join(words[1:])
    service, _, path = command.partition(" ")
    key = options.get("key") or public_key(options.get("identity", ""))
    question = urllib.parse.urlencode(
        {
            "key": key,
            "service": service,
            "path": "".join(shlex.split(path)).strip("/").removesuffix(".git"),
        }
    )
    url = options.get("sandbox") or os.environ["SANDBOX_URL"]
    if not url.startswith("http://127.0.0.1:"):
        return refuse(f"{url} is not a sandbox on this machine")
    verdict = ask(url, question)
    if verdict["refused"]:
        return refuse(verdict["refused"])
    if verdict["fault"] == "reset":
        return refuse("Connection closed by 127.0.0.1 port 22")
    lost = verdict["fault"] == "lost"
    return serve(service, verdict["bare"], verdict["actor"], url=url, lost=lost)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
