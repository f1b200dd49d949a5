"""Everything that drift looks at, spoilt on the sandbox and named by the task."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from tests.e2e.ruled_shop import Ruled, report_of, ruled_shop

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
SECTIONS = ("rulesets", "settings", "pointers", "releases")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ruled]:
    """A shop with 1.1.0 in dev and 1.0.0 in staging, under its rules."""
    with ruled_shop(tmp_path / "shop") as shop:
        for version in ("1.0.0", "1.1.0"):
            shop.release(version)
            assert shop.inv("promote", "--env", "dev", "--version", version).code == 0
        moved = shop.inv("promote", "--env", "staging", "--version", "1.0.0")
        assert moved.code == 0
        assert shop.inv("policy.apply").code == 0
        yield shop


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
    assert "delete_branch_on_merge is on" in texts(report["settings"])
    assert "beside ours: someone" in texts(report["settings"])
    assert "env/staging moved to 1.1.0 without a record" in texts(report["pointers"])
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
    assert "./scripts/apply-rulesets.sh" in str(issue["body"])


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
