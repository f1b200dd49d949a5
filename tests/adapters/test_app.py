"""The App as writer, on the sandbox: it proves itself, and asks for no more."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters.app import mint_token
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Moved
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from sandbox.actors import OWN_APP
from sandbox.server import Sandbox


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key of an App, as GitHub's page makes it: RSA, in PEM."""
    path = tmp_path_factory.mktemp("app") / "key"
    args = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]
    subprocess.run([*args, "-f", path], check=True)
    return path


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


def mint_by(box: Sandbox, key: Path, number: int = OWN_APP) -> str:
    github = GitHub(
        Session(tries=1), api=box.url, repository=box.repository, token=None
    )
    return mint_token(github, number=number, pem=key.read_text())


def install(box: Sandbox, key: Path, *rights: str) -> None:
    public = key.with_suffix(".pub").read_text()
    box.register_app(public, *(rights or ("contents:write", "workflows:write")))


def test_the_token_may_push_and_nothing_else(box: Sandbox, key: Path) -> None:
    install(box, key, "contents:write", "workflows:write", "administration:write")

    token = mint_by(box, key)

    actor = box.state.person(token)
    assert actor is not None
    assert actor.rights == {"contents:write", "workflows:write"}
    assert actor.repositories == ("shop",)  # of all that the App is installed on


def test_each_push_has_a_token_of_its_own(
    box: Sandbox, key: Path, tmp_path: Path
) -> None:
    install(box, key)
    address = f"{box.url}/{box.repository}.git"
    for args in (
        ["init", "-q", "-b", "main", str(tmp_path)],
        ["-C", str(tmp_path), "commit", "-q", "--allow-empty", "-m", "feat: x"],
        ["-C", str(tmp_path), "remote", "add", "origin", address],
    ):
        subprocess.run(["git", *args], check=True)
    minted: list[str] = []

    def mint() -> str:
        minted.append(mint_by(box, key))
        return minted[-1]

    server = box.url.removeprefix("http://")
    git = Git(tmp_path, credentials=Credentials(server=server, mint=mint))
    git.require_writer()
    moved = git.move_ref("refs/heads/main", old=None, new=git.head())

    assert isinstance(moved, Moved)
    assert box.state.moves[-1].actor.login == "monokeel[bot]"
    assert len(set(minted)) == len(minted) > 1


def test_an_app_without_the_rights_is_refused(box: Sandbox, key: Path) -> None:
    install(box, key, "contents:write")

    with pytest.raises(RefusedError, match="not granted to this installation"):
        mint_by(box, key)


@pytest.mark.parametrize("number", [OWN_APP, 1], ids=["another key", "another App"])
def test_a_key_that_github_does_not_know_proves_nothing(
    box: Sandbox, key: Path, number: int, tmp_path: Path
) -> None:
    install(box, key)
    other = tmp_path / "other"
    args = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]
    subprocess.run([*args, "-f", other], check=True)

    with pytest.raises(ServiceError, match=f"the key of App {number}"):
        mint_by(box, other if number == OWN_APP else key, number)


def test_an_app_that_is_not_installed_here_is_named(box: Sandbox, key: Path) -> None:
    install(box, key)
    box.switches.fail("/installation$", status=404)

    with pytest.raises(RefusedError, match="is not installed on acme/shop"):
        mint_by(box, key)


def test_no_part_of_the_key_is_left_on_the_disk(
    box: Sandbox, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(box, key)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    mint_by(box, key)

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_key_of_an_app_is_wrong_use(box: Sandbox, tmp_path: Path) -> None:
    """Such as the deploy key that wrote before: openssl cannot read it."""
    path = tmp_path / "key"
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")

    with pytest.raises(UsageError, match="no private key of a GitHub App"):
        mint_by(box, path)
