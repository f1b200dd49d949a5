import pytest

from monokeel.policy.checks import jobs_of, reporting

WORKFLOW = """\
name: CI
on:
  pull_request:
env: {A: b}
jobs: # all of them
  plan:
    runs-on: ubuntu-24.04
    steps:
      - name: not-a-job
        run: |
          jobs:
            neither-this: 1
  named:
    name: "Unit tests"  # shown
    runs-on: x
  matrix:
    strategy:
      matrix: {python: ["3.11"]}
    runs-on: x
  spelt:
    name: test ${{ matrix.python }} on linux
    strategy:
      matrix: {python: ["3.11"]}
  'quoted':
    uses: ./.github/workflows/other.yml
  all-green:
    if: ${{ always() }}
"""


@pytest.mark.parametrize(
    ("context", "reported"),
    [
        ("plan", True),
        ("named", False),
        ("Unit tests", True),
        ("matrix", True),
        ("matrix (3.11)", True),
        ("test 3.11 on linux", True),
        ("test", False),
        ("quoted / build", True),
        ("quoted", False),
        ("all-green", True),
        ("all", False),
        ("CI", False),
        ("not-a-job", False),
        ("neither-this", False),
        ("runs-on", False),
    ],
)
def test_a_job_reports_under_its_name(context: str, *, reported: bool) -> None:
    assert bool(reporting(jobs_of({"ci.yml": WORKFLOW}), context)) is reported


FLOW = (
    "on: {pull_request: }\njobs: {test: {name: Unit, runs-on: x}, other: {uses: y}}\n"
)
ANCHOR = """\
jobs:
  first: &job
    runs-on: x
  second:
    <<: *job
    name: Second
  third: *job
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(FLOW, ["Unit", "other"], id="flow style"),
        pytest.param(ANCHOR, ["first", "Second", "third"], id="anchors"),
        pytest.param("jobs:\n  on: {x: 1}\n  1: {x: 1}\n", ["on", "1"], id="strings"),
        pytest.param('"jobs":\n      a: {name: }\n', ["a"], id="no name"),
    ],
)
def test_any_style_of_yaml_is_read(text: str, names: list[str]) -> None:
    jobs = jobs_of({"ci.yml": text})

    assert [job.name for job in jobs] == names
    assert not reporting(jobs, "anything")


@pytest.mark.parametrize(
    "text",
    ["jobs: *all\n", "jobs: [\n", "jobs: 1\n", "name: x\n", "jobs:\n  a: b\n", ""],
)
def test_what_cannot_be_read_is_never_a_no(text: str) -> None:
    assert reporting(jobs_of({"ci.yml": text}), "anything")


def test_the_jobs_of_every_workflow_count() -> None:
    one, other = "jobs:\n    a:\n        x: 1\n", "jobs:\n  b:\n    x: 1\n"

    assert [job.name for job in jobs_of({"2.yml": other, "1.yml": one})] == ["a", "b"]
