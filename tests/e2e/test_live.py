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
from tests import warm
from tests.sandbox.calls import Api

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs/reference/live.md"
RECORDED = ROOT / "tests/sandbox/live.json"
sys.path.insert(0, str(ROOT / "scripts"))

from live import NOT_TRIED, STEPS, rows, shape  # noqa: E402

SEEN = {"login": "github-actions[bot]", "variable": "x", "listed": "0"}


def live(
    box: Sandbox, *options: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm.program(), "-P", "-m", "live", box.repository, *options],
        cwd=ROOT,
        env={
            **os.environ,
            **box.environ("fine"),
            "MONOKEEL_REGISTRY_PASSWORD": box.tokens["admin"],
            "LIVE_POLL_S": "0.1",
            "PYTHONPATH": str(ROOT / "scripts"),
            **variables,
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


def another(box: Sandbox) -> None:
    """Answer otherwise wherever that changes one row and no other."""
    for change in (
        faulty("/keys$", method="GET", status=403, headers=HEADER),
        faulty("/rulesets$", method="POST", skip=7, status=201, body={"id": 1}),
        faulty("/releases$", method="POST", skip=2, status=422),
        faulty("/releases$", method="POST", skip=3, status=422),
        faulty(r"/releases\?per_page=100&page=11", status=200, body=EMPTY),
        faulty("/graphql", status=200, body=NO_NODES, times=2),
        faulty("/environments/live-new$", method="GET", status=404),
        faulty(r"/deployments/\d+/statuses", method="GET", status=200, body=OVER),
        faulty("/activity", status=404),
        faulty("/contents/", method="PUT", status=403),
        faulty("/rules/branches/", status=200, body=EMPTY),
        faulty("/collaborators", status=403, skip=1),
        faulty("/git/ref/heads/env/merged", status=200, body={"ref": "x"}),
        faulty("creator=", status=200, times=9, body=[ISSUE]),
        switched(draft_lag_s=60, merge_follows_settings=False, images_stale_reads=999),
    ):
        change(box)
    policy: dict[str, Json] = {"protected_branches": True}
    ensure(box.state, "live-job").branch_policy = policy


HEADER = {"X-Accepted-GitHub-Permissions": "metadata=write"}
NO_NODES: Json = {"data": {"repository": {"all": {"nodes": []}}}}
OVER: Json = [{"state": "inactive"}]
EMPTY: Json = []
ISSUE: Json = {
    "title": "what a job sees",
    "body": json.dumps({**SEEN, "login": "github-actions", "variable": ""}),
    "user": {"login": "ann"},
}
KEY = "the API registers a write deploy key"
CLAIMS = "A ruleset on `refs/tags/monokeel-claim/*`"
WRITER = "`DeployKey` as bypass actor"
POINTER = "A deploy key may move a ref"
QUEUE = "A merge queue of a repository that a person owns"
NOTE = "An annotated tag made by"
PUT, EDITED = "`PUT` of a ruleset", "`updated_at` of a ruleset"
RULES = {
    *(CLAIMS, WRITER, PUT, EDITED, "`branch_name_pattern` is", "A `creation` rule on"),
    *("A member or a type of rule", "`GET rulesets/ID` says", "Rules answer 409"),
    "`delete_branch_on_merge` deletes",
}
RECORDS = {
    *("GraphQL lists deployments", "A deployment that was just made"),
    *("`POST deployments` makes", "`auto_inactive` leaves"),
}
# Another GitHub → the rows, and no other, that the report calls otherwise.
OTHERS: dict[str, tuple[Callable[[Sandbox], None], set[str]]] = {
    "every answer another": (
        another,
        {
            *RECORDS,
            *("each GET needs the permission", "A member or a type of rule"),
            *("A draft of a tag that is", "A draft for a burned", "The list of rel"),
            *("`activity` of a branch", "Rules answer 409", "`GET rulesets/ID` says"),
            *("`GET collaborators`", "`delete_branch_on_merge` deletes"),
            *("`GET /issues?creator", "`creator.login` of", "`GET actions/variables"),
            *("GHCR shows a tag", "GHCR accepts a second PUT", "a draft is listed at"),
            *("a squash of one commit", "GitHub makes an Environment that a job"),
        },
    ),
    "no keys": (
        switched(organization_deploy_keys=False),
        {KEY, CLAIMS, WRITER, POINTER, NOTE, "`git push --dry-run` asks"},
    ),
    "a free plan": (
        switched(plan="free-private"),
        RULES | {"an Environment may be limited"},
    ),
    "no tags": (
        switched(tags_refused=True),
        {CLAIMS, WRITER, NOTE, "A draft for a burned"},
    ),
    "no effect": (switched(put_without_effect=True), {PUT, EDITED}),
    "no deployments": (
        faulty("/deployments$", method="POST", status=409, times=99),
        RECORDS,
    ),
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


@pytest.mark.parametrize("made", [False, True])
def test_a_merge_queue_is_tried_where_a_person_owns_the_repository(made: bool) -> None:
    with scratch() as box:
        box.state.owner_type = "User"
        if made:
            body: Json = {"id": 1}
            box.switches.fail(
                "/rulesets$", method="POST", skip=10, status=201, body=body
            )

        done = live(box)

    [row] = [saw for row, saw in seen(done).items() if row.startswith(QUEUE)]
    assert row.partition(":")[0] == ("GitHub answered 201" if made else "as assumed")


def test_each_row_is_tried_once_or_says_why_not() -> None:
    tried = [*NOT_TRIED, *(step.row for step in STEPS)]

    found = {row: [x for x in tried if row.startswith(x)] for row in rows()}

    assert [row for row, starts in found.items() if len(starts) != 1] == []
    assert [x for x in NOT_TRIED if not any(r.startswith(x) for r in rows())] == []


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GITHUB_TOKEN", "", "error: GITHUB_TOKEN is not set"),
        ("GITHUB_API_URL", "http://127.0.0.1:9", "did not answer GET"),
    ],
)
def test_what_hinders_it_is_told_and_no_traceback(
    variable: str, value: str, said: str
) -> None:
    with scratch() as box:
        done = live(box, **{variable: value})

        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["shop", "monokeel-live-shop"])
def test_a_repository_that_is_not_for_that_is_refused(name: str) -> None:
    with Sandbox(name=name) as box:
        done = live(box)

        assert done.returncode == 1
        assert "does not end with -monokeel-live" in done.stderr
        assert box.writes == 0
