"""Whether the writer may push: asked before anything is begun."""

import subprocess
from pathlib import Path

import pytest

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.ground.answers import Declined
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError

WHO = ("-c", "user.name=a", "-c", "user.email=a@b.c")
NO = {
    "key": "git@github.com: Permission denied (publickey).",
    "repository": "ERROR: Permission to acme/shop.git denied to deploy key",
    "read only": "ERROR: The key you are using has been marked as read only",
    "disabled": "ERROR: Deploy keys are disabled for this repository.",
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
    keyed = behind_ssh(tmp_path, monkeypatch, said)

    with pytest.raises(MonokeelError) as caught:
        keyed.require_writer()

    assert type(caught.value) is error


@pytest.mark.parametrize("said", NO.values(), ids=NO)
def test_a_push_by_who_may_not_is_declined_in_those_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """G5 of a promotion: the server has answered, and the ref is where it was."""
    keyed = behind_ssh(tmp_path, monkeypatch, said)

    answer = keyed.move_ref("refs/heads/env/dev", old=None, new=keyed.head())

    assert isinstance(answer, Declined)
    assert said in answer.reason


@pytest.mark.parametrize("said", UNCLEAR.values(), ids=UNCLEAR)
def test_a_push_that_nobody_answers_is_not_declined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    keyed = behind_ssh(tmp_path, monkeypatch, said)

    with pytest.raises(ServiceError):
        keyed.move_ref("refs/heads/env/dev", old=None, new=keyed.head())


def behind_ssh(base: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> Git:
    """Return a clone whose remote may be read; to a push it says *said*."""
    program = base / "ssh"
    reads = f'*upload-pack*) exec git-upload-pack "{base}/bare" ;;'
    told = f'*) echo "{said}" >&2; exit 255 ;;'
    text = f'#!/bin/sh\ncase "$*" in\n{reads}\n{told}\nesac\n'
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    for args in (
        ("init", "-q", "--bare", "bare"),
        ("init", "-q"),
        ("remote", "add", "origin", "git@github.com:acme/shop.git"),
        (*WHO, "commit", "-q", "--allow-empty", "-m", "feat: first"),
    ):
        subprocess.run(["git", *args], cwd=base, check=True)
    return Git(base, credentials=Credentials(deploy_key="a key"))
