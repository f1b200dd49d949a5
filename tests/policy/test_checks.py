"""Required checks that wait for ever, each from a public complaint; and sound ones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.settings import PolicySettings, parse_settings
from monokeel.policy.checks import jobs_of
from monokeel.policy.lint import lint
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import parse_policy
from tests.policy.test_policy import MAIN
from tests.policy.test_refs import QUEUE

ROOT = Path(__file__).parents[2]
JOB = "jobs: {docs-test: {runs-on: x}}\n"
SETTINGS = parse_settings("[repository]\nowner = 'acme'\nname = 'shop'\n")


def requires(
    context: str, *, app: int | None = 15368, queue: bool = False
) -> dict[str, Json]:
    check: dict[str, Json] = {"context": context}
    if app is not None:
        check["integration_id"] = app
    rule: Json = {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": True,
            "required_status_checks": [check],
        },
    }
    return {**MAIN, "rules": [rule, QUEUE] if queue else [rule]}


def found(body: Mapping[str, Json], *workflows: str) -> list[Finding]:
    jobs = jobs_of({f"w{number}.yml": text for number, text in enumerate(workflows)})
    return lint(parse_policy(json.dumps([body])), jobs)


@pytest.mark.parametrize(
    ("on", "says", "warning"),
    [
        ("{pull_request: {paths-ignore: ['docs/**']}}", "paths-ignore: docs/**", True),
        ("{pull_request: {paths: [src/**, '*.py']}}", "paths: src/**, *.py", True),
        ("{pull_request_target: {paths: x}}", "paths: x", True),
        ("{pull_request: {types: [labeled]}}", "that are labeled alone", True),
        ("{pull_request: {types: [opened, reopened]}}", "pushed to", True),
        ("push", "runs on push alone", True),
        ("{push: {branches: [main]}}", "does not run on pull_request", False),
        ("[schedule, workflow_dispatch]", "does not run on pull_request", False),
        ("{pull_request: {branches: [release/*]}}", "to release/* alone", False),
        ("{pull_request: {branches-ignore: [main]}}", "alone", False),
    ],
)
def test_a_check_that_can_never_or_not_always_report_is_told(
    on: str, says: str, *, warning: bool
) -> None:
    """P26 and P27."""
    [finding] = found(requires("docs-test"), f"on: {on}\n{JOB}")

    assert "w0.yml" in finding.problem
    assert says in finding.problem
    assert finding.warning is warning


@pytest.mark.parametrize(
    "on",
    [
        "pull_request",
        "[push, pull_request]",
        "{pull_request: {types: [opened, synchronize]}}",
        "{pull_request: {branches: ['**']}}",
        "{pull_request: {branches: [main, '1.x']}}",
        "{pull_request: {branches-ignore: [env/**]}}",
        "{pull_request: }",
    ],
)
def test_a_check_that_reports_on_each_pull_request_is_sound(on: str) -> None:
    assert found(requires("docs-test"), f"on: {on}\n{JOB}") == []


def test_a_queue_needs_merge_group() -> None:
    """P28."""
    alone = found(requires("docs-test", queue=True), f"on: pull_request\n{JOB}")
    both = f"on: [pull_request, merge_group]\n{JOB}"

    assert [(x.warning, "merge_group" in x.problem) for x in alone] == [(False, True)]
    assert found(requires("docs-test", queue=True), both) == []


def test_one_of_two_workflows_that_reports_is_enough() -> None:
    filtered = f"on: {{pull_request: {{paths: src/**}}}}\n{JOB}"

    assert found(requires("docs-test"), filtered, f"on: pull_request\n{JOB}") == []


def test_a_job_behind_an_event_is_perhaps_there() -> None:
    """P27, ipnet-mesh/meshcore-hub#268."""
    job = "jobs: {docs-test: {if: github.event_name == 'push'}}\n"

    [finding] = found(requires("docs-test"), f"on: [push, pull_request]\n{job}")

    assert finding.warning
    assert "may wait" in finding.problem


@pytest.mark.parametrize("workflow", ["jobs: [\n", f"on: *x\n{JOB}", JOB])
def test_what_cannot_be_read_is_never_a_no(workflow: str) -> None:
    assert [x for x in found(requires("docs-test"), workflow) if not x.warning] == []


@pytest.mark.parametrize(
    ("workflow", "why"),
    [
        (f"on: push\n{JOB}{JOB}", "one object has twice: jobs"),
        ("on: push\njobs: {a: {}, a: {}}\n", "one object has twice: a"),
        ("jobs: [\n", "while parsing"),
        ("on: push\n", "it has no jobs"),
    ],
)
def test_a_workflow_that_cannot_be_read_is_told(workflow: str, why: str) -> None:
    [finding] = found(requires("docs-test"), workflow)

    assert finding.warning
    assert finding.line.startswith(".github/workflows/w0.yml: the file cannot be read")
    assert why in finding.problem


@pytest.mark.parametrize(
    ("app", "warnings"),
    [(15368, [False]), (None, [True]), (7, [])],
    ids=["GitHub Actions", "anybody", "another app"],
)
def test_a_check_without_a_job_is_an_error_only_where_a_job_must_report(
    app: int | None, warnings: list[bool]
) -> None:
    """P29."""
    findings = found(requires("jenkins", app=app), f"on: pull_request\n{JOB}")

    assert [each.warning for each in findings] == warnings


def test_a_check_of_a_token_is_a_setting() -> None:
    """P29."""
    ours = replace(SETTINGS, policy=PolicySettings(external_checks=("jenkins",)))
    policy = parse_policy(json.dumps([requires("jenkins", app=None)]))

    findings = lint(policy, (), settings=ours)

    assert [x for x in findings if "jenkins" in x.problem] == []


@pytest.mark.parametrize(
    "name",
    [
        "name: >-\n      docs-test",
        "name:\n      docs-test",
        'name: "docs-test"',
        'name: "docs\\x2dtest"',
        "<<: {name: docs-test}",
    ],
)
def test_any_way_to_write_the_name_is_read(name: str) -> None:
    """P30."""
    workflow = f"on: pull_request\njobs:\n  a:\n    {name}\n    runs-on: x\n"

    assert found(requires("docs-test"), workflow) == []


@pytest.mark.parametrize("base", ["", "template"])
def test_our_own_workflows_report_what_our_rules_require(base: str) -> None:
    folder = ROOT / base / ".github/workflows"
    workflows = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.yml")}
    names = ("all-green",) if base else ("all-green", "template-green")

    for name in names:
        policy = parse_policy(json.dumps([requires(name, queue=not base)]))
        findings = lint(policy, jobs_of(workflows))
        assert [x.problem for x in findings if "merge_method" not in x.path] == []


@pytest.mark.parametrize(
    ("branches", "missing"),
    [
        ("[main, master, trunk, '[0-9]*.x']", []),
        ("[main, '1.x']", ["1.4.x"]),
        ("[main, '*.x', '!1.x']", ["1.x"]),
        ("['[0-9]*.x']", ["main"]),
    ],
)
def test_a_line_whose_pushes_start_no_release_is_told(
    branches: str, missing: list[str]
) -> None:
    text = f"on: {{push: {{branches: {branches}}}}}\n{JOB}"
    settings = replace(SETTINGS, lines=("1.x", "1.4.x"))
    policy = parse_policy(json.dumps([MAIN]))

    findings = lint(policy, jobs_of({"release.yml": text}), settings=settings)

    said = [x.problem for x in findings if x.path == "on.push.branches"]
    assert [each.split()[5].rstrip(",") for each in said] == missing


def test_the_workflows_that_we_ship_start_for_every_line() -> None:
    texts = {
        name: (ROOT / "template/.github/workflows" / name).read_text(encoding="utf-8")
        for name in ("release.yml", "ci.yml")
    }
    settings = replace(SETTINGS, lines=("1.x", "1.4.x", "10.0.x"))
    policy = parse_policy(json.dumps([MAIN]))

    findings = lint(policy, jobs_of(texts), settings=settings)

    assert [x.problem for x in findings if x.path == "on.push.branches"] == []
