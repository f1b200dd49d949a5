"""A member with write and no key tries to have a say in a release (S1-S5, R26-R30).

The rules are those of this repository; the key is the deploy key's, over a real sshd.
Nothing of his is in a release; he is named where GitHub says who did it. What he makes
of the copy in a published release (S4, R30): ``test_holes.py``.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.releases import Releases
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.release.record import GitHubRelease, marker
from sandbox.packer import Image
from sandbox.switches import Fault
from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.shop import ROOT, SERVICES, Shop, digests, git, recorded, shop_on
from tests.e2e.sshd import Sshd, sshd_or_skip
from tests.fakes.oci import Pusher, image

BEN, LOGIN = "reviewer", "kai"  # the token, and whose it is


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        rules = json.loads((ROOT / "infra/rulesets.json").read_text(encoding="utf-8"))
        for each in rules:
            if each["target"] == "tag":
                github(place).request("POST", "/rulesets", json=each, expect=(201,))
        yield place


@pytest.fixture
def key(shop: Shop, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of whoever has the deploy key."""
    (tmp_path / "sshd").mkdir()
    with sshd_or_skip(tmp_path / "sshd", shop.box.url) as server:
        yield connected(shop, server)


def connected(shop: Shop, server: Sshd) -> dict[str, str]:
    known: Json = {"title": "monokeel", "key": server.public_key, "read_only": False}
    github(shop).request("POST", "/keys", json=known, expect=(201,))
    host: Json = {"ssh_keys": [server.host_key]}
    shop.box.switches.faults[:] = [
        Fault(method="GET", path="/meta$", status=200, body=host, times=1000)
    ]
    return {
        "GIT_SSH_COMMAND": server.command,
        "MONOKEEL_DEPLOY_KEY": server.private_key,
    }


def github(shop: Shop, who: str = "admin") -> GitHub:
    return GitHub(
        Session(tries=1),
        api=shop.box.url,
        repository=shop.box.repository,
        token=shop.box.tokens[who],
    )


@dataclass(frozen=True, kw_only=True)
class Ben:
    """What the member does, and the *image* that he would like to see released."""

    shop: Shop
    image: Image
    head: str

    @property
    def releases(self) -> Releases:
        return Releases(github(self.shop, BEN), sleep=lambda _: None)

    @property
    def record(self) -> bytes:
        path = f"ghcr.io/acme/{self.shop.name}"
        services = {s: f"{path}/{s}@{self.image.digest}" for s in SERVICES}
        fields = {"schema": 1, "version": "1.0.1", "commit": self.head}
        return json.dumps({**fields, "services": services}, indent=2).encode() + b"\n"

    def push_image(self, tag: str) -> None:
        pusher = Pusher(self.shop.proxy.url)
        for service in SERVICES:
            pusher.push(f"acme/{self.shop.name}/{service}", tag, self.image)

    def push_ref(self, ref: str) -> None:
        clone = self.shop.fresh_clone(f"ben-{ref.replace('/', '-')}")
        git(clone, "tag", "-a", "theirs", "-m", self.record.decode(), self.head)
        token = self.shop.box.tokens[BEN]
        url = self.shop.box.url.replace("://", f"://ben:{token}@")
        address = f"{url}/{self.shop.box.repository}.git"
        git(clone, "push", "--quiet", address, f"refs/tags/theirs:{ref}")

    def draft(self, body: str = "") -> GitHubRelease:
        return self.releases.create_draft("v1.0.1", title="v1.0.1", body=body)


def plant_draft(ben: Ben) -> None:
    ben.draft(marker(ben.head))


def plant_record(ben: Ben) -> None:
    ben.releases.attach(ben.draft(marker(ben.head)), ben.record)


def plant_asset(ben: Ben) -> None:
    draft = ben.draft(marker(ben.head))
    ben.releases.attach(draft, ben.record)
    stored = next(r for r in ben.shop.box.state.releases if r.id == draft.id)
    other = stored.assets[0]
    other.name, other.content = "shop-linux-amd64", b"#!/bin/sh\n"


def plant_build(ben: Ben) -> None:
    ben.push_image(f"sha-{ben.head}")


def plant_deployment(ben: Ben) -> None:
    body: Json = {
        "ref": ben.head,
        "environment": "prod",
        "auto_merge": False,
        "required_contexts": [],
        "payload": {"version": "1.0.1", "digests": {"api": ben.image.digest}},
    }
    github(ben.shop, BEN).request("POST", "/deployments", json=body, expect=(201,))


# One draft each; an image at sha- with our label and a deployment lie elsewhere.
HARMLESS: Mapping[str, tuple[tuple[Callable[[Ben], None], ...], str]] = {
    "a mark, image, deployment": ((plant_draft, plant_build, plant_deployment), ""),
    "a draft with a record": ((plant_record,), LOGIN),
    "a draft with a file more": ((plant_asset,), LOGIN),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_nothing_that_a_member_can_put_down_is_in_a_release(
    shop: Shop, key: dict[str, str], name: str
) -> None:
    forgeries, named = HARMLESS[name]
    ben = begin(shop, key)
    for forge in forgeries:
        forge(ben)

    code, _, stderr = shop.run("release", token="actions", more=key)

    assert code == 0, stderr
    out = next(r for r in shop.releases() if r.tag == "v1.0.1" and not r.draft)
    record = recorded(out)
    assert record is not None
    assert record == shop.record("refs/tags/v1.0.1")
    assert digests(record) == shop.image_tags("1.0.1")
    assert ben.image.digest not in shop.image_tags("1.0.1").values()
    assert ([a.name for a in out.assets], out.author.login) == (
        ["release.json"],
        "github-actions[bot]",
    )
    assert named in stderr
    shop.check()


def test_an_image_at_the_version_is_refused_and_named(
    shop: Shop, key: dict[str, str]
) -> None:
    """S3, R29: a registry does not say who pushed it."""
    ben = begin(shop, key)
    ben.push_image("1.0.1")

    code, _, stderr = shop.run("release", token="actions", more=key)

    assert code == 3
    assert f"api:1.0.1 is taken by {ben.image.digest}" in stderr
    assert list(shop.refs()) == ["refs/tags/v1.0.0"]


def test_no_member_makes_a_tag_or_a_claim(shop: Shop, key: dict[str, str]) -> None:
    """S5: the rules leave both to the key, and the release takes its way."""
    ben = begin(shop, key)

    for ref in ("refs/tags/v1.0.1", "refs/tags/monokeel-claim/v1.0.1"):
        with pytest.raises(subprocess.CalledProcessError):
            ben.push_ref(ref)

    code, _, stderr = shop.run("release", token="actions", more=key)
    assert code == 0, stderr
    assert shop.refs()["refs/tags/v1.0.1"] == ben.head


def begin(shop: Shop, key: dict[str, str]) -> Ben:
    """Release 1.0.0, land a fix, and let the member look at it."""
    shop.commit("feat: a shop")
    code, _, stderr = shop.run("release", token="actions", more=key)
    assert code == 0, stderr
    head = shop.commit("fix: more")
    return Ben(shop=shop, image=image(head), head=head)
