"""Every workflow, here and in a rendered project, passes every checker."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from monokeel.ground.answers import as_list, as_object, as_text
from tests.rendered import workflows
from tests.rendered.renders import ROOT, TEMPLATE, Render, settings

HERE = sorted((ROOT / ".github/workflows").glob("*.yml"))
BIN = Path(sys.executable).parent
NAMES = {
    "ci.yml": "CI",
    "release.yml": "Release",
    "deploy.yml": "Deploy",
    "policy-drift.yml": "Policy Drift Detection",
    "template-update.yml": "Template Update Check",
}

WORKFLOWS = ROOT / "template/.github/workflows"


def check(directory: Path, program: str, *arguments: str | Path) -> str:
    """Return what *program* printed; AssertionError if it found anything."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BIN / program, *arguments],
        cwd=directory,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session", params=["here", "rendered"])
def repository(request: pytest.FixtureRequest, render: Render) -> Path:
    return ROOT if request.param == "here" else render({})


def files_of(repository: Path) -> list[Path]:
    return sorted((repository / ".github/workflows").glob("*.yml"))


def test_zizmor_finds_nothing(repository: Path) -> None:
    options = ("--no-config", "--strict-collection", "--persona=auditor", "--quiet")

    check(repository, "zizmor", "--offline", *options, ".github")


def test_the_first_actionlint_finds_nothing(repository: Path) -> None:
    output = check(repository, "actionlint", *files_of(repository))

    assert output == ""


def test_the_second_actionlint_finds_nothing(repository: Path) -> None:
    output = check(repository, "jactionlint", "-p", "pedantic", *files_of(repository))

    assert output == ""


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_the_files_fit_the_schema(repository: Path, schema: str) -> None:
    files = files_of(repository)

    check(repository, "check-jsonschema", "--builtin-schema", schema, *files)


def test_dependabot_leaves_alone_what_the_template_moves(project: Path) -> None:
    """T8, T11: two that move the same pins meet in every update."""
    text = (project / ".github/dependabot.yml").read_text(encoding="utf-8")
    entries = {
        each["package-ecosystem"]: each for each in yaml.safe_load(text)["updates"]
    }

    ours = {f".github/workflows/{path.name}" for path in WORKFLOWS.glob("*.yml")}
    assert set(entries["github-actions"]["exclude-paths"]) == ours
    assert entries["docker"]["directories"] == ["**/*"]  # T28: no list to forget
    assert entries["pip"]["directory"] == "/ops"
    assert entries["pip"]["ignore"] == [{"dependency-name": "*"}]


def test_dependabot_fits_the_schema(project: Path) -> None:
    schema = ("--builtin-schema", "vendor.dependabot")

    for directory in (project, ROOT):
        check(directory, "check-jsonschema", *schema, ".github/dependabot.yml")


@pytest.mark.parametrize("path", HERE, ids=lambda path: path.name)
def test_a_workflow_keeps_our_own_rules(path: Path) -> None:
    assert workflows.problems(path) == []


@pytest.mark.parametrize(("file", "name"), NAMES.items(), ids=NAMES)
def test_a_workflow_has_the_name_that_the_guide_uses(file: str, name: str) -> None:
    assert workflows.read(TEMPLATE / ".github/workflows" / file)["name"] == name


def test_a_release_uses_no_cache() -> None:
    path = TEMPLATE / ".github/workflows/release.yml"
    text = path.read_text(encoding="utf-8")

    assert workflows.read(path)["cache-mode"] == "none"
    assert text.count("enable-cache: false") == text.count("astral-sh/setup-uv@")
    assert text.count("cache-binary: false") == text.count("docker/setup-buildx")
    assert re.findall(r"^\s+cache(?:-from|-to)?:", text, re.MULTILINE) == []


def test_a_release_by_hand_releases_unless_a_plan_is_asked_for() -> None:
    """D10: the guide says to run it again; the summary of a plan begins with that."""
    path = WORKFLOWS / "release.yml"
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    steps = loaded["jobs"]["plan"]["steps"]
    [told] = [x for x in steps if "$GITHUB_STEP_SUMMARY" in x.get("run", "")]
    [planned] = [x for x in steps if x.get("id") == "plan"]

    given = loaded["on"]["workflow_dispatch"]["inputs"]
    assert given["dry-run"]["default"] == "false"
    assert told["if"] == "${{ inputs.dry-run }}"
    assert "Plan only" in told["run"]
    assert steps.index(told) < steps.index(planned)


@pytest.mark.parametrize(
    ("job", "command"),
    [
        ("names", "./inv release --dry-run --offline"),
        ("policy", "./inv policy.plan --preview --allow-unverified bypass_actors"),
    ],
)
def test_a_pull_request_shows_what_it_would_do(job: str, command: str) -> None:
    """D42: in the summary, which the tasks write; it holds nothing up."""
    steps = [
        as_object(x)
        for x in as_list(workflows.jobs(WORKFLOWS / "ci.yml")[job]["steps"])
    ]

    [shown] = [step for step in steps if step.get("run") == command]
    assert shown["continue-on-error"] is True


def test_attested_is_only_what_the_job_has_built() -> None:
    """S2, R28: an image that was there would get our signature."""
    build = workflows.jobs(TEMPLATE / ".github/workflows/release.yml")["build"]
    steps = [as_object(each) for each in as_list(build["steps"])]
    [step] = [each for each in steps if "actions/attest@" in str(each.get("uses"))]

    assert as_text(step["if"]).startswith(
        "${{ steps.image.outputs.built == 'true' && ("
    )
    digest = as_object(step["with"])["subject-digest"]
    assert digest == "${{ steps.image.outputs.digest }}"


@pytest.mark.parametrize("path", HERE, ids=lambda path: path.name)
def test_a_token_is_given_to_single_steps(path: Path) -> None:
    """S17, R43: the installer and other people's actions have none of ours."""
    assert workflows.loose_secrets(path) == []


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (
            "permissions: {}\n",
            "permissions: {}\n\nenv:\n  X: ${{ github.token }}\n",
            "",
        ),
        (
            "    env:\n      OTHER:",
            "    env:\n      X: ${{ secrets.X }}\n      OTHER:",
            "build",
        ),
        (
            "      - name: Install the tasks\n",
            "      - name: Install the tasks\n        env: {X: '${{ secrets.X }}'}\n",
            "plan, Install the tasks",
        ),
        (
            "        with:\n          version: 0.13.9\n",
            (
                "        with:\n          github-token: ${{ secrets['X'] }}\n"
                "          version: 0.13.9\n"
            ),
            "plan, astral-sh/setup-uv",
        ),
        (
            "        run: ./inv release --dry-run\n",
            "        run: npm ci && ./inv release --dry-run\n",
            "plan, Plan",
        ),
        (
            "      needed: ${{",
            "      x: ${{ toJSON(secrets) }}\n      needed: ${{",
            "plan",
        ),
    ],
    ids=["workflow", "job", "installer", "action", "script", "output"],
)
def test_a_token_in_the_wrong_place_is_found(
    tmp_path: Path, before: str, after: str, place: str
) -> None:
    text = (TEMPLATE / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "release.yml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")

    assert workflows.loose_secrets(path) == [place]


def test_a_release_may_have_a_token_of_its_own() -> None:
    """R47: the registry still gets the token of the job."""
    publish = workflows.jobs(TEMPLATE / ".github/workflows/release.yml")["publish"]
    steps = [as_object(each) for each in as_list(publish["steps"])]
    [env] = [as_object(each["env"]) for each in steps if each.get("name") == "Publish"]

    wanted = "${{ secrets.MONOKEEL_RELEASE_TOKEN || github.token }}"
    assert env["GITHUB_TOKEN"] == wanted
    assert env["MONOKEEL_PACKAGES_TOKEN"] == "${{ github.token }}"


def test_a_secret_belongs_to_an_environment() -> None:
    for path in HERE:
        for name, job in workflows.jobs(path).items():
            assert "secrets." not in json.dumps(job) or "environment" in job, name


def test_an_action_has_one_version_everywhere() -> None:
    pins = defaultdict(set)
    for path in (*HERE, *(TEMPLATE / ".github/workflows").glob("*.yml")):
        for each in workflows.uses(path.read_text(encoding="utf-8")):
            pins[each.partition("@")[0]].add(each)

    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def test_the_required_checks_are_jobs_of_ours() -> None:
    for repository, gates in (
        (ROOT, {"all-green", "template-green"}),
        (TEMPLATE, {"all-green"}),
    ):
        [rules] = (repository / "infra").glob("rulesets.json*")
        required = set(re.findall(r'"context": "([^"]+)"', rules.read_text()))
        produced = {
            as_text(job["name"])
            for path in (repository / ".github/workflows").glob("*.yml")
            for job in workflows.jobs(path).values()
        }
        assert required == gates
        assert required <= produced


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("# v7.0.1", "", "not pinned"),
        ("# v7.0.1", "# v7", "not pinned"),
        ("services=$(./inv", 'echo "$(./inv', "failure unseen"),
        ("    timeout-minutes: 10\n", "", "no timeout"),
        ("ubuntu-24.04", "ubuntu-latest", "runs on"),
        ("needs: [plan, names, policy, test]", "needs: [plan, test]", "does not need"),
        ("if: ${{ always() }}", "if: ${{ success() }}", "not always there"),
        ("permissions: {}\n\nconcurrency", "concurrency", "at the top"),
    ],
    ids=lambda value: value.strip()[:30],
)
def test_our_own_rules_find_a_planted_problem(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    text = (TEMPLATE / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "ci.yml").write_text(text.replace(before, after), encoding="utf-8")

    assert problem in "\n".join(workflows.problems(tmp_path / "ci.yml"))


def gate(needs: dict[str, str], **environment: str) -> tuple[int, str]:
    """Run the gate of ci.yml on the results *needs*; return its code and output."""
    [script] = [
        each
        for each in workflows.scripts(TEMPLATE / ".github/workflows/ci.yml")
        if "jq -re" in each
    ]
    results = {name: {"result": result} for name, result in needs.items()}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        env={**os.environ, "NEEDS": json.dumps(results), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


ALL_WELL = dict.fromkeys(("plan", "names", "policy", "test"), "success")
ON_MAIN = {"NO_NAMES": "names", "NO_TESTS": ""}
ON_REQUEST = {"NO_NAMES": "", "NO_TESTS": ""}
NO_SERVICES = {"NO_NAMES": "", "NO_TESTS": "test"}


@pytest.mark.parametrize(
    ("changes", "skips"),
    [
        ({}, ON_REQUEST),
        ({"names": "skipped"}, ON_MAIN),
        ({"test": "skipped"}, NO_SERVICES),
        (
            {"names": "skipped", "test": "skipped"},
            {"NO_NAMES": "names", "NO_TESTS": "test"},
        ),
    ],
    ids=["all well", "no pull request", "no services", "neither"],
)
def test_the_gate_opens(changes: dict[str, str], skips: dict[str, str]) -> None:
    code, _ = gate({**ALL_WELL, **changes}, **skips)

    assert code == 0


@pytest.mark.parametrize(
    ("job", "result", "skips"),
    [
        *itertools.product(ALL_WELL, ("failure", "cancelled"), (ON_MAIN, NO_SERVICES)),
        *itertools.product(ALL_WELL, ("skipped",), (ON_REQUEST,)),
        ("test", "skipped", ON_MAIN),
        ("names", "skipped", NO_SERVICES),
        ("plan", "skipped", {"NO_NAMES": "names", "NO_TESTS": "test"}),
    ],
    ids=str,
)
def test_the_gate_stays_shut(job: str, result: str, skips: dict[str, str]) -> None:
    code, output = gate({**ALL_WELL, job: result}, **skips)

    assert code != 0
    assert f"::error::{job}: {result}" in output


def test_every_image_of_a_dockerfile_is_pinned_where_a_robot_sees_it(
    project: Path,
) -> None:
    for service in settings(project).services:
        text = (project / service.path / "Dockerfile").read_text(encoding="utf-8")

        assert workflows.loose_images(text) == []


def test_an_image_without_digest_is_found() -> None:
    pinned = f"python:3@sha256:{'a' * 64}"
    text = f"ARG A={pinned}\nFROM ${{A}}\nFROM x\nFROM {pinned} AS base\n"

    assert workflows.loose_images(text) == ["${A}", "x"]


def test_every_job_says_why_it_may_write() -> None:
    for path in HERE:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r" {6}[a-z-]+: (?:write|read)\b", line):
                assert "contents: read" in line or "# " in line, f"{path.name}: {line}"


def test_permissions_are_given_to_jobs_alone() -> None:
    for path in HERE:
        for name, job in workflows.jobs(path).items():
            assert as_object(job["permissions"]) or name in workflows.GATES.values()


def test_no_job_starts_from_what_another_one_stored(repository: Path) -> None:
    """S12, S13: what a pull request's tests stored would end in a privileged job.

    The hashes of the requirements do not help: a changed file in uv's cache is
    installed without a word. setup-uv caches by default (since v5).
    """
    for path in files_of(repository):
        for job in workflows.jobs(path).values():
            for step in map(as_object, as_list(job["steps"])):
                used = str(step.get("uses", ""))
                assert not used.startswith("actions/cache"), path.name
                if used.startswith("astral-sh/setup-uv@"):
                    given = as_object(step["with"])
                    assert given.get("enable-cache") is False, path.name
