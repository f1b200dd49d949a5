"""The pages of what people and workflows do: pull requests, issues, runs."""

from collections.abc import Mapping

from sandbox.browsing import at, home, link
from sandbox.exchange import Outgoing
from sandbox.html import Cell, Link, facts, page, section, table, text
from sandbox.merging import changes_of, commits_of
from sandbox.records import Issue
from sandbox.standing import newest_checks
from sandbox.state import State
from sandbox.workflows import workflow_files, workflow_name


@at("/(?P<kind>pulls|issues)")
def _threads(state: State, found: Mapping[str, str]) -> Outgoing:
    kind = found["kind"]
    rows: list[list[Cell]] = [
        [_thread_link(state, one), one.author.login, _standing(one)]
        for one in reversed(state.issues)
        if (one.pull is not None) == (kind == "pulls")
    ]
    title = "Pull requests" if kind == "pulls" else "Issues"
    return page(title, table(["Title", "By", "Is"], rows), trail=[home(state)])


def _thread_link(state: State, issue: Issue) -> Link:
    kind = "pull" if issue.pull else "issues"
    words = f"#{issue.number} {issue.title}"
    return link(state, words, f"{kind}/{issue.number}")


def _standing(issue: Issue) -> str:
    return "merged" if issue.pull and issue.pull.merged_at else issue.state


@at("/(pull|issues)/(?P<number>[0-9]+)")
def _thread(state: State, found: Mapping[str, str]) -> Outgoing | None:
    for issue in state.issues:
        if str(issue.number) == found["number"]:
            return _thread_page(state, issue)
    return None


def _thread_page(state: State, issue: Issue) -> Outgoing:
    kind = "pulls" if issue.pull else "issues"
    said = "".join(
        section(f"{author.login}, {moment}", text(words))
        for _, author, words, moment in issue.comments
    )
    return page(
        f"#{issue.number} {issue.title}",
        facts(
            [
                ("Is", _standing(issue)),
                ("By", issue.author.login),
                ("Labels", ", ".join(issue.labels)),
            ]
        ),
        text(issue.body),
        _pull_part(state, issue),
        said,
        trail=[home(state), link(state, kind, kind)],
    )


def _pull_part(state: State, issue: Issue) -> str:
    """Return what only a pull request has; empty for an issue."""
    pull = issue.pull
    if pull is None:
        return ""
    commits: list[list[Cell]] = [
        [one.sha[:7], one.message.partition("\n")[0]] for one in commits_of(state, pull)
    ]
    files: list[list[Cell]] = [
        [one.path, one.status, f"+{one.additions} -{one.deletions}"]
        for one in changes_of(state, pull)
    ]
    checks: list[list[Cell]] = [
        [one.context, one.state] for one in newest_checks(state, pull.head_sha)
    ]
    reviews: list[list[Cell]] = [[one.author.login, one.state] for one in pull.reviews]
    return "".join(
        (
            facts([("From", pull.head), ("To", pull.base)]),
            section("Commits", table(["Commit", "Title"], commits)),
            section("Files", table(["Path", "Is", "Lines"], files)),
            section("Checks", table(["Check", "Is"], checks)),
            section("Reviews", table(["By", "Says"], reviews)),
        )
    )


@at("/actions")
def _actions(state: State, _: Mapping[str, str]) -> Outgoing:
    workflows: list[list[Cell]] = [
        [workflow_name(state, file), file] for file in workflow_files(state)
    ]
    runs: list[list[Cell]] = [
        [
            link(state, f"#{run.number} {run.workflow}", f"actions/runs/{run.id}"),
            run.ref,
            run.conclusion or run.status,
        ]
        for run in reversed(state.runs)
    ]
    return page(
        "Actions",
        section("Runs", table(["Run", "Of", "Is"], runs)),
        section("Workflows", table(["Name", "File"], workflows)),
        trail=[home(state)],
    )


@at("/actions/runs/(?P<number>[0-9]+)")
def _run(state: State, found: Mapping[str, str]) -> Outgoing | None:
    for run in state.runs:
        if str(run.id) == found["number"]:
            inputs: list[list[Cell]] = [[k, str(v)] for k, v in run.inputs.items()]
            return page(
                f"#{run.number} {workflow_name(state, run.workflow, run.sha)}",
                facts(
                    [
                        ("Is", run.conclusion or run.status),
                        ("File", run.workflow),
                        ("Of", run.ref),
                        ("Commit", run.sha),
                        ("By", run.actor.login),
                    ]
                ),
                section("Inputs", table(["Name", "Value"], inputs)),
                "<p>Nothing runs here; <code>act</code> runs workflows.</p>",
                trail=[home(state), link(state, "actions", "actions")],
            )
    return None


@at("/runs/(?P<number>[0-9]+)")
def _check_run(state: State, found: Mapping[str, str]) -> Outgoing | None:
    for check in state.checks:
        if check.is_run and str(check.id) == found["number"]:
            return page(
                check.context,
                facts(
                    [
                        ("Is", check.state),
                        ("Commit", check.sha),
                        ("By", check.creator.login),
                    ]
                ),
                text(str(check.output.get("summary") or "")),
                trail=[home(state)],
            )
    return None
