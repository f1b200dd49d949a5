"""A private template is read with a credential of its own (T21), on the sandbox."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from sandbox.people import call
from sandbox.server import Sandbox
from tests.e2e.commands import answer, inv
from tests.rendered.renders import ROOT, git
from tests.rendered.versions import make_versions, start_repository

TEMPLATE = "https://127.0.0.1/acme/monokeel.git"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository *shop* on *box*; its template is private, and on *home*."""

    shop: Path
    box: Sandbox
    home: Sandbox
    key: str

    @property
    def by_key(self) -> dict[str, str]:
        stand_in = (
            f"{sys.executable} {ROOT / 'sandbox/ssh.py'} --sandbox {self.home.url}"
        )
        return {"MONOKEEL_TEMPLATE_KEY": self.key, "GIT_SSH_COMMAND": stand_in}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    versions = make_versions(tmp_path)
    key = tmp_path / "key"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(make, check=True)
    shop = start_repository(versions.old, tmp_path / "shop")
    git(shop, "remote", "add", "origin", "https://github.com/acme/shop.git")
    with Sandbox() as box, Sandbox(name="monokeel") as home:
        home.allow_deploy_keys()
        git(versions.source, "push", "-q", str(home.bare), "HEAD:refs/heads/main")
        git(versions.source, "push", "-q", str(home.bare), "--tags")
        public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
        reader: dict[str, Json] = {"title": "reader", "key": public, "read_only": True}
        call(home, "POST", "/keys", reader, who="admin")
        home.state.private = True
        yield Place(shop=shop, box=box, home=home, key=key.read_text())


def test_a_key_reads_a_private_template_and_without_it_one_issue_says_so(
    place: Place,
) -> None:
    inv(place.shop, place.box, "init", "--no-rules")
    check = ("template.check", "--issue", "--json", "--source", TEMPLATE)

    def ask(**more: str) -> dict[str, object]:
        done = inv(place.shop, place.box, *check, more=more)
        assert done.returncode == 2, done.stderr
        assert place.key.split("\n")[1] not in done.stdout + done.stderr
        return answer(done)

    silent, again = ask(), ask()
    [issue] = place.box.state.issues
    assert (silent["verdict"], again["issue"]) == ("unknown", issue.number)
    assert "cannot be read" in str(issue.body)
    assert "credential of its own" in str(issue.body)

    read = ask(**place.by_key)
    assert (read["verdict"], read["latest"]) == ("available", "9999.0.0")
    [issue] = place.box.state.issues
    assert issue.title == "Template update available: v9999.0.0"


def test_an_update_by_key_is_proposed_and_the_key_writes_nothing(place: Place) -> None:
    inv(place.shop, place.box, "init", "--no-rules")
    update = ("template.update", "--pr", "--json", "--source", TEMPLATE)
    before = git(place.home.bare, "for-each-ref")

    unread = inv(place.shop, place.box, *update)
    done = inv(place.shop, place.box, *update, more=place.by_key)

    assert (unread.returncode, answer(unread)["verdict"]) == (2, "unknown")
    assert done.returncode == 0, done.stderr
    assert answer(done)["notes"] == ["pull request #2 is open"]
    assert git(place.home.bare, "for-each-ref") == before


def test_a_token_of_its_own_reads_a_private_template(place: Place) -> None:
    """On the same GitHub; what stands in GITHUB_TOKEN reaches one repository alone."""
    source = ("--source", f"{place.home.url}/acme/monokeel.git")
    token = {"MONOKEEL_TEMPLATE_TOKEN": place.home.tokens["admin"]}

    unread = inv(place.shop, place.home, "template.check", *source, token="none")
    read = inv(
        place.shop, place.home, "template.check", *source, token="none", more=token
    )
    elsewhere = inv(place.shop, place.box, "template.check", *source, more=token)

    assert (unread.returncode, read.returncode) == (4, 2), unread.stderr + read.stderr
    assert elsewhere.returncode == 4  # another host than GitHub's never gets it
