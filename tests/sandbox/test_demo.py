"""The demo leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST = "━━ 1."


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_removes_all_it_made(
    tmp_path: Path, end: signal.Signals
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "sandbox.demo", "--keep"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with child:
        said = next(line for line in child.stdout or () if line.startswith(FIRST))
        os.killpg(child.pid, end)
        child.communicate()  # else its last words meet a closed pipe

    assert said.startswith(FIRST)
    assert child.returncode in {130, 143}
    assert list(tmp_path.iterdir()) == []


def test_the_script_takes_options_as_people_type_them() -> None:
    text = (ROOT / "scripts/demo.sh").read_text(encoding="utf-8")

    assert text.splitlines()[-1].endswith('sandbox.demo "$@"')
