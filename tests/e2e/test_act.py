"""The rendered workflows run, and do to the sandbox what they promise to GitHub."""

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import act_runs, base_image
from tests.e2e.act_builds import Builds, make_builds
from tests.e2e.act_runs import Run, Trigger
from tests.e2e.act_shop import ActShop, Template, act_shop
from tests.e2e.shop import digests, recorded
from tests.e2e.test_containers import free_port, running

NOT_HERE = act_runs.NOT_HERE + base_image.NOT_HERE
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or NOT_HERE != [],
    reason=f"needs root and {', '.join(NOT_HERE) or 'nothing else'}",
)
IMAGES = ("acme/shop/api", "acme/shop/web", "acme/shop/worker")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("act")


@pytest.fixture(scope="module")
def builds(base: Path) -> Builds:
    return make_builds(base / "builds", runnable=True)


@pytest.fixture(scope="module")
def shop(base: Path, guide_template: Template) -> Iterator[ActShop]:
    """A repository without a release; no test changes what another one needs."""
    with act_shop(base / "new", guide_template) as made:
        yield made


@pytest.fixture(scope="module")
def live(base: Path, guide_template: Template) -> Iterator[ActShop]:
    """A repository that release.yml released once, as 1.0.0."""
    with act_shop(base / "live", guide_template) as made:
        yield made


@pytest.fixture(scope="module")
def release(live: ActShop, builds: Builds) -> Run:
    """The run of release.yml that released 1.0.0, with images built by buildah."""
    buildah = {"MONOKEEL_BUILD": "buildah", **builds.environment}
    return live.run("release.yml", Trigger(event="push", environment=buildah))


def test_a_dry_run_publishes_nothing(shop: ActShop) -> None:
    trigger = Trigger(event="workflow_dispatch", inputs={"dry-run": "true"})

    run = shop.run("release.yml", trigger)

    assert (run.code, run.results) == (0, {"plan": "success"})
    assert shop.box.images.repositories == {}
    assert shop.box.state.releases == []
    assert shop.refs("refs/tags") == shop.refs("refs/tags/monokeel-claim") == []


def test_a_push_to_main_publishes_images_tag_and_release(
    live: ActShop, release: Run
) -> None:
    commit = live.ref("refs/heads/main")

    assert release.results == dict.fromkeys(
        ("plan", "writer", "build", "publish", "auto"), "success"
    )
    assert live.ref("refs/tags/v1.0.0") == commit
    assert live.refs("refs/tags/monokeel-claim") == []
    named = live.digests("1.0.0")
    assert tuple(sorted(named)) == IMAGES
    assert live.digests(f"sha-{commit}") == named
    [published] = live.releases("v1.0.0")
    assert not published.draft
    record = recorded(published)
    assert record is not None
    assert record["commit"] == commit
    assert {f"acme/shop/{k}": v for k, v in digests(record).items()} == named
    assert release.attested == {f"ghcr.io/{k}": v for k, v in named.items()}


def test_a_released_image_runs(live: ActShop, release: Run, builds: Builds) -> None:
    """As it is pulled by its version: it was built from the rendered Dockerfile."""
    assert release.code == 0
    image = f"{live.box.registry_url.removeprefix('http://')}/acme/shop/api:1.0.0"
    login = ("--tls-verify=false", "--creds", f"ann:{live.box.tokens['actions']}")
    builds.builder.run("pull", *login, image)
    builds.builder.run("tag", image, "localhost/api:1")
    port = free_port()

    with (
        running(builds.builder, "api", HOST="127.0.0.1", PORT=str(port)),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer,
    ):
        assert json.load(answer) == {"service": "api"}


def test_an_environment_moves_to_a_release(live: ActShop, release: Run) -> None:
    assert release.code == 0
    inputs = {"environment": "dev", "version": "1.0.0"}

    run = live.run("deploy.yml", Trigger(event="workflow_dispatch", inputs=inputs))

    assert run.results == {"plan": "success", "move": "success"}
    assert live.ref("refs/heads/env/dev") == live.ref("refs/tags/v1.0.0")
    [record] = live.box.state.deployments
    assert record.body["environment"] == "dev"
    assert record.statuses[-1].state == "success"


def test_an_unknown_version_moves_nothing(live: ActShop, release: Run) -> None:
    assert release.code == 0
    inputs = {"environment": "staging", "version": "1.0.9"}

    run = live.run("deploy.yml", Trigger(event="workflow_dispatch", inputs=inputs))

    assert run.results["plan"] == "failure"
    assert "move" not in run.results
    assert run.exit_codes == {"Evaluate every gate": 3}
    assert live.refs("refs/heads/env/staging") == []


def test_a_failed_publication_is_finished_by_running_again(
    live: ActShop, release: Run
) -> None:
    assert release.code == 0
    commit = live.land("feat(web): show the cart", {"services/web/CART.md": "cart\n"})
    live.box.switches.fail(r"/releases/\d+", method="PATCH", status=500, times=99)
    by_hand = Trigger(event="workflow_dispatch", inputs={"dry-run": "false"})

    failed = live.run("release.yml", Trigger(event="push"))
    live.box.switches.faults.clear()
    again = live.run("release.yml", by_hand)

    assert failed.exit_codes == {"Publish": 4}
    # The claim has the digests: nothing is built again.
    jobs = ("plan", "writer", "publish", "auto")
    assert again.results == dict.fromkeys(jobs, "success")
    assert live.ref("refs/tags/v1.1.0") == commit
    [published] = live.releases("v1.1.0")
    assert not published.draft
    assert live.refs("refs/tags/monokeel-claim") == []


def test_a_commit_is_released_once(live: ActShop, release: Run) -> None:
    assert release.code == 0

    run = live.run("release.yml", Trigger(event="push"))

    assert (run.code, run.results) == (0, {"plan": "success"})
