"""A real sshd on 127.0.0.1 whose only command is the sandbox's git server."""

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVER = "/usr/sbin/sshd"
_SEPARATION = Path("/run/sshd")  # sshd started by root refuses to run without it
_STAND_IN = Path(__file__).parents[2] / "sandbox/ssh.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """*command* is what ``GIT_SSH_COMMAND`` must be to come here.

    *private_key* opens it, *host_key* is what it proves itself with.
    """

    command: str
    private_key: str
    public_key: str
    host_key: str


@contextmanager
def sshd_or_skip(folder: Path, sandbox: str) -> Iterator[Sshd]:
    """Run an sshd in front of *sandbox*; skip the test where there is none."""
    if not Path(SERVER).exists() or shutil.which("ssh") is None:
        pytest.skip("sshd is not installed (Debian package openssh-server)")
    if os.geteuid() == 0:
        _SEPARATION.mkdir(exist_ok=True)
    host_key, key = _new_key(folder / "host"), _new_key(folder / "deploy")
    stand_in = [sys.executable, "-I", "-S", str(_STAND_IN)]
    stand_in += ["--sandbox", sandbox, "--key", key]
    command = shlex.join(stand_in).replace('"', r"\"")
    (folder / "authorized_keys").write_text(f'command="{command}",restrict {key}\n')
    port = _free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\nPidFile none\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "PermitRootLogin forced-commands-only\nLogLevel QUIET\n"
    )
    server = subprocess.Popen([SERVER, "-D", "-e", "-f", str(config)])
    try:
        _wait(port)
        options = ["-p", str(port), "-l", getpass.getuser()]
        yield Sshd(
            command=shlex.join(["ssh", *options, "-o", "HostKeyAlias=127.0.0.1"]),
            private_key=(folder / "deploy").read_text(),
            public_key=key,
            host_key=host_key,
        )
    finally:
        server.terminate()
        server.wait()


def _new_key(path: Path) -> str:
    """Make a key pair and return the public half, ``TYPE BASE64``."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True
    )
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(SERVER)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
