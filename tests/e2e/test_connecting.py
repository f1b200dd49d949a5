"""Connecting a rendered repository: what GitHub refuses, and what is left to do."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.repository import Repository
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from sandbox.server import Sandbox
from tests.e2e.act_shop import PACKER
from tests.e2e.commands import answer, inv
from tests.e2e.kept import Kept
from tests.e2e.test_setup import box, shop
from tests.rendered.renders import git
from tests.rendered.versions import put, save

__all__ = ["box", "shop"]
CONNECT = ("init", "--register-key", "--yes")
Connected = tuple[Path, Sandbox]


@pytest.fixture(scope="module")
def made(
    rendered: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Sandbox, Kept]]:
    """A repository that init has connected."""
    base = tmp_path_factory.mktemp("connected") / "base"
    shop = Path(shutil.copytree(rendered, base / "shop", symlinks=True))
    with Sandbox() as box:
        box.allow_deploy_keys()
        done = inv(shop, box, *CONNECT)
        assert (done.returncode, box.violations()) == (0, []), done.stderr
        yield shop, box, Kept(box, base)


@pytest.fixture
def connected(made: tuple[Path, Sandbox, Kept]) -> Iterator[Connected]:
    shop, box, kept = made
    kept.restore()
    yield shop, box
    assert box.violations() == []


def test_init_connects_once_and_never_shows_the_private_key(
    shop: Path, box: Sandbox
) -> None:
    first = inv(shop, box, *CONNECT, "--json")
    second = inv(shop, box, "init", "--json")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert answer(first)["verdict"] == answer(second)["verdict"] == "connected"
    assert answer(second)["changed"] == 0
    key = shop.parent / "home/.config/monokeel/acme-shop"
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_text(encoding="utf-8").splitlines()[1]
    assert all(secret not in run.stdout + run.stderr for run in (first, second))


def test_a_dry_run_of_init_shows_every_step_and_changes_nothing(
    shop: Path, box: Sandbox
) -> None:
    before = box.writes

    done = inv(shop, box, "init", "--dry-run")

    assert done.returncode == 0
    assert box.writes == before
    assert not (shop.parent / "home/.config").exists()
    assert "rules" in done.stdout

    box.switches.fail("/immutable-releases", times=99, status=500)
    assert inv(shop, box, "init", "--dry-run").returncode == 4  # not all was seen


def test_by_hand_the_public_key_and_its_page_are_shown(
    shop: Path, box: Sandbox
) -> None:
    first = inv(shop, box, "init")
    public = re.search(r'key "(ssh-ed25519 \S+)"', first.stdout)

    assert first.returncode == 2
    assert "https://github.com/acme/shop/settings/keys/new" in first.stdout
    assert public is not None
    assert (len(box.state.keys), len(box.state.rulesets)) == (0, 0)

    register(box, public[1])
    second = inv(shop, box, "init", "--yes")

    assert second.returncode == 0, second.stdout + second.stderr
    assert len(box.state.rulesets) > 3


def register(box: Sandbox, public: str) -> None:
    """Register a deploy key as a person does on its page."""
    github = GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    body: dict[str, Json] = {"title": "monokeel", "key": public, "read_only": False}
    Repository(github).write("POST /keys", body)


def test_a_remote_with_a_foreign_commit_is_left_alone(shop: Path, box: Sandbox) -> None:
    """G10: a repository made with "Add a README"."""
    readme = "refs/heads/main"
    tree = box.state.git.git("mktree").strip()
    commit = box.state.git.git("commit-tree", tree, "-m", "Initial commit").strip()
    box.state.git.git("update-ref", readme, commit)
    before = box.writes

    done = inv(shop, box, "init", "--register-key", "--yes")

    assert done.returncode == 2, done.stdout + done.stderr
    assert "git pull --rebase --allow-unrelated-histories origin main" in done.stdout
    assert box.writes == before
    assert box.state.keys == []


def test_a_clone_that_is_ahead_is_pushed_before_the_rules_come(
    shop: Path, box: Sandbox
) -> None:
    """G11."""
    inv(shop, box, *CONNECT, "--no-rules")
    put(shop, {"NEWS.md": b"News\n"})
    save(shop, "docs: news")

    done = inv(shop, box, "init")

    assert done.returncode == 0, done.stdout + done.stderr
    head = git(shop, "rev-parse", "HEAD").strip()
    assert git(box.bare, "rev-parse", "refs/heads/main").strip() == head


def test_rules_that_would_keep_the_first_commit_out_wait_for_it(
    shop: Path, box: Sandbox
) -> None:
    planned, early = inv(shop, box, "policy.plan"), inv(shop, box, "policy.apply")

    assert (planned.returncode, early.returncode, box.writes) == (2, 3, 0)
    assert "GitHub has no branch main yet" in planned.stdout
    assert "./inv init pushes it, then applies them" in early.stderr

    assert inv(shop, box, "policy.apply", "--from-working-tree").returncode == 0
    shut = inv(shop, box, *CONNECT)
    assert shut.returncode == 3
    assert "disable them for a moment (Settings, Rules)" in shut.stdout
    for each in box.state.rulesets:
        each.body["enforcement"] = "disabled"
    assert inv(shop, box, *CONNECT).returncode == 0
    assert {each.body["enforcement"] for each in box.state.rulesets} == {"active"}


def test_a_preview_of_a_repository_to_be_made_says_what_the_run_would(
    shop: Path, box: Sandbox
) -> None:
    box.switches.fail("/repos/acme/shop$", times=9, status=404)

    odd = inv(shop, box, "init", "--create=internal", "--dry-run")
    missing = inv(shop, box, "init", "--create=public", "--dry-run")

    assert (odd.returncode, missing.returncode) == (1, 4)
    assert "--create 'internal' is no visibility" in odd.stderr
    assert "the run makes it first, public" in missing.stderr


def test_a_policy_file_that_is_broken_makes_no_repository(
    shop: Path, box: Sandbox
) -> None:
    put(shop, {"infra/rulesets.json": b"["})

    done = inv(shop, box, "init", "--create=private")

    assert (done.returncode, box.writes, box.violations()) == (1, 0, [])
    assert "infra/rulesets.json" in done.stderr


@pytest.mark.parametrize(
    ("refused", "status", "row"),
    [
        ("POST /keys$", 403, "writer"),
        ("POST /keys$", 404, "writer"),
        ("PUT /environments/dev$", 422, "Environment dev"),
        ("PUT /environments/dev$", 403, "Environment dev"),
        ("POST /environments/dev/deployment-branch", 404, "Environment dev"),
        ("PUT /immutable-releases$", 409, "immutable releases"),
        ("PATCH /repos/acme/shop$", 403, "settings"),
    ],
)
def test_any_single_refusal_leaves_the_rest_done(
    shop: Path, box: Sandbox, refused: str, status: int, row: str
) -> None:
    """G9, and of G7 and G8 what does not depend on GitHub's words."""
    method, path = refused.split()
    box.switches.fail(path, method=method, status=status, times=99)

    done = inv(shop, box, *CONNECT, "--json")

    assert done.returncode == 3, done.stdout + done.stderr
    steps = answer(done)["steps"]
    assert isinstance(steps, list)
    states = {step["name"]: step["state"] for step in steps}
    assert states.pop(row) == "refused"
    waiting = {name for name, state in states.items() if state == "waits"}
    assert bool(waiting) is (row == "writer")
    assert len([s for s in states.values() if s in ("done", "was there")]) > 8


def test_an_organization_without_deploy_keys_is_told_who_decides(
    shop: Path, box: Sandbox
) -> None:
    """G7; the body is GitHub's (vitodeploy/vito#949)."""
    error = {"resource": "PublicKey", "code": "custom"}
    text = "Deploy keys are disabled for this repository"
    body = {"message": "Validation Failed", "errors": [{**error, "message": text}]}
    box.switches.fail("/keys$", method="POST", status=422, body=body, times=9)

    done = inv(shop, box, *CONNECT)

    assert done.returncode == 3
    assert "https://github.com/organizations/acme/settings/deploy_keys" in done.stdout
    assert len(box.state.environments) == 7
    assert box.state.immutable_releases
    assert box.state.rulesets == []


def test_a_private_repository_on_free_is_told_what_its_plan_lacks(
    shop: Path, box: Sandbox
) -> None:
    """G8; the body is GitHub's (terraform-provider-github#1311)."""
    text = "please ensure billing plan include protected branch gate."
    body = {"message": f"Fail to create protected rule, {text}"}
    path = "/environments/[a-z]+$"
    box.switches.fail(path, method="PUT", status=422, body=body, times=99)
    box.state.private = True

    done = inv(shop, box, *CONNECT)

    assert done.returncode == 3
    assert "no branch policies for private repositories" in done.stdout
    assert "gh secret set MONOKEEL_DEPLOY_KEY --repo acme/shop" in done.stdout
    assert "a workflow of any branch can read it" in done.stdout
    assert len(box.state.keys) == 1

    box.state.secrets["MONOKEEL_DEPLOY_KEY"] = box.state.now()

    assert "MONOKEEL_DEPLOY_KEY of the repository" in inv(shop, box, "init").stdout


def test_a_key_that_is_gone_is_drift_with_its_remedy(connected: Connected) -> None:
    """G1: GitHub removes it with the token that registered it."""
    shop, box = connected
    before = inv(shop, box, "drift")
    box.delete_token("admin")

    after = inv(shop, box, "drift", token="fine")

    assert before.returncode == 0, before.stdout
    assert box.state.keys == []
    assert after.returncode == 2
    assert "no writable, enabled deploy key called monokeel" in after.stdout
    assert "./inv init" in after.stdout


def test_a_fresh_repository_is_in_sync_and_has_no_notes(connected: Connected) -> None:
    """The ways to merge that the rules refuse are off on GitHub, too."""
    shop, box = connected

    found = inv(shop, box, "drift", "--only", "rulesets,settings")

    assert found.returncode == 0
    assert found.stdout == "acme/shop: in sync: rulesets, settings\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"read_only": True}, "may not write"),
        ({"title": "x", "read_only": False}, "no writable, enabled deploy key"),
    ],
    ids=["read-only", "renamed"],
)
def test_a_key_that_is_not_ours_any_more_is_missing_and_drift(
    connected: Connected, change: dict[str, object], said: str
) -> None:
    """G3."""
    shop, box = connected
    for name, value in change.items():
        setattr(box.state.keys[0], name, value)
    (shop.parent / "home/.config/monokeel/acme-shop").unlink()

    doctor, drift = inv(shop, box, "doctor"), inv(shop, box, "drift")

    assert (doctor.returncode, drift.returncode) == (2, 2)
    assert said in doctor.stdout
    assert said in drift.stdout


def test_the_secret_that_is_older_than_its_key_is_named(connected: Connected) -> None:
    """G2: the key went with its token, and a new one was registered."""
    shop, box = connected
    box.state.keys.clear()
    (shop.parent / "home/.config/monokeel/acme-shop").unlink()
    for environment in box.state.environments.values():
        for name in environment.secrets:
            environment.secrets[name] = "2020-01-01T00:00:00Z"

    again = inv(shop, box, "init", "--register-key")
    seen = inv(shop, box, "doctor")

    assert again.returncode == 2, again.stdout + again.stderr
    assert again.stdout.count("set it again: gh secret set") == 4
    assert seen.returncode == 2
    assert seen.stdout.count("is older than its key") == 4


def test_doctor_is_content_after_init(connected: Connected) -> None:
    shop, box = connected

    done = inv(shop, box, "doctor", "--json")

    assert done.returncode == 0, done.stdout
    findings = answer(done)["findings"]
    assert isinstance(findings, list)
    github = [each for each in findings if each["where"] == "GitHub"]
    assert {each["what"] for each in github if each["state"] != "ok"} == set()


def test_doctor_asks_for_secrets_and_rules(shop: Path, box: Sandbox) -> None:
    """G4, D11, D12."""
    inv(shop, box, *CONNECT, "--no-rules")
    for name in ("release", "staging", "prod"):
        box.state.environments[name].secrets.clear()

    done = inv(shop, box, "doctor")

    assert done.returncode == 2
    assert done.stdout.count("gh secret set MONOKEEL_DEPLOY_KEY --env") == 3
    assert "./inv policy.apply" in done.stdout


def test_init_without_an_answer_claims_nothing(shop: Path, box: Sandbox) -> None:
    """D13."""
    box.switches.fail("/repos/acme/shop", times=99, status=404)

    done = inv(shop, box, "init")

    assert done.returncode == 4
    assert done.stdout == ""
    assert "done" not in done.stderr


def test_a_key_that_is_gone_stops_a_release_before_it_builds(
    shop: Path, box: Sandbox
) -> None:
    """G5: today the images are pushed first."""
    save(shop, "feat: start")
    inv(shop, box, *CONNECT)
    key = (shop.parent / "home/.config/monokeel/acme-shop").read_text()
    box.state.keys.clear()
    secret = {"MONOKEEL_DEPLOY_KEY": key, "MONOKEEL_BUILD": PACKER}

    done = inv(shop, box, "release", more=secret)

    assert done.returncode == 3, done.stdout + done.stderr
    assert "the deploy key may not push, so nothing was begun" in done.stderr
    assert box.images.repositories == {}


def test_each_commit_is_checked_where_more_than_the_title_lands(
    shop: Path, box: Sandbox
) -> None:
    """G21, G22: a squash of one commit takes its message, a rebase all of them."""
    base = git(shop, "rev-parse", "HEAD").strip()
    save(shop, "wip")
    check = ("check.title", "--title", "feat: add payments", "--since", base)

    squash = inv(shop, box, *check)
    rules = shop / "infra/rulesets.json"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace('["squash"]', '["squash", "rebase"]'))
    settings = shop / "infra/platform.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("rebase_merge = false", "rebase_merge = true"))
    rebase = inv(shop, box, *check)

    assert squash.returncode == 0, squash.stderr
    assert rebase.returncode == 3
    assert "the title 'wip' is no Conventional Commit" in rebase.stderr
