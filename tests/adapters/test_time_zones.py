"""The time zones of freezes, on a machine that has no database of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monokeel.adapters.machine import time_zone
from monokeel.ground.errors import UsageError

OPS = Path(__file__).parents[2] / "template/ops"


def test_a_zone_is_there_without_the_files_of_the_machine() -> None:
    code = (
        "from monokeel.adapters.machine import time_zone as z; print(z('Asia/Tokyo'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("Asia/Tokyo\n", "")


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-template.txt"])
def test_the_database_is_locked(lock: str) -> None:
    lines = (OPS / lock).read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("tzdata==")]


@pytest.mark.parametrize("name", ["Europe/Berlni", "../etc/passwd", ""])
def test_a_zone_that_is_not_there_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        time_zone(name)

    assert "there is no time zone" in caught.value.problem
