import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.act_downlevel import copy_repository, downlevel
from tests.rendered.renders import TEMPLATE

WORKFLOWS = sorted((TEMPLATE / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize(
    "newer",
    [
        "  queue: max\n",
        "cache-mode: none\n",
        "      artifact-metadata: write # why\n",
        "      deployment: false # why\n",
        "      deployment: ${{ inputs.x }}\n",
    ],
    ids=str.strip,
)
def test_newer_syntax_is_taken_out_and_nothing_else(newer: str) -> None:
    assert downlevel(f"a: 1\n{newer}b: 2\n") == "a: 1\nb: 2\n"


def test_an_older_file_stays_byte_for_byte() -> None:
    text = (TEMPLATE / ".github/workflows/ci.yml").read_text(encoding="utf-8")

    assert downlevel(text) == text


def test_act_reads_every_workflow(tmp_path: Path) -> None:
    copy = copy_repository(TEMPLATE, tmp_path / "copy")
    act = Path(sys.executable).parent / "act"

    for path in WORKFLOWS:
        done = subprocess.run(
            [act, "--list", "-W", copy / ".github/workflows" / path.name],
            cwd=copy,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{path.name}: {done.stderr}"
