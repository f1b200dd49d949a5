"""The run on a scratch repository, against a GitHub as assumed and against another."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.environments import ensure
from sandbox.server import Sandbox
from sandbox.wire import Json
from tests.sandbox.calls import Api

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs/reference/live.md"
RECORDED = ROOT / "tests/sandbox/live.json"
sys.path.insert(0, str(ROOT / "scripts"))

from live import NOT_TRIED, STEPS, rows, shape  # noqa: E402

SEEN = {"login": "github-actions[bot]", "variable": "x", "listed": "0"}


def live(box: Sandbox, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/live.py", box.repository, *options],
        cwd=ROOT,
        env={
            **os.environ,
            **box.environ("fine"),
            "MONOKEEL_REGISTRY_PASSWORD": box.tokens["admin"],
            "LIVE_POLL_S": "0.1",
        },
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def seen(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return row → what was seen, without the two head lines."""
    lines = done.stdout.splitlines()[2:]
    pairs = (line.strip("| ").rsplit(" | ", 1) for line in lines)
    return {pair[0]: pair[1] for pair in pairs}


def scratch() -> Sandbox:
    box = Sandbox(name="shop-monokeel-live")
    box.allow_deploy_keys()
    work(box)
    return box


def work(box: Sandbox, **otherwise: str) -> None:
    """Do what a runner does with the workflow: its job opens an issue.

    It makes the Environment that the job names, as GitHub does.
    """

    def run() -> None:
        with box.state.lock:
            ensure(box.state, "live-job")
        body = json.dumps({**SEEN, **otherwise})
        issue: Json = {"title": "what a job sees", "body": body}
        Api(box)("POST", "/issues", issue, who="actions")

    def after(_: int, method: str, path: str) -> None:
        if method == "POST" and path.endswith("/dispatches"):
            threading.Thread(target=run, daemon=True).start()

    box.on_write = after


def faulty(path: str, **how: object) -> Callable[[Sandbox], None]:
    def change(box: Sandbox) -> None:
        box.switches.fail(path, **how)  # type: ignore[arg-type]

    return change


def switched(**values: object) -> Callable[[Sandbox], None]:
    def change(box: Sandbox) -> None:
        for name, value in values.items():
            where = box.images.switches if name.startswith("images_") else box.switches
            setattr(where, name, value)

    return change


def job(**otherwise: str) -> Callable[[Sandbox], None]:
    def change(box: Sandbox) -> None:
        work(box, **otherwise)

    return change


def job_closed(box: Sandbox) -> None:
    policy: dict[str, Json] = {"protected_branches": True}
    ensure(box.state, "live-job").branch_policy = policy


def stranger(box: Sandbox) -> None:
    """Somebody else opens the issue that the job should have opened."""
    box.switches.fail(
        "creator=", status=200, times=99, body=[{**ISSUE, "user": {"login": "ann"}}]
    )


ISSUE: dict[str, Json] = {"title": "what a job sees", "body": json.dumps(SEEN)}
HEADER = {"X-Accepted-GitHub-Permissions": "metadata=write"}
NO_NODES: Json = {"data": {"repository": {"all": {"nodes": []}}}}
EMPTY: Json = []
KEY = "the API registers a write deploy key"
CLAIMS = "A ruleset on `refs/tags/monokeel-claim/*`"
WRITER = "`DeployKey` as bypass actor"
POINTER = "A deploy key may move a ref"
NOTE = "An annotated tag made by"
PUT, EDITED = "`PUT` of a ruleset", "`updated_at` of a ruleset"
JOB_AUTHOR = "`GET /issues?creator"
RULES = {
    *(CLAIMS, WRITER, PUT, EDITED, "`branch_name_pattern` is", "A `creation` rule on"),
    *("A member or a type of rule", "`GET rulesets/ID` says", "Rules answer 409"),
    "`delete_branch_on_merge` deletes",
}
# Another answer of GitHub → the rows, and no other, that the report calls otherwise.
OTHERS: dict[str, tuple[Callable[[Sandbox], None], set[str]]] = {
    "permissions": (
        faulty("/keys$", method="GET", status=403, headers=HEADER),
        {"each GET needs the permission of our table"},
    ),
    "no keys": (
        switched(organization_deploy_keys=False),
        {KEY, CLAIMS, WRITER, POINTER, NOTE, "`git push --dry-run` asks"},
    ),
    "a free plan": (
        switched(plan="free-private"),
        RULES - {"A member or a type of rule"} | {"an Environment may be limited"},
    ),
    "no ruleset of tags": (faulty("/rulesets$", method="POST", status=422), {CLAIMS}),
    "no tags": (switched(tags_refused=True), {CLAIMS, WRITER, NOTE}),
    "a write without effect": (switched(put_without_effect=True), {PUT, EDITED}),
    "any rule": (
        faulty("/rulesets$", method="POST", skip=9, status=201, body={"id": 1}),
        {"A member or a type of rule"},
    ),
    "a draft later": (switched(draft_lag_s=60), {"a draft is listed at once"}),
    "one draft a tag": (
        faulty("/releases$", method="POST", skip=2, status=422),
        {"A draft of a tag that is published"},
    ),
    "no second draft": (
        faulty("/releases$", method="POST", skip=4, status=422),
        {"A draft for a burned tag name"},
    ),
    "a longer list": (
        faulty(r"/releases\?per_page=100&page=11", status=200, body=EMPTY),
        {"The list of releases ends"},
    ),
    "no deployments": (
        faulty("/deployments$", method="POST", status=409, times=99),
        {
            *("GraphQL lists deployments", "A deployment that was just made"),
            *("`POST deployments` makes", "`auto_inactive` leaves"),
        },
    ),
    "another order": (
        faulty("/graphql", status=200, body=NO_NODES),
        {"GraphQL lists deployments"},
    ),
    "not at once": (
        faulty("/graphql", status=200, skip=1, body=NO_NODES),
        {"A deployment that was just made"},
    ),
    "no Environment": (
        faulty("/environments/live-new$", method="GET", status=404),
        {"`POST deployments` makes"},
    ),
    "a failure is over": (
        faulty(
            r"/deployments/\d+/statuses",
            method="GET",
            status=200,
            body=[{"state": "inactive"}],
        ),
        {"`auto_inactive` leaves"},
    ),
    "no activity": (faulty("/activity", status=404), {"`activity` of a branch"}),
    "the title": (
        switched(merge_follows_settings=False),
        {"a squash of one commit takes its message"},
    ),
    "contents": (
        faulty("/contents/", method="PUT", status=403),
        {"Rules answer 409"},
    ),
    "no bypass": (
        faulty("/rules/branches/", status=200, body=EMPTY),
        {"`GET rulesets/ID` says"},
    ),
    "people": (faulty("/collaborators", status=403), {"`GET collaborators`"}),
    "a branch that stays": (
        faulty("/git/ref/heads/env/merged", status=200, body={"ref": "x"}),
        {"`delete_branch_on_merge` deletes"},
    ),
    "a later tag": (
        switched(images_stale_reads=999),
        {"GHCR shows a tag", "GHCR accepts a second PUT"},
    ),
    "a job without variables": (job(variable=""), {"`GET actions/variables/"}),
    "a bot with a suffix": (job(login="github-actions"), {"`creator.login` of a bot"}),
    "an Environment with branches": (job_closed, {"GitHub makes an Environment"}),
    "another author": (stranger, {JOB_AUTHOR}),
}


def test_where_all_is_as_assumed_no_difference_is_invented(tmp_path: Path) -> None:
    record = tmp_path / "exchanges.json"
    with scratch() as box:
        done = live(box, "--packages", "--runs", "--record", str(record))

        assert done.returncode == 0, done.stdout + done.stderr
        assert REPORT.read_text(encoding="utf-8").endswith(done.stdout)
        text = record.read_text(encoding="utf-8")
        assert not [x for x in box.tokens.values() if x and x in text]
        assert box.state.keys == []
        assert box.state.environments == {}
        assert box.state.rulesets == []
        assert box.state.releases == []


def test_the_sandbox_answers_what_was_recorded(tmp_path: Path) -> None:
    """The fixture is of the sandbox until somebody records one of github.com."""
    record = tmp_path / "exchanges.json"
    with scratch() as box:
        live(box, "--record", str(record))

    now = [shape(each) for each in json.loads(record.read_text(encoding="utf-8"))]
    then = [shape(each) for each in json.loads(RECORDED.read_text(encoding="utf-8"))]
    assert now == then


@pytest.mark.parametrize("name", OTHERS)
def test_each_other_answer_is_named_and_nothing_else(name: str) -> None:
    change, rows_of_it = OTHERS[name]
    with scratch() as box:
        change(box)

        done = live(box, "--packages", "--runs")

    assert done.returncode == 2, done.stdout + done.stderr
    differs = {
        row
        for row, saw in seen(done).items()
        if saw != "as assumed" and not saw.startswith("not tried")
    }
    named = {start for start in rows_of_it if any(x.startswith(start) for x in differs)}
    assert (named, len(differs)) == (rows_of_it, len(rows_of_it)), done.stdout


def test_each_row_is_tried_once_or_says_why_not() -> None:
    tried = [*NOT_TRIED, *(step.row for step in STEPS)]

    found = {row: [x for x in tried if row.startswith(x)] for row in rows()}

    assert [row for row, starts in found.items() if len(starts) != 1] == []
    assert [x for x in NOT_TRIED if not any(r.startswith(x) for r in rows())] == []


@pytest.mark.parametrize("name", ["shop", "monokeel-live-shop"])
def test_a_repository_that_is_not_for_that_is_refused(name: str) -> None:
    with Sandbox(name=name) as box:
        done = live(box)

        assert done.returncode == 1
        assert "does not end with -monokeel-live" in done.stderr
        assert box.writes == 0
