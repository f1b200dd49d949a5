"""A release under our own tag rules: the deploy key over a real sshd, nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from sandbox.switches import Fault
from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.shop import Shop, shop_on
from tests.e2e.sshd import Sshd, sshd_or_skip

TAG_RULES: dict[str, Json] = {
    "name": "release-tags",
    "target": "tag",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
    ],
    "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
    "rules": [{"type": "creation"}],
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        github(place).request("POST", "/rulesets", json=TAG_RULES, expect=(201,))
        yield place


@pytest.fixture
def sshd(shop: Shop, tmp_path: Path) -> Iterator[Sshd]:
    folder = tmp_path / "sshd"
    folder.mkdir()
    with sshd_or_skip(folder, shop.box.url) as server:
        key: dict[str, Json] = {
            "title": "monokeel",
            "key": server.public_key,
            "read_only": False,
        }
        github(shop).request("POST", "/keys", json=key, expect=(201,))
        trust(shop, server.host_key)
        yield server


def test_the_deploy_key_makes_the_tag_that_the_rules_keep_from_the_token(
    shop: Shop, sshd: Sshd
) -> None:
    commit = shop.commit("feat: a shop")

    code, _, stderr = shop.run("release", token="actions")

    assert code == 3
    assert "release-tags lets nobody else make the tags of a release" in stderr
    assert "Set MONOKEEL_DEPLOY_KEY" in stderr
    key = {
        "GIT_SSH_COMMAND": sshd.command,
        "MONOKEEL_DEPLOY_KEY": sshd.private_key,
    }
    code, _, stderr = shop.run("release", token="actions", more=key)
    assert code == 0, stderr
    shop.assert_complete(commit)
    code, _, stderr = shop.run("release", token="actions", more=key)
    assert code == 0, stderr


def test_a_server_that_is_not_the_one_github_names_gets_nothing(
    shop: Shop, sshd: Sshd
) -> None:
    shop.commit("feat: a shop")
    trust(shop, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    key = {
        "GIT_SSH_COMMAND": sshd.command,
        "MONOKEEL_DEPLOY_KEY": sshd.private_key,
    }

    code, _, stderr = shop.run("release", token="actions", more=key)

    assert code in {3, 4}
    assert shop.refs() == {}
    assert sshd.private_key.splitlines()[1] not in stderr


def trust(shop: Shop, host_key: str) -> None:
    """Let the sandbox name *host_key* as GitHub's own (``GET /meta``)."""
    body: Json = {"ssh_keys": [host_key]}
    shop.box.switches.faults[:] = [
        Fault(method="GET", path="/meta$", status=200, body=body, times=1000)
    ]


def github(shop: Shop) -> GitHub:
    return GitHub(
        Session(tries=1),
        api=shop.box.url,
        repository=shop.box.repository,
        token=shop.box.tokens["admin"],
    )
