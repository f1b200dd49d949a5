"""The first releases on GitHub as it is: writers, rights, packages, two at once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from monokeel.ground.settings import parse_settings
from sandbox.server import Sandbox
from tests.e2e.commands import inv
from tests.e2e.shop import PACKER
from tests.e2e.test_setup import box, shop
from tests.rendered.versions import save

__all__ = ["box", "shop"]
BUILD = {"MONOKEEL_BUILD": f"{PACKER} {{context}} {{image}} {{commit}}"}
CONNECT = ("init", "--register-key", "--yes", "--no-rules")
RUNNERS = int(os.environ.get("RACERS", "5"))  # nox -s proof: 20


def connected(shop: Path, box: Sandbox) -> dict[str, str]:
    """Connect the shop and return what a job of it has."""
    save(shop, "feat: start")
    inv(shop, box, *CONNECT)
    key = (shop.parent / "home/.config/monokeel/acme-shop").read_text()
    return {"MONOKEEL_DEPLOY_KEY": key, **BUILD}


def test_a_key_is_checked_before_anything_is_built(shop: Path, box: Sandbox) -> None:
    """G5: the job of release.yml that comes before the builds."""
    secret = connected(shop, box)

    works = inv(shop, box, "check.writer", more=secret)
    box.state.keys.clear()
    gone = inv(shop, box, "check.writer", more=secret)

    assert (works.returncode, works.stdout) == (0, "the deploy key may push\n")
    assert gone.returncode == 3
    assert "the deploy key may not push" in gone.stderr


def test_a_key_that_was_never_set_is_missed_before_anything_is_built(
    shop: Path, box: Sandbox
) -> None:
    """G5, where G4 was overlooked: no secret in the Environment."""
    connected(shop, box)
    before = inv(shop, box, "check.writer")
    inv(shop, box, "init")

    job = inv(shop, box, "check.writer", token="actions")
    person = inv(shop, box, "release", more=BUILD)

    assert (before.returncode, before.stdout) == (0, "no key of a writer is set here\n")
    assert (job.returncode, person.returncode) == (3, 3)
    for done in (job, person):
        assert "lets nobody else make the tags of a release" in done.stderr
        assert "MONOKEEL_DEPLOY_KEY" in done.stderr
    assert box.images.repositories == {}


def test_images_that_nobody_can_pull_are_named_and_no_failure(
    shop: Path, box: Sandbox
) -> None:
    """G28: a new package is private, whatever the repository is."""
    secret = connected(shop, box)

    done = inv(shop, box, "release", more=secret)

    assert done.returncode == 0, done.stderr
    hidden = done.stdout.partition("Not public")[2]
    assert "/acme/shop/pkgs/container/shop%2Fapi\n" in hidden
    assert "Package settings" in hidden


def test_what_is_shown_late_costs_no_second_run(shop: Path, box: Sandbox) -> None:
    """G25, G26: GHCR may not show a tag for seconds after it was written."""
    secret = connected(shop, box)
    box.images.switches.images_stale_reads = 2

    done = inv(shop, box, "release", more=secret)

    assert done.returncode == 0, done.stderr
    found = {name: kept.tags for name, kept in box.images.repositories.items()}
    assert len(found) == len(shown_services(shop)) > 1
    for name, tags in found.items():
        assert "1.0.0" in tags, name


def shown_services(shop: Path) -> list[str]:
    text = (shop / "infra/platform.toml").read_text(encoding="utf-8")
    return [each.name for each in parse_settings(text).services]


def env(box: Sandbox) -> dict[str, str]:
    return {**os.environ, **box.environ("admin")}


def test_a_release_that_no_job_may_publish_names_the_token(
    shop: Path, box: Sandbox
) -> None:
    """G20: the commit's workflows differ from main's (cli/cli#9514)."""
    secret = connected(shop, box)
    said = {"message": "Resource not accessible by integration"}
    box.switches.fail(r"/releases/\d+$", method="PATCH", status=403, body=said, times=9)

    done = inv(shop, box, "release", more=secret)

    assert done.returncode == 4, done.stderr
    assert "MONOKEEL_RELEASE_TOKEN" in done.stderr


def test_runs_of_one_commit_at_once_all_end_well(shop: Path, box: Sandbox) -> None:
    """S36: who finds the work done by another run says so."""
    secret = connected(shop, box)
    variables = {**env(box), **secret}
    runs = []
    for number in range(RUNNERS):
        folder = shop.parent / str(number) / "shop"
        shutil.copytree(shop, folder, symlinks=True)
        args = ("./inv", "release")
        pipe = subprocess.PIPE
        runs.append(
            subprocess.Popen(
                args, cwd=folder, env=variables, stdout=pipe, stderr=pipe, text=True
            )
        )

    said = [run.communicate()[1] for run in runs]

    failed = [text[-900:] for run, text in zip(runs, said, strict=True) if run.poll()]
    assert failed == []
    assert [release.tag for release in box.state.releases] == ["v1.0.0"]
    refs = box.state.git.git("for-each-ref", "--format=%(refname)")
    assert "monokeel-claim" not in refs


@pytest.mark.parametrize("token", ["", "ghp_other"])
def test_a_private_template_has_a_token_of_its_own(
    shop: Path, box: Sandbox, token: str
) -> None:
    """G19: the tokens of a job end at their own repository."""
    save(shop, "feat: start")
    source = {"TEMPLATE_SOURCE": f"{box.url}/acme/hidden.git"}

    done = inv(
        shop, box, "template.check", more={**source, "MONOKEEL_TEMPLATE_TOKEN": token}
    )

    assert done.returncode == 4, done.stdout
    assert "MONOKEEL_TEMPLATE_KEY" in done.stderr
    assert "ghp_other" not in done.stdout + done.stderr
