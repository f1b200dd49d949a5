import pytest

from monokeel.policy.workflow_jobs import jobs_of, reports

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
    assert reports(jobs_of({"ci.yml": WORKFLOW}), context) is reported


@pytest.mark.parametrize(
    "text",
    ["jobs: {test: {runs-on: x}}\n", "jobs:\n  test: {runs-on: x}\n", "jobs: *all\n"],
    ids=["flow style", "a job in flow style", "an alias"],
)
def test_what_cannot_be_read_is_never_a_no(text: str) -> None:
    assert reports(jobs_of({"ci.yml": text}), "anything")


def test_the_jobs_of_every_workflow_count() -> None:
    one, other = "jobs:\n    a:\n        x: 1\n", "jobs:\n  b:\n    x: 1\n"

    assert [job.name for job in jobs_of({"2.yml": other, "1.yml": one})] == ["a", "b"]
