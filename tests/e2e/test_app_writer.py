"""A GitHub App as the only writer, from the first push to production."""

import json
from pathlib import Path

from sandbox.actors import OWN_APP
from sandbox.server import Sandbox
from tests.adapters.test_app import install, key
from tests.e2e.act_shop import PACKER
from tests.e2e.commands import inv
from tests.e2e.test_setup import box, shop
from tests.rendered.renders import git
from tests.rendered.versions import save
from tests.sandbox.clones import run

__all__ = ["box", "key", "shop"]
ACTOR = {"actor_id": OWN_APP, "actor_type": "Integration", "bypass_mode": "always"}


def write_by_app(shop: Path) -> None:
    """Name the App in both files, as the how-to says."""
    path = shop / "infra/platform.toml"
    text = path.read_text(encoding="utf-8")
    named = f'writer = "app"\napp_id = {OWN_APP}'
    path.write_text(text.replace('writer = "deploy-key"', named), encoding="utf-8")
    path = shop / "infra/rulesets.json"
    rulesets = json.loads(path.read_text(encoding="utf-8"))
    for ruleset in rulesets:
        if ruleset["bypass_actors"]:
            ruleset["bypass_actors"] = [ACTOR]
    path.write_text(json.dumps(rulesets, indent=2), encoding="utf-8")
    save(shop, "feat: let an App write")


def test_the_whole_life_with_an_app(shop: Path, box: Sandbox, key: Path) -> None:
    install(box, key)
    write_by_app(shop)
    secret = {"MONOKEEL_WRITER_KEY": key.read_text(), "MONOKEEL_BUILD": PACKER}

    init = inv(shop, box, "init", "--yes", "--key-file", str(key), more=secret)
    released = inv(shop, box, "release", more=secret)
    promoted = inv(
        shop, box, "promote", "--env", "dev", "--version", "1.0.0", more=secret
    )
    drift = inv(shop, box, "drift", more=secret)

    assert init.returncode == 0, init.stdout + init.stderr
    assert box.state.keys == []
    assert released.returncode == 0, released.stdout + released.stderr
    assert promoted.returncode == 0, promoted.stdout + promoted.stderr
    assert drift.returncode == 0, drift.stdout + drift.stderr
    tag = git(box.bare, "rev-parse", "v1.0.0^{commit}").strip()
    assert git(box.bare, "rev-parse", "env/dev").strip() == tag
    names = {move.actor.login for move in box.state.moves if "env/" in move.ref}
    assert names == {"monokeel[bot]"}
    printed = "".join(x.stdout + x.stderr for x in (init, released, promoted, drift))
    assert key.read_text().splitlines()[1] not in printed
    assert "ghs_" not in printed


def test_an_app_that_was_uninstalled_stops_a_release_before_it_builds(
    shop: Path, box: Sandbox, key: Path
) -> None:
    install(box, key)
    write_by_app(shop)
    secret = {"MONOKEEL_WRITER_KEY": key.read_text(), "MONOKEEL_BUILD": PACKER}
    inv(shop, box, "init", "--yes", "--key-file", str(key), more=secret)
    box.switches.fail("/installation$", status=404, times=99)

    done = inv(shop, box, "release", more=secret)

    assert done.returncode == 3
    assert f"App {OWN_APP} is not installed on acme/shop" in done.stderr
    assert box.images.repositories == {}


def test_the_old_deploy_key_is_never_set_as_the_apps(
    shop: Path, box: Sandbox, key: Path
) -> None:
    install(box, key)
    write_by_app(shop)
    old = shop.parent / "home/.config/monokeel/acme-shop"
    old.parent.mkdir(parents=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(old))
    secret = {"MONOKEEL_WRITER_KEY": key.read_text()}

    done = inv(shop, box, "init", "--yes", more=secret)
    doctor = inv(shop, box, "doctor", more=secret)

    assert done.returncode == 3, done.stdout + done.stderr
    assert "acme-shop.pem cannot be read" in done.stdout
    assert "./inv init --key-file FILE" in done.stdout
    assert "acme-shop\n" not in doctor.stdout
    assert "from the private key of GitHub App" in doctor.stdout
