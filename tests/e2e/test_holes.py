"""What an attacker, or a bad day, tried on a rendered repository."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.e2e.rendered_shop import RenderedShop
from tests.rendered.renders import git
from tests.rendered.versions import IDENTITY, Versions, save

# A closed port in the place of GitHub's git.
NO_GIT = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "url.http://127.0.0.1:9/.insteadOf",
    "GIT_CONFIG_VALUE_0": "https://github.com/",
}
HOSTILE = (
    "feat: red \x1b[31m and a title \x1b]0;pwned\x07",
    "fix: next line\r::set-output name=needed::false",
    "feat: old style ##[set-output name=needed;]false",
    "fix: from right to left \u202e\u2066",
    "fix: eight bits \x9b31m",
    "feat(\x1b[2J): in a scope",
    "::stop-commands::never",
    "feat!: notes\n\nBREAKING CHANGE: one\r::error::two",
)
ACTING = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u2030-\ud7ff]|[\u061c\u200e\u200f]|##\[")


@pytest.fixture
def shop(versions: Versions, tmp_path: Path) -> Iterator[RenderedShop]:
    with Sandbox() as box:
        yield RenderedShop(versions.old, tmp_path, box)


def test_a_commit_message_acts_on_no_terminal_and_no_runner(
    shop: RenderedShop, tmp_path: Path
) -> None:
    for message in HOSTILE:
        args = ("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
        git(shop.folder, *IDENTITY, *args)
    shop.publish()
    summary = tmp_path / "summary"

    done = shop.inv(
        *("release", "--dry-run"),
        variables={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
    )

    assert done.code == 0, done.err
    assert "::set-output name=needed::false" in done.out
    for text in (done.out, done.err, summary.read_text(encoding="utf-8")):
        assert ACTING.findall(text) == []
        assert [x for x in text.split("\n") if x.lstrip().startswith("::")] == []


def test_a_tag_of_this_clone_alone_is_no_finished_release(shop: RenderedShop) -> None:
    git(shop.folder, "tag", "v1.0.0")
    before = shop.live()

    done = shop.inv("release")

    assert done.code == 3, done.out
    assert "v1.0.0 is a tag of this clone only" in done.errors[0]
    assert shop.live() == before


def test_a_remote_that_is_silent_is_not_nothing_to_do(shop: RenderedShop) -> None:
    git(shop.folder, "tag", "v1.0.0")
    git(shop.folder, "push", "-q", str(shop.box.bare), "v1.0.0")

    done = shop.inv("release", variables=NO_GIT)

    assert done.code == 4, done.out
    assert "nobody can tell" in done.errors[0]


SLOW = """\
#!/bin/sh
case " $* " in *" ls-remote "*) sleep {wait}; {then} ;; esac
exec {git} "$@"
"""


@pytest.mark.parametrize(
    ("then", "needed", "code"), [(":", True, 0), ("exit 128", None, 4)]
)
def test_a_slow_git_in_a_workflow_hides_no_release_that_is_half_made(
    shop: RenderedShop, tmp_path: Path, then: str, needed: bool | None, code: int
) -> None:
    """G30: two seconds are for a terminal; what nobody could see is no "no"."""
    shop.box.switches.fail(r"/releases/\d+$", method="PATCH", status=502, times=99)
    assert shop.inv("release").code == 4
    shop.box.switches.faults.clear()
    program = tmp_path / "slow" / "git"
    program.parent.mkdir()
    real = shutil.which("git")
    program.write_text(SLOW.format(wait=2.2, then=then, git=real), encoding="utf-8")
    program.chmod(0o755)
    outputs = tmp_path / "outputs"

    done = shop.inv(
        *("release", "--dry-run", "--json"),
        variables={
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(outputs),
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        },
    )

    assert done.code == code, done.err
    assert json.loads(done.out)["needed"] is needed
    assert f"\n{json.dumps(needed)}\n" in outputs.read_text(encoding="utf-8")


def test_an_empty_abandon_publishes_nothing(shop: RenderedShop) -> None:
    before = shop.live()

    done = shop.inv("release", "--abandon", "")

    assert done.code == 1, done.out
    assert shop.live() == before


def test_a_local_task_takes_the_place_of_none_of_ours(shop: RenderedShop) -> None:
    local = "from invoke import task\n\n\n@task\ndef promote(_):\n    pass\n"
    (shop.folder / "tasks_local.py").write_text(local, encoding="utf-8")

    done = shop.inv("promote")

    assert done.code == 1
    assert "tasks_local.py has a task 'promote'" in done.err


def test_a_key_that_nobody_knows_is_not_called_a_refusal_of_github(
    shop: RenderedShop,
) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nbm9uZQ\n-----END"
    save(shop.folder, "feat: more")
    shop.publish()

    done = shop.inv("release", variables={"MONOKEEL_DEPLOY_KEY": key})

    assert done.code == 3, done.err
    assert "nothing was begun" in done.errors[0]
    assert "refs/tags" not in git(shop.box.bare, "for-each-ref")


@pytest.mark.parametrize("left", [(), ("web", "worker")], ids=["none", "without api"])
def test_a_copy_of_the_record_that_somebody_changed_hides_no_image(
    shop: RenderedShop, left: tuple[str, ...]
) -> None:
    shop.release()
    asset = shop.box.state.releases[0].assets[0]
    record = json.loads(asset.content)
    services = {name: record["services"][name] for name in left}
    asset.content = json.dumps({**record, "services": services}).encode()

    drift = shop.inv("drift", "--only", "releases")
    promotion = shop.inv("promote", "--env", "staging", "--version", "1.0.0")

    assert drift.code == 2, drift.out
    assert "release.json of v1.0.0 is missing or is not the record" in drift.out
    assert "images:" not in promotion.err


@pytest.mark.parametrize("deed", ["deleted", "a draft again", "another file"])
def test_what_a_member_does_to_a_published_release_ends_as_drift_says(
    shop: RenderedShop, deed: str
) -> None:
    shop.release()
    made = shop.box.state.releases[0]
    if deed == "deleted":
        shop.box.state.releases.clear()
    elif deed == "a draft again":
        made.draft = True
    else:
        made.assets[0].content = b"{}"

    drift = shop.inv("drift", "--only", "releases")
    (step,) = re.findall(r"put it back: (.*)", drift.out)
    done = subprocess.run(
        ["sh", "-c", step],
        cwd=shop.folder,
        env={**os.environ, **shop.box.environ("admin")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert drift.code == 2
    assert shop.inv("drift", "--only", "releases").code == 0
