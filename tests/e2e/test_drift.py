"""Everything that drift looks at, spoilt on the sandbox and named by the task."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from tests.e2e.kept import Kept
from tests.e2e.ruled_shop import ADMIN, RULESETS, Ruled, report_of, ruled_shop

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
SECTIONS = ("rulesets", "settings", "pointers", "releases")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ruled, Kept]]:
    """A shop with 1.1.0 in dev and 1.0.0 in staging, under its rules."""
    base = tmp_path_factory.mktemp("drift") / "base"
    with ruled_shop(base / "shop") as shop:
        for version in ("1.0.0", "1.1.0"):
            shop.release(version)
            assert shop.inv("promote", "--env", "dev", "--version", version).code == 0
        moved = shop.inv("promote", "--env", "staging", "--version", "1.0.0")
        assert moved.code == 0
        shop.connect()
        shop.keeps_the_contract()
        yield shop, Kept(shop.box, base)


@pytest.fixture
def shop(made: tuple[Ruled, Kept]) -> Iterator[Ruled]:
    shop, kept = made
    kept.restore()
    yield shop
    shop.keeps_the_contract()


def texts(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def test_every_section_is_checked_and_named(shop: Ruled) -> None:
    clean = shop.inv("drift", "--json")
    assert (clean.code, report_of(clean)["sections"]) == (
        0,
        dict.fromkeys(SECTIONS, "in_sync"),
    )

    shop.tamper("main", enforcement="disabled")
    shop.github.request("PATCH", "", json={"delete_branch_on_merge": True})
    key: Json = {"title": "someone", "key": KEY, "read_only": False}
    shop.github.request("POST", "/keys", json=key, expect=(201,))
    tags = shop.box.images.repositories["acme/shop/api"].tags
    tags["1.1.0"] = tags["1.0.0"]
    old = shop.at("staging")
    shop.box.state.git.move("refs/heads/env/staging", shop.at("dev"), old)

    found = shop.inv("drift", "--json")

    report = report_of(found)
    assert (found.code, report["sections"]) == (2, dict.fromkeys(SECTIONS, "drift"))
    assert "delete_branch_on_merge is true, not false" in texts(report["settings"])
    assert "beside ours: someone (id " in texts(report["settings"])
    assert "env/staging moved to 1.1.0 without a record; " in texts(report["pointers"])
    assert "acme/shop/api:1.1.0 is sha256:" in texts(report["releases"])


def test_the_one_issue_follows_the_drift(shop: Ruled) -> None:
    shop.tamper("main", enforcement="disabled")

    opened = shop.inv("drift", "--only", "rulesets", "--issue")
    again = shop.inv("drift", "--only", "rulesets", "--issue")
    shop.inv("policy.apply")
    closed = shop.inv("drift", "--only", "rulesets", "--issue")

    assert "issue #1 is open" in opened.out
    assert "issue #1 is open" in again.out
    assert "issue #1 is closed" in closed.out
    issue = shop.github.request("GET", "/issues/1").json()
    assert isinstance(issue, dict)
    assert "run ./scripts/apply-rulesets.sh" in str(issue["body"])


def test_in_actions_the_report_is_summary_and_annotations(
    shop: Ruled, tmp_path: Path
) -> None:
    shop.tamper("main", enforcement="disabled")
    summary = tmp_path / "summary.md"

    found = shop.inv(
        "drift",
        "--only=rulesets",
        "--json",
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(summary),
    )

    assert report_of(found)["verdict"] == "drift"
    assert summary.read_text().startswith(
        "### acme/shop: GitHub is not as the files say"
    )
    assert "::error" in found.err
    assert "ruleset main is not as the file says: enforcement" in found.err


def test_an_environment_that_every_branch_may_use_is_named_and_mended(
    shop: Ruled,
) -> None:
    """P1: who may name it in a workflow reads the key that may write."""
    body: Json = {"deployment_branch_policy": None}
    shop.github.request("PUT", "/environments/release", json=body)

    found = shop.inv("drift", "--only", "settings")
    shop.inv("init", "--key-file", str(shop.folder.parent / "key"), "--no-rules")

    assert found.code == 2
    line = "Environment release: takes every branch"
    assert line in found.out
    assert "./inv init" in found.out
    assert shop.inv("drift", "--only", "settings").code == 0


def test_a_weak_run_leaves_the_alert_of_a_strong_one(shop: Ruled) -> None:
    """P10 and P12: the verdict is for what was seen, and so is the issue."""
    shop.tamper("main", bypass_actors=[ADMIN])
    shop.inv("drift", "--issue", GITHUB_TOKEN=shop.box.tokens["app"])

    weak = shop.inv(
        "drift",
        "--issue",
        "--allow-unverified=bypass_actors",
        GITHUB_TOKEN=shop.box.tokens["actions"],
    )

    assert weak.code == 0
    assert weak.out.startswith("acme/shop: in sync as far as seen: ")
    assert "bypass_actors of main" in weak.out
    assert [each.state for each in shop.box.state.issues] == ["open"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (410, "Issues are disabled for this repo"),
        (403, "Resource not accessible by integration"),
    ],
)
@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
def test_what_an_issue_cannot_hold_is_said_and_the_report_stays(
    shop: Ruled, tmp_path: Path, status: int, words: str, as_json: tuple[str, ...]
) -> None:
    """P13 and P14."""
    shop.tamper("main", enforcement="disabled")
    shop.box.switches.fail("/issues", status=status, body={"message": words}, times=9)
    summary = tmp_path / "summary.md"

    found = shop.inv(
        "drift",
        "--only=rulesets",
        "--issue",
        *as_json,
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(summary),
    )

    assert found.code == 2
    assert "ruleset main is not as the file says" in found.err
    assert "GitHub has disabled, the file active" in summary.read_text()
    assert "main" in found.out
    assert f"no issue could be written: GitHub answered {status}" in (
        found.out + found.err
    )
    assert words in found.out + found.err


def test_a_merged_change_that_nobody_applied_is_told_from_tampering(
    shop: Ruled,
) -> None:
    """P45."""
    path = shop.folder / RULESETS
    text = path.read_text(encoding="utf-8")
    loose = text.replace('_review_count": 1', '_review_count": 2')
    path.write_text(loose, encoding="utf-8")
    shop.git("commit", "--quiet", "--all", "--message=chore: two reviews")
    commit = shop.git("rev-parse", "HEAD")

    found = shop.inv("drift", "--only", "rulesets")

    assert found.code == 2
    assert f"{commit[:12]} of infra/rulesets.json ('chore: two reviews')" in found.out
    assert "by ada" not in found.out


def gh(shop: Ruled, method: str, path: str, body: Json, *expect: int) -> None:
    shop.github.request(method, path, json=body, expect=expect or (200,))


INIT = ("init", "--no-rules")
RIGHTS = "/actions/permissions/workflow"
# What somebody does behind our back, what drift calls it, and how it is ended: by init,
# or by the call that drift names.
ROWS: dict[str, tuple[Callable[[Ruled], object], Callable[[Ruled], object] | None]] = {
    "Environment release: takes every branch": (
        lambda s: gh(
            s, "PUT", "/environments/release", {"deployment_branch_policy": None}
        ),
        None,
    ),
    "Environment policy: is not there": (
        lambda s: gh(s, "DELETE", "/environments/policy", None, 204),
        None,
    ),
    "approval in prod: asks nobody": (
        lambda s: gh(
            s,
            "PUT",
            "/environments/prod",
            {
                "reviewers": [],
                "deployment_branch_policy": {
                    "protected_branches": False,
                    "custom_branch_policies": True,
                },
            },
        ),
        None,
    ),
    "squash_merge_commit_title is COMMIT_OR_PR_TITLE": (
        lambda s: gh(
            s,
            "PATCH",
            "",
            {
                "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
                "squash_merge_commit_message": "COMMIT_MESSAGES",
            },
        ),
        None,
    ),
    "immutable releases: off": (
        lambda s: gh(s, "DELETE", "/immutable-releases", None, 204),
        None,
    ),
    "a secret of the repository, too": (
        lambda s: s.box.state.secrets.update(MONOKEEL_DEPLOY_KEY=s.box.state.now()),
        lambda s: s.box.state.secrets.clear(),
    ),
    "workflows may approve pull requests": (
        lambda s: gh(s, "PUT", RIGHTS, {"can_approve_pull_request_reviews": True}, 204),
        None,
    ),
}


def test_each_row_is_found_named_and_ended(shop: Ruled) -> None:
    """Change it, drift names it; the remedy, and drift is in sync."""
    key = ("--key-file", str(shop.folder.parent / "key"))
    assert shop.inv("drift", "--only", "settings").code == 0

    for said, (spoil, mend) in ROWS.items():
        spoil(shop)
        found = shop.inv("drift", "--only", "settings")
        assert (said, found.code) == (said, 2)
        assert said in found.out, found.out
        if mend is None:
            assert "./inv init" in found.out
            shop.inv(*INIT, *key)
        else:
            mend(shop)
        ended = shop.inv("drift", "--only", "settings")
        assert (said, ended.code) == (said, 0), ended.out
