"""The tasks that follow the template, on the sandbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.records import Issue
from sandbox.server import Sandbox
from tests.e2e.commands import answer, inv
from tests.rendered.renders import git
from tests.rendered.versions import (
    GUIDE,
    NEW,
    make_versions,
    put,
    save,
    start_repository,
)

BRANCH = f"template/{NEW}"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, made from the older of two versions."""
    base = tmp_path_factory.mktemp("template")
    versions = make_versions(base)
    shop = start_repository(versions.old, base / "shop")
    git(shop, "remote", "add", "origin", "https://github.com/acme/shop.git")
    return shop


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def shop(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "shop", symlinks=True))


def pull(box: Sandbox, number: int) -> Issue:
    return next(each for each in box.state.issues if each.number == number)


def test_an_update_is_proposed_once_and_made_anew_on_a_new_main(
    shop: Path, box: Sandbox
) -> None:
    inv(shop, box, "init", "--no-rules")
    writes = box.writes
    preview = inv(shop, box, "template.update", "--pr", "--dry-run")
    assert (preview.returncode, box.writes) == (0, writes), preview.stderr
    assert "nothing was changed" in preview.stdout

    first = inv(shop, box, "template.update", "--pr", "--json")
    second = inv(shop, box, "template.update", "--pr", "--json")
    put(shop, {"docs/steady.md": GUIDE.encode()})
    save(shop, "docs: ours")
    third = inv(shop, box, "template.update", "--pr", "--json")

    said = [answer(each)["notes"] for each in (first, second, third)]
    assert said == [
        [f"pull request #1 is {it}"] for it in ("open", "open", "refreshed")
    ]
    pushed = git(box.bare, "rev-parse", f"refs/heads/{BRANCH}").strip()
    assert pushed == answer(third)["commit"]
    body = str(pull(box, 1).body)
    assert "docs/guide.md" in body
    assert "policy.lint: nothing wrong" in body
    assert "template.verify: " in body
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "branch", "--list", "template/*") == ""


def test_what_a_person_closed_or_touched_is_left_alone(
    shop: Path, box: Sandbox
) -> None:
    inv(shop, box, "init", "--no-rules")
    inv(shop, box, "template.update", "--pr")
    git(shop, "fetch", "-q", str(box.bare), BRANCH)
    git(shop, "checkout", "-q", "--detach", "FETCH_HEAD")
    save(shop, "docs: by hand")
    git(shop, "push", "-q", str(box.bare), f"HEAD:refs/heads/{BRANCH}")
    git(shop, "checkout", "-q", "main")

    touched = inv(shop, box, "template.update", "--pr", "--json")
    pull(box, 1).state = "closed"
    closed = inv(shop, box, "template.update", "--pr", "--json")

    assert (touched.returncode, closed.returncode) == (0, 0), closed.stderr
    assert answer(touched)["notes"] == [
        "pull request #1 holds commits of others and is left as it is"
    ]
    assert answer(closed)["verdict"] == "rejected"
    assert len(box.state.issues) == 1


def test_a_conflict_ends_with_3_and_costs_its_hunk(shop: Path, box: Sandbox) -> None:
    ours = GUIDE.replace("Line 15 of", "Our line 15 of").encode()
    put(shop, {"docs/guide.md": ours})
    save(shop, "docs: ours")

    done = inv(shop, box, "template.update")

    assert done.returncode == 3
    assert "Not taken\n" in done.stdout
    assert "docs/guide.md" in done.stdout
    assert "infra/template-open.json" in done.stderr
    assert git(shop, "branch", "--show-current").strip() == "main"
    git(shop, "merge", "-q", BRANCH)
    assert (shop / "docs/guide.md").read_bytes() == ours

    check = inv(shop, box, "template.check")

    assert check.returncode == 2
    assert "docs/guide.md, since v9999.0.0" in check.stdout


def test_verify_holds_the_files_against_the_release(shop: Path, box: Sandbox) -> None:
    before = inv(shop, box, "template.verify", "--json")
    (shop / "scripts/update-template.sh").chmod(0o644)
    after = inv(shop, box, "template.verify", "--json")

    assert (before.returncode, after.returncode) == (0, 2), before.stderr
    assert answer(after)["differences"] == [
        {
            "path": "scripts/update-template.sh",
            "where": "disk",
            "state": "not executable",
        }
    ]

    done = inv(shop, box, "template.verify", "--source", "/nowhere")

    assert done.returncode == 4
    assert "not verified: " in done.stderr


def test_the_check_ends_with_2_and_keeps_one_issue(shop: Path, box: Sandbox) -> None:
    first = inv(shop, box, "template.check", "--issue", "--json")
    second = inv(shop, box, "template.check", "--issue", "--json")

    assert (first.returncode, second.returncode) == (2, 2), first.stderr
    assert answer(first)["latest"] == "9999.0.0"
    assert answer(first)["notes"] == answer(second)["notes"] == ["issue #1 is open"]
