"""What a workflow does when a job was skipped, when it runs again, with few rights."""

import re
from pathlib import Path

import pytest

from monokeel.ground.answers import as_list, as_object, as_text
from tests.rendered import workflows
from tests.rendered.test_workflows import HERE, WORKFLOWS


@pytest.mark.parametrize("path", HERE, ids=lambda path: path.name)
def test_a_job_behind_one_that_outlives_a_skip_asks_for_it_by_name(path: Path) -> None:
    """A skip goes down the whole chain, whatever lies between (actions/runner#2205)."""
    known = workflows.jobs(path)
    outlives = re.compile(r"\b(?:always|cancelled|failure)\(\)")
    hardy = {name for name, job in known.items() if outlives.search(str(job.get("if")))}

    for name, job in known.items():
        if hardy.intersection(as_list(job.get("needs", []))):
            assert name in hardy, name


@pytest.mark.parametrize(
    "file", ["policy-apply.yml", "policy-drift.yml", "template-update.yml"]
)
def test_what_compares_takes_the_files_of_now_when_it_is_run_again(file: str) -> None:
    """GitHub runs it again with the commit of the first time (its docs, re-running)."""
    [job] = workflows.jobs(WORKFLOWS / file).values()
    [checkout] = [
        as_object(step["with"])
        for step in map(as_object, as_list(job["steps"]))
        if "actions/checkout@" in str(step.get("uses"))
    ]

    assert checkout["ref"] == "${{ github.ref }}"


def test_whoever_asks_the_registry_can_sign_in() -> None:
    """Another one than GitHub's: what nobody can read there, nothing goes past."""
    for path in HERE:
        for name, job in workflows.jobs(path).items():
            for step in map(as_object, as_list(job["steps"])):
                asked = re.search(r"inv (?:release|build|promote|drift)", str(step))
                if asked and "--offline" not in str(step):
                    env = as_object(step.get("env", {}))
                    assert "MONOKEEL_REGISTRY_PASSWORD" in env, f"{path.name}: {name}"


def test_an_edited_file_does_not_keep_the_update_back() -> None:
    """What the check says is said; whoever reads it wants the newer version as well."""
    [job] = workflows.jobs(WORKFLOWS / "template-update.yml").values()
    steps = [as_object(each) for each in as_list(job["steps"])]
    told = [x for x in steps if re.search("inv template.(?:up|ch)", str(x.get("run")))]

    assert len(told) == 2
    assert all("!cancelled()" in as_text(step["if"]) for step in told)


@pytest.mark.parametrize(
    ("file", "name"), [("ci.yml", "test"), ("release.yml", "build")]
)
def test_a_service_is_built_from_its_files_and_not_from_pointers(
    file: str, name: str
) -> None:
    """A repository that adopts us may have files in Git LFS, which checkout omits."""
    steps = map(as_object, as_list(workflows.jobs(WORKFLOWS / file)[name]["steps"]))
    [with_] = [x["with"] for x in steps if "actions/checkout@" in str(x.get("uses"))]

    assert as_object(with_)["lfs"] is True


def test_the_user_of_ecr_is_no_access_key() -> None:
    """docker/login-action takes it for one by the host, and asks AWS for a password.

    docs/reference/registries.md names ``AWS`` and the password itself.
    """
    steps = map(
        as_object, as_list(workflows.jobs(WORKFLOWS / "release.yml")["build"]["steps"])
    )
    [login] = [x["with"] for x in steps if "login-action@" in str(x.get("uses"))]

    assert as_object(login)["ecr"] is False
