"""The release tasks as people and workflows run them: codes, stdout, stderr."""

import json
import re
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.registry_proxy import Registry, registry_or_skip
from tests.e2e.shop import SERVICES, Shop, git, shop_on

CLAIM = 10
FIRST_NAME = 13
PUBLICATION = 17


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_or_skip(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def shop(registry: Registry, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(registry, tmp_path / "place") as place:
        place.commit("feat: a shop")
        yield place


def only_object(stdout: str) -> dict[str, object]:
    """Return the one JSON object that *stdout* must consist of."""
    [line] = stdout.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_a_dry_run_tells_the_version_and_changes_nothing(shop: Shop) -> None:
    before = files(shop.clone / ".git")

    code, stdout, stderr = shop.run("release", "--dry-run", "--json")

    plan = only_object(stdout)
    assert (code, plan["schema"], plan["version"]) == (0, 1, "1.0.0"), stderr
    assert shop.effects == []
    assert files(shop.clone / ".git") == before


def test_a_dry_run_without_a_token_plans_and_knows_what_it_does_not_know(
    shop: Shop,
) -> None:
    code, stdout, stderr = shop.run("release", "--dry-run", "--json", token="none")

    plan = only_object(stdout)
    assert (code, plan["version"]) == (0, "1.0.0"), stderr
    checks = plan["checks"]
    assert isinstance(checks, list)
    unknown = {each["name"] for each in checks if each["status"] == "unknown"}
    assert unknown == {
        *("remote", "tags", "claims", "tag", "release", "images", "registry")
    }


def test_a_release_without_a_token_says_so_and_builds_nothing(shop: Shop) -> None:
    code, stdout, stderr = shop.run("release", token="none")

    assert (code, stdout, shop.effects) == (1, "", []), stderr
    assert "GITHUB_TOKEN is not set" in stderr


def test_a_release_prints_one_object_and_tells_the_rest_on_stderr(shop: Shop) -> None:
    code, stdout, stderr = shop.run("release", "--json")

    done = only_object(stdout)
    assert code == 0, stderr
    assert (done["version"], done["tag"], done["released"]) == ("1.0.0", "v1.0.0", True)
    assert done["commit"] == git(shop.clone, "rev-parse", "HEAD")
    services = done["services"]
    assert isinstance(services, list)
    assert {each["name"]: each["digest"] for each in services} == shop.image_tags(
        "1.0.0"
    )
    assert "v1.0.0: tag: done" in stderr
    for number, (name, digest) in enumerate(shop.image_tags("1.0.0").items(), 1):
        place = rf"\[{number}/{len(SERVICES)}\] {name}: "
        assert re.search(rf"^{place}building$", stderr, re.MULTILINE)
        assert re.search(rf"^{place}{digest} in \d+ s: done$", stderr, re.MULTILINE)


def test_in_actions_a_release_fills_the_summary_and_the_outputs(
    shop: Shop, tmp_path: Path
) -> None:
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    actions = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(outputs),
    }

    code, _, stderr = shop.run("release", more=actions)

    assert code == 0, stderr
    assert "v1.0.0 is published" in summary.read_text()
    assert "Next version: 1.0.0" in summary.read_text()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--online",), id="online without dry run"),
        pytest.param(("--dry-run", "--online", "--offline"), id="both"),
        pytest.param(("--abandon", "latest"), id="no version"),
    ],
)
def test_wrong_options_are_one_line_and_change_nothing(
    shop: Shop, options: tuple[str, ...]
) -> None:
    code, stdout, stderr = shop.run("release", *options)

    assert (code, stdout, shop.effects) == (1, "", [])
    assert [line.partition(":")[0] for line in stderr.splitlines()] == ["error", "fix"]


def test_a_taken_version_is_refused_with_every_reason(shop: Shop) -> None:
    other = git(shop.clone, "commit-tree", "HEAD^{tree}", "-m", "chore: elsewhere")
    git(
        shop.clone,
        "push",
        "-q",
        str(shop.box.bare),
        f"{other}:refs/tags/monokeel-claim/v1.0.0",
    )

    code, stdout, stderr = shop.run("release")

    assert (code, stdout, shop.effects) == (3, "", []), stderr
    assert other[:7] in stderr
    assert "--abandon 1.0.0" in stderr


def test_nobody_is_asked_to_take_back_what_is_not_there(shop: Shop) -> None:
    code, stdout, stderr = shop.run("release", "--abandon", "1.0.0", "--json")

    assert (code, stderr) == (0, "")
    assert json.loads(stdout)["deleted"] == []


def test_a_half_finished_release_is_taken_back(shop: Shop) -> None:
    shop.kill_after = CLAIM
    assert shop.run("release")[0] == -signal.SIGKILL

    asked = shop.run("release", "--abandon", "v1.0.0")
    assert asked[0] == 3
    assert "say yes: delete refs/tags/monokeel-claim/v1.0.0" in asked[2]

    code, stdout, stderr = shop.run("release", "--abandon", "v1.0.0", "--yes", "--json")

    assert code == 0, stderr
    assert only_object(stdout)["deleted"] == ["refs/tags/monokeel-claim/v1.0.0"]
    assert shop.refs() == {}


def test_a_half_finished_release_is_finished_by_the_run_of_the_next_commit(
    shop: Shop,
) -> None:
    first = git(shop.clone, "rev-parse", "HEAD")
    shop.kill_after = FIRST_NAME
    assert shop.run("release")[0] == -signal.SIGKILL
    second = shop.commit("feat: a basket")
    built = len(shop.effects)

    code, stdout, stderr = shop.run("release")

    assert code == 0, stderr
    assert shop.refs() == {"refs/tags/v1.0.0": first, "refs/tags/v1.1.0": second}
    shop.check()
    assert "v1.1.0 is published" in stdout
    assert "v1.0.0 is published" in stderr
    # What was begun is finished without a build: its record is in the claim.
    again = [each for each in shop.effects[built:] if f"/manifests/sha-{first}" in each]
    assert again == []
    earlier = shop.fresh_clone("earlier", first)
    done = list(shop.effects)
    assert (shop.run("release", where=earlier)[0], shop.effects) == (0, done)


def test_a_commit_that_main_has_left_behind_is_released_all_the_same(
    shop: Shop,
) -> None:
    first = git(shop.clone, "rev-parse", "HEAD")
    behind = shop.fresh_clone("behind")
    second = shop.commit("fix: landed meanwhile")

    assert shop.run("release", where=behind)[0] == 0
    assert shop.run("release")[0] == 0

    assert shop.refs() == {"refs/tags/v1.0.0": first, "refs/tags/v1.0.1": second}


def test_a_commit_that_a_release_contains_has_nothing_to_release(shop: Shop) -> None:
    behind = shop.fresh_clone("behind")
    shop.commit("fix: landed meanwhile")
    assert shop.run("release")[0] == 0
    done = list(shop.effects)

    code, stdout, stderr = shop.run("release", where=behind)

    assert (code, shop.effects) == (0, done), stderr
    assert "v1.0.0 contains this commit" in stdout


def test_after_a_release_the_same_clone_has_nothing_to_release(shop: Shop) -> None:
    elsewhere = shop.fresh_clone("elsewhere")
    assert shop.run("release")[0] == 0

    for place in (shop.clone, elsewhere):  # the tag is here; it is not fetched there
        code, stdout, stderr = shop.run("release", "--dry-run", where=place)
        assert (code, stderr) == (0, "")
        assert stdout.startswith("No release: no commit since v1.0.0")
    assert git(shop.clone, "tag") == "v1.0.0"
    assert git(elsewhere, "tag") == ""


def test_the_claim_of_a_published_release_stops_nobody_and_is_cleaned_up(
    shop: Shop,
) -> None:
    first = git(shop.clone, "rev-parse", "HEAD")
    shop.kill_after = PUBLICATION
    assert shop.run("release")[0] == -signal.SIGKILL
    assert shop.refs()["refs/tags/monokeel-claim/v1.0.0"] == first
    second = shop.commit("feat: a basket")

    code, _, stderr = shop.run("release")

    assert code == 0, stderr
    assert shop.refs() == {"refs/tags/v1.0.0": first, "refs/tags/v1.1.0": second}


def test_a_version_that_images_carry_is_skipped_and_the_next_one_released(
    shop: Shop,
) -> None:
    shop.kill_after = FIRST_NAME
    assert shop.run("release")[0] == -signal.SIGKILL
    assert shop.run("release", "--abandon", "1.0.0", "--yes")[0] == 3
    config = shop.clone / "infra/platform.toml"
    config.write_text(
        config.read_text().replace("[release]", '[release]\nskip = ["1.0.0"]')
    )

    code, _, stderr = shop.run("release", "--abandon", "1.0.0", "--yes")

    assert code == 0, stderr
    commit = shop.commit("fix: give 1.0.0 up")
    assert shop.run("release")[0] == 0
    shop.assert_complete(commit, "1.0.1")


def test_the_guard_says_free_before_and_taken_after(shop: Shop) -> None:
    free, stdout, stderr = shop.run("guard", "--version", "1.0.0", "--json")
    assert (free, only_object(stdout)["verdict"]) == (0, "free"), stderr
    assert shop.run("release")[0] == 0

    taken, stdout, stderr = shop.run("guard", "--version", "1.0.0", "--json")

    assert (taken, only_object(stdout)["verdict"]) == (3, "taken"), stderr


def test_a_release_takes_the_digests_that_other_jobs_hand_over(
    shop: Shop, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    for service in SERVICES:
        code, stdout, stderr = shop.run("build", "--service", service, "--json")
        assert code == 0, stderr
        (built / service).mkdir(parents=True)
        (built / service / "built.json").write_text(stdout)
    before = len(shop.effects)

    code, stdout, stderr = shop.run("release", "--json", "--built", str(built))

    assert code == 0, stderr
    written = only_object(stdout)["written"]
    assert isinstance(written, list)
    assert written[0] == "claim"
    assert [each for each in shop.effects[before:] if "/sha-" in each] == []


def test_a_build_after_the_release_is_put_back_by_the_next_run(
    shop: Shop, tmp_path: Path
) -> None:
    """Its job ended late, or somebody has run it again: no image is built for it."""
    commit = git(shop.clone, "rev-parse", "HEAD")
    earlier = shop.start("build", "--service", "api", "--json", build=7)
    other = only_object(earlier.communicate()[0])["digest"]
    assert shop.run("release")[0] == 0
    plant(f"{shop.proxy.url}/v2/acme/{shop.name}/api/manifests", other, commit)
    before, outputs = len(shop.effects), tmp_path / "outputs"
    (tmp_path / "built").mkdir()
    planned, stdout, _ = shop.run(
        "release", "--dry-run", more={"GITHUB_OUTPUT": str(outputs)}
    )

    code, _, stderr = shop.run("release", "--built", str(tmp_path / "built"))

    assert (planned, code) == (0, 0), stderr
    assert stdout.startswith("v1.0.0 is out; put back to its digest: acme/")
    said = re.findall(r"(needed|build)<<\S+\n(.*)\n", outputs.read_text())
    assert said == [("needed", "true"), ("build", "[]")]
    shop.assert_complete(commit)
    assert [kind.rpartition("/")[2] for kind in shop.effects[before:]] == [
        f"sha-{commit}"
    ]


def test_a_build_of_a_released_commit_pushes_nothing(shop: Shop) -> None:
    commit = git(shop.clone, "rev-parse", "HEAD")
    assert shop.run("release")[0] == 0
    before = len(shop.effects)

    code, stdout, stderr = shop.run("build", "--service", "api", "--json")

    built = only_object(stdout)
    assert (code, built["built"]) == (0, False), stderr
    assert built["digest"] == shop.image_tags("1.0.0")["api"]
    assert shop.effects[before:] == []
    shop.assert_complete(commit)


def test_what_a_member_has_pushed_as_the_build_is_not_released(shop: Shop) -> None:
    commit = git(shop.clone, "rev-parse", "HEAD")
    code, stdout, _ = shop.run("build", "--service", "api", "--json")
    planted = only_object(stdout)["digest"]
    assert code == 0
    (shop.clone / "services/api/main.txt").write_text("better")
    commit = shop.commit("feat: better")
    plant(f"{shop.proxy.url}/v2/acme/{shop.name}/api/manifests", planted, commit)

    code, _, stderr = shop.run("release")

    assert code == 0, stderr
    assert shop.image_tags("1.0.0")["api"] != planted
    shop.assert_complete(commit)


def plant(manifests: str, digest: object, commit: str) -> None:
    """Put the manifest of *digest* at ``sha-<commit>``, as who may push can."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    host = urlsplit(manifests).netloc
    place = urlsplit(manifests).path
    connection = HTTPConnection(host)
    connection.request("GET", f"{place}/{digest}", headers={"Accept": kind})
    body = connection.getresponse().read()
    connection.request(
        "PUT", f"{place}/sha-{commit}", body, headers={"Content-Type": kind}
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 201


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in every file below *folder*."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_preview_of_taking_back_changes_nothing(shop: Shop) -> None:
    code, stdout, stderr = shop.run("release", "--abandon", "1.0.0", "--dry-run")

    assert (code, stderr, shop.effects) == (0, "", [])
    assert stdout == "there is nothing of 1.0.0 to take back\n"


def test_the_preview_of_a_build_pushes_nothing(shop: Shop) -> None:
    code, stdout, stderr = shop.run("build", "--service", "api", "--dry-run")

    assert (code, stderr, shop.effects) == (0, "", [])
    assert stdout.startswith("api would be built from services/api and pushed as ")


def test_the_preview_of_a_build_is_refused_as_the_build_is(shop: Shop) -> None:
    wrong = {"MONOKEEL_BUILD": "./nothing {context} {image}"}

    previewed = shop.run("build", "--service", "api", "--dry-run", more=wrong)

    assert previewed[0] == 4
    assert previewed == shop.run("build", "--service", "api", more=wrong)
