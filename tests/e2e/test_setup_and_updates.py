"""The tasks of a rendered repository: connect it, see what is missing, update it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.records import Issue
from sandbox.server import Sandbox
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


def inv(
    shop: Path, box: Sandbox, *arguments: str, token: str = "admin"
) -> subprocess.CompletedProcess[str]:
    home = shop.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        ["./inv", *arguments],
        cwd=shop,
        env={**os.environ, **box.environ(token), "HOME": str(home)},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert value["schema"] == 1
    return value


def test_init_connects_once_and_never_shows_the_private_key(
    shop: Path, box: Sandbox
) -> None:
    first = inv(shop, box, "init", "--json")
    second = inv(shop, box, "init", "--json")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert answer(first)["changed"] != 0
    assert answer(second)["changed"] == 0
    key = shop.parent / "home/.config/monokeel/acme-shop"
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_text(encoding="utf-8").splitlines()[1]
    assert all(secret not in run.stdout + run.stderr for run in (first, second))
    assert "policy: in sync, nothing written" in second.stderr


def test_init_without_rights_changes_nothing(shop: Path, box: Sandbox) -> None:
    done = inv(shop, box, "init", token="actions")

    assert done.returncode == 4
    assert "may not administer acme/shop" in done.stderr
    assert not (shop.parent / "home/.config").exists()


def test_a_key_file_in_the_repository_is_refused(shop: Path, box: Sandbox) -> None:
    done = inv(shop, box, "init", "--key-file", "key")

    assert done.returncode == 1
    assert "is inside the repository" in done.stderr
    assert not (shop / "key").exists()


def test_doctor_is_content_after_init(shop: Path, box: Sandbox) -> None:
    inv(shop, box, "init")

    done = inv(shop, box, "doctor", "--json")

    assert done.returncode == 0
    findings = answer(done)["findings"]
    assert isinstance(findings, list)
    github = [each["state"] for each in findings if each["where"] == "GitHub"]
    assert set(github) == {"ok"}


def pull(box: Sandbox, number: int) -> Issue:
    return next(each for each in box.state.issues if each.number == number)


def test_an_update_is_proposed_once_and_made_anew_on_a_new_main(
    shop: Path, box: Sandbox
) -> None:
    inv(shop, box, "init", "--no-rules")

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


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check.branch", "--name", "env"), 3, "is not allowed"),
        (("check.title", "--title", "stuff"), 3, "no Conventional Commit"),
        (("services", "--changed-since", "nowhere"), 1, "there is no commit"),
        (("template.update", "--to", "1.2.3"), 1, "has no version 1.2.3"),
        (("template.update", "--to", "v9997.0.0"), 1, "has no version 9997.0.0"),
        (("template.update", "--answer", "x"), 1, "is not NAME=VALUE"),
        (("template.update", "--answer", "x=1"), 1, "has no question 'x'"),
        (("template.check", "--source", "acme/gone"), 4, "cannot be read"),
        (("template.check", "--source", "../here"), 1, "is not the address"),
        (("template.check", "--source", "http://a.example/b"), 1, "https"),
        (("template.check", "--source", "https://u:hunter2@a/b"), 1, "credentials"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_clear_line(
    shop: Path, box: Sandbox, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = inv(shop, box, *arguments)

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
    assert git(shop, "status", "--porcelain") == ""
