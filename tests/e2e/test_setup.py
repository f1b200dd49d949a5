"""The tasks of a rendered repository: connect it, see what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.e2e.commands import inv
from tests.rendered.renders import git
from tests.rendered.versions import (
    NEW,
)

BRANCH = f"template/{NEW}"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.allow_deploy_keys()
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def shop(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "shop", symlinks=True))


def test_init_without_rights_changes_nothing(shop: Path, box: Sandbox) -> None:
    done = inv(shop, box, "init", token="actions")

    assert done.returncode == 4
    assert "may not administer acme/shop" in done.stderr
    assert not (shop.parent / "home/.config").exists()


def test_doctor_says_all_that_is_missing_though_there_is_no_remote_yet(
    shop: Path, box: Sandbox
) -> None:
    git(shop, "remote", "remove", "origin")

    done = inv(shop, box, "doctor")

    assert done.returncode == 2, done.stderr
    add = "git remote add origin https://github.com/acme/shop.git"
    assert done.stdout.count(add) == 2  # of the clone, and before GitHub's main
    assert "Environment prod" in done.stdout


def test_a_file_that_head_has_is_known_from_every_folder(
    shop: Path, box: Sandbox
) -> None:
    (shop / "infra/rulesets.json").unlink()

    done = subprocess.run(
        [sys.executable, "-P", "-m", "monokeel", "doctor"],
        cwd=shop / "services/api",
        env={**os.environ, **box.environ("admin")},
        capture_output=True,
        check=False,
        text=True,
    )

    assert "git checkout HEAD -- infra/rulesets.json" in done.stdout, done.stderr
    assert "actions of other owners" in done.stdout  # judged by the workflows alone


def test_a_key_file_in_the_repository_is_refused(shop: Path, box: Sandbox) -> None:
    done = inv(shop, box, "init", "--key-file", "key")

    assert done.returncode == 1
    assert "is inside the repository" in done.stderr
    assert not (shop / "key").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('path = "services/api"', 'path = "services/nope"', "no folder services/nope"),
        ('host = "ghcr.io"', 'host = "https://ghcr.io"', "without https:// and path"),
        ('writer = "deploy-key"', 'writer = "app"', "app_id = 0 do not go together"),
    ],
)
def test_a_setting_that_cannot_work_is_said_in_words(
    shop: Path, box: Sandbox, old: str, new: str, said: str
) -> None:
    """D15."""
    path = shop / "infra/platform.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")

    done = inv(shop, box, "services")

    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize("command", ["status", "drift --only pointers"])
def test_a_host_that_nobody_knows_is_named_with_the_network(
    shop: Path, box: Sandbox, command: str
) -> None:
    """D14."""
    git(shop, "remote", "set-url", "origin", "https://nowhere.invalid/acme/shop.git")

    done = inv(shop, box, *command.split())

    assert done.returncode == 4
    assert "Check the network, and that nowhere.invalid is" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check.branch", "--name", "env"), 3, "is not allowed"),
        (("check.title", "--title", "stuff"), 3, "no Conventional Commit"),
        (("services", "--changed-since", "nowhere"), 1, "there is no commit"),
        (("template.update", "--to", "1.2.3"), 1, "has no v1.2.3"),
        (("template.update", "--to", "v9997.0.0"), 3, "is older than"),
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
