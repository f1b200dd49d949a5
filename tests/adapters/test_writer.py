"""Whether the writer may push: asked before anything is begun."""

import subprocess
from pathlib import Path

import pytest

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError

WHO = ("-c", "user.name=a", "-c", "user.email=a@b.c")
NO = {
    "key": "git@github.com: Permission denied (publickey).",
    "repository": "ERROR: Permission to acme/shop.git denied to deploy key",
    "read only": "ERROR: The key you are using has been marked as read only",
    "hidden": "ERROR: Repository not found.",
    "token": "remote: Write access to repository not granted.",
    "status": "fatal: unable to access 'x': The requested URL returned error: 403",
}
UNCLEAR = {
    "closed": "Connection closed by 140.82.121.4 port 22",
    "reset": "kex_exchange_identification: read: Connection reset by peer",
    "pipe": "client_loop: send disconnect: Broken pipe",
    "far": "ssh: connect to host github.com port 22: Network is unreachable",
    "name": "ssh: Could not resolve hostname github.com: Name or service not known",
    "stranger": "Host key verification failed.",
    "trouble": "fatal: unable to access 'x': The requested URL returned error: 502",
    "silent": "",
}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        *(pytest.param(x, RefusedError, id=name) for name, x in NO.items()),
        *(pytest.param(x, ServiceError, id=name) for name, x in UNCLEAR.items()),
    ],
)
def test_a_writer_is_refused_only_by_who_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    error: type[MonokeelError],
) -> None:
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 255\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    for args in (
        ("init", "-q"),
        ("remote", "add", "origin", "git@github.com:acme/shop.git"),
        (*WHO, "commit", "-q", "--allow-empty", "-m", "feat: first"),
    ):
        subprocess.run(["git", *args], cwd=tmp_path, check=True)
    keyed = Git(tmp_path, credentials=Credentials(deploy_key="a key"))

    with pytest.raises(MonokeelError) as caught:
        keyed.require_writer()

    assert type(caught.value) is error
