"""The workflow "Policy Drift Detection" under act, on the sandbox."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.act_downlevel import downlevel
from tests.e2e.live_shop import ROOT, Done
from tests.e2e.ruled_shop import Ruled, ruled_shop

WORKFLOW = ".github/workflows/policy-drift.yml"
USES = re.compile(r"uses: (\S+@[0-9a-f]{40})")
# Serves for every action: the one that gives a token gives the one it is told.
STUB = """\
name: stub
description: stands for every action
outputs:
  token:
    description: the App's token
    value: ${{ steps.give.outputs.token }}
runs:
  using: composite
  steps:
    - id: give
      shell: bash
      run: echo "token=$STUB_TOKEN" >> "$GITHUB_OUTPUT"
"""


class Runner:
    """Runs the workflow as GitHub would, with act on this machine."""

    def __init__(self, shop: Ruled, folder: Path) -> None:
        self.shop = shop
        self.stub = folder / "stub"
        self.stub.mkdir()
        (self.stub / "action.yml").write_text(STUB, encoding="utf-8")
        text = (ROOT / "template" / WORKFLOW).read_text(encoding="utf-8")
        self.actions = USES.findall(text)
        (shop.folder / WORKFLOW).write_text(downlevel(text), encoding="utf-8")
        launcher = shop.folder / "inv"
        launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m invoke "$@"\n')
        launcher.chmod(0o755)
        shop.save("ci: workflows")

    def run(self, *, app: bool) -> Done:
        tokens = self.shop.box.tokens
        given = self.shop.box.environ("none") | {
            "STUB_TOKEN": tokens["admin"] if app else "",
            "NO_COLOR": "1",
            "TERM": "dumb",
        }
        command = [str(Path(sys.executable).with_name("act")), "workflow_dispatch"]
        command += ["-W", WORKFLOW, "-P", "ubuntu-24.04=-self-hosted"]
        command += ["--pull=false", "--no-cache-server"]
        command += ["--action-cache-path", str(self.stub.with_name("cache"))]
        command += ["-s", f"GITHUB_TOKEN={tokens['actions']}"]
        command += ["--var", f"MONOKEEL_APP_CLIENT_ID={'app' if app else ''}"]
        for action in self.actions:
            command += ["--local-repository", f"{action}={self.stub}"]
        for name, value in given.items():
            command += ["--env", f"{name}={value}"]
        done = subprocess.run(
            command,
            cwd=self.shop.folder,
            env=self.shop.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def issues(self) -> list[str]:
        """The titles of the open issues."""
        listed = self.shop.github.pages("/issues", params={"state": "open"})
        return [str(each["title"]) for each in listed]


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with ruled_shop(tmp_path / "shop") as shop:
        runner = Runner(shop, tmp_path)
        assert shop.inv("policy.apply").code == 0
        yield runner


def test_with_the_app_everything_is_seen(runner: Runner) -> None:
    in_sync = runner.run(app=True)
    runner.shop.tamper("main", enforcement="disabled")
    drift = runner.run(app=True)
    opened = runner.issues()
    runner.shop.inv("policy.apply")
    repaired = runner.run(app=True)

    assert (in_sync.code, drift.code, repaired.code) == (0, 1, 0)
    assert "drift: in sync" in in_sync.out
    assert "./scripts/apply-rulesets.sh" in drift.out
    assert opened == ["Policy drift: GitHub is not as the files say"]
    assert runner.issues() == []


def test_with_the_token_of_the_job_the_check_is_partial(runner: Runner) -> None:
    partial = runner.run(app=False)
    runner.shop.tamper("main", enforcement="disabled")
    drift = runner.run(app=False)

    assert partial.code == 0
    assert "bypass_actors of main" in partial.out
    assert drift.code == 1


def test_what_cannot_be_verified_is_no_drift_and_opens_no_issue(
    runner: Runner,
) -> None:
    runner.shop.box.switches.fail("/rulesets", times=99, status=500)

    unclear = runner.run(app=True)

    assert unclear.code == 1
    assert "not everything could be verified" in unclear.out
    assert runner.issues() == []


def test_drift_is_no_gate_of_the_release() -> None:
    text = (ROOT / "template/.github/workflows/release.yml").read_text()

    assert "drift" not in text
