"""A secret in a file is gone after the run, and after the next one if it was killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from monokeel.adapters.credentials import private_folder

_WAITS = """
import sys
from monokeel.adapters.credentials import private_folder
with private_folder() as folder:
    (folder / "key").write_text("a key")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def start() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_folder_is_ours_alone_and_removed(temporary: Path) -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700

    assert list(temporary.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(temporary: Path) -> None:
    """S16."""
    process, left = start()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (left / "key").read_text() == "a key"

    with private_folder() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_the_folder_of_a_run_that_lives_stays(temporary: Path) -> None:
    process, other = start()

    with private_folder():
        assert (other / "key").read_text() == "a key"
    process.communicate("")

    assert list(temporary.iterdir()) == []


def test_a_link_in_the_place_of_a_folder_is_not_followed(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    (temporary / "monokeel-private-x").symlink_to(elsewhere)

    with private_folder():
        pass

    assert (elsewhere / "held").exists()
