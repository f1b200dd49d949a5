"""The seeds are real services: their own tests pass, their images keep our rules."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monokeel.ground.answers import as_list, as_object, as_text
from tests.rendered import workflows
from tests.rendered.renders import ANSWER_SETS, ROOT, Render, settings

HADOLINT = Path(sys.executable).parent / "hadolint"
_CI = ROOT / "template/.github/workflows/ci.yml"
_GREEN = """import unittest

class A(unittest.TestCase):
    def test_a(self):
        pass
"""
LABELS = ("title", "description", "licenses", "source")


def services(render: Render) -> dict[str, Path]:
    """Return the folder of every service of every answer set."""
    return {
        f"{name}: {service.name}": render(answers) / service.path
        for name, answers in ANSWER_SETS.items()
        for service in settings(render(answers)).services
    }


@pytest.mark.parametrize("name", ["api", "web", "worker"])
def test_the_tests_of_a_new_service_pass(
    render: Render, tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(render({}) / "services" / name, tmp_path / name)

    done = subprocess.run(
        ["python3", "-B", "-m", "unittest"],  # as ci.yml runs them
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"Ran [1-9]\d* tests?", done.stderr)


def test_hadolint_finds_nothing(render: Render) -> None:
    files = [folder / "Dockerfile" for folder in services(render).values()]

    done = subprocess.run(
        [HADOLINT, "--config", ROOT / ".hadolint.yaml", *files],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_an_image_runs_as_nobody_and_says_what_it_is(render: Render) -> None:
    for name, folder in services(render).items():
        text = (folder / "Dockerfile").read_text(encoding="utf-8")

        assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", text, re.MULTILINE), name
        assert "\nHEALTHCHECK " in text, name
        assert '\nENTRYPOINT ["' in text, name
        assert "\nSTOPSIGNAL " in text, name
        for label in LABELS:
            assert f'org.opencontainers.image.{label}="' in text, name
        assert "\nRUN " not in text, f"{name}: a build must not need a network"


def test_the_source_of_an_image_is_its_repository(render: Render) -> None:
    project = render(ANSWER_SETS["small"])

    text = (project / "jobs/mailer/Dockerfile").read_text(encoding="utf-8")

    assert '.source="https://github.com/Ann-Example/Mailer_2.0"' in text


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"test": "#!/bin/sh\nexit 3\n", "test_a.py": ""}, 3),
        ({"test_a.py": _GREEN}, 0),
        ({"test_a.py": _GREEN.replace("pass", "self.fail()")}, 1),
    ],
    ids=["its own program", "Python", "a red test"],
)
def test_ci_runs_the_tests_that_a_service_has(
    tmp_path: Path, files: dict[str, str], code: int
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    steps = as_list(workflows.jobs(_CI)["test"]["steps"])
    [step] = [x for x in map(as_object, steps) if x.get("name") == "Test"]

    done = subprocess.run(
        ["bash", "-e", "-c", as_text(step["run"])],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
