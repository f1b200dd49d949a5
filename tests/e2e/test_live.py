"""The run on a scratch repository, against a GitHub as assumed and against another."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.defaults import GITHUB
from sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs/reference/live.md"


def live(box: Sandbox, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/live.py", box.repository, *options],
        cwd=ROOT,
        env={**os.environ, **box.environ("fine")},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def seen(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return assumption → what was seen, without the two head lines."""
    lines = done.stdout.splitlines()[2:]
    pairs = (line.strip("| ").split(" | ", 1) for line in lines)
    return {pair[0]: pair[1] for pair in pairs}


def scratch() -> Sandbox:
    box = Sandbox(name="shop-monokeel-live")
    box.behave(GITHUB)
    box.switches.organization_deploy_keys = True
    return box


def other_keys(box: Sandbox) -> None:
    box.switches.organization_deploy_keys = False


def other_plan(box: Sandbox) -> None:
    box.switches.plan = "free-private"


def other_claims(box: Sandbox) -> None:
    box.switches.fail("/rulesets$", method="POST", status=422)


def other_tags(box: Sandbox) -> None:
    box.switches.tags_refused = True


def other_put(box: Sandbox) -> None:
    box.switches.put_without_effect = True


def other_drafts(box: Sandbox) -> None:
    box.switches.draft_lag_s = 60


def other_second_draft(box: Sandbox) -> None:
    box.switches.fail("/releases$", method="POST", skip=2, status=422)


def other_deployments(box: Sandbox) -> None:
    box.switches.fail("/deployments$", method="POST", status=409, times=9)


def other_order(box: Sandbox) -> None:
    box.switches.deployments_shuffled = True


def other_squash(box: Sandbox) -> None:
    box.switches.merge_follows_settings = False


def other_rights(box: Sandbox) -> None:
    header = {"X-Accepted-GitHub-Permissions": "metadata=write"}
    box.switches.fail("/keys$", method="GET", status=403, headers=header)


OTHERS: dict[Callable[[Sandbox], None], set[str]] = {
    other_rights: {"each GET needs the permission of our table"},
    other_keys: {
        "the API registers a write deploy key",
        "the deploy key alone makes and deletes claims",
        "DeployKey passes a rule of v*, a token does not",
    },
    other_plan: {
        "the deploy key alone makes and deletes claims",
        "an Environment may be limited to a branch",
        "DeployKey passes a rule of v*, a token does not",
        "PUT of a ruleset keeps what is not sent",
        "the bypass list can be edited alone",
        "a name pattern is taken, or refused in our words",
    },
    other_claims: {"the deploy key alone makes and deletes claims"},
    other_tags: {
        "the deploy key alone makes and deletes claims",
        "DeployKey passes a rule of v*, a token does not",
    },
    other_put: {
        "PUT of a ruleset keeps what is not sent",
        "the bypass list can be edited alone",
    },
    other_drafts: {"a draft is listed at once"},
    other_second_draft: {"a second draft of a tag is taken"},
    other_deployments: {"deployments: newest first, making Environments"},
    other_order: {"deployments: newest first, making Environments"},
    other_squash: {"a squash of one commit takes its message by default"},
}


def test_where_all_is_as_assumed_no_difference_is_invented(tmp_path: Path) -> None:
    with scratch() as box:
        done = live(box, "--record", str(tmp_path / "exchanges.json"))

        assert done.returncode == 0, done.stdout + done.stderr
        assert REPORT.read_text(encoding="utf-8").endswith(done.stdout)
        assert box.tokens["fine"] not in (tmp_path / "exchanges.json").read_text()
        assert box.state.keys == []
        assert box.state.environments == {}
        assert box.state.rulesets == []
        assert box.state.releases == []


@pytest.mark.parametrize("change", OTHERS, ids=lambda change: change.__name__)
def test_each_other_answer_is_named_and_nothing_else(
    change: Callable[[Sandbox], None],
) -> None:
    with scratch() as box:
        change(box)

        done = live(box)

    assert done.returncode == 2, done.stdout + done.stderr
    differs = {
        what
        for what, saw in seen(done).items()
        if saw != "as assumed" and not saw.startswith("not tried")
    }
    assert differs == OTHERS[change]


@pytest.mark.parametrize("name", ["shop", "monokeel-live-shop"])
def test_a_repository_that_is_not_for_that_is_refused(name: str) -> None:
    with Sandbox(name=name) as box:
        done = live(box)

        assert done.returncode == 1
        assert "does not end with -monokeel-live" in done.stderr
        assert box.writes == 0
