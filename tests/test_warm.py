"""A run of the loaded program is as one of a Python that is started now."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import warm

PROBE = """\
import os, plumbum, resource, sys, time
mask = os.umask(0)
print(sys.argv[1:], os.getcwd(), mask, resource.getrlimit(resource.RLIMIT_AS))
print(sorted(plumbum.local.env.getdict().items()), plumbum.local.cwd)
print(sorted(os.environ.items()), time.localtime(0).tm_hour, __name__, sys.stdin.read())
print(sys.stdout.isatty(), sys.modules["__main__"].__file__)
"""


STREAMS = """\
import sys
for stream in (sys.stdin, sys.stdout, sys.stderr):
    stream.reconfigure(errors="backslashreplace")
print("\\udcff", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    return tmp_path


def run(python: str, folder: Path, code: str) -> tuple[int, str, str]:
    """Run *code* as a module in *python*; return its end, and what it printed."""
    (folder / "probe.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [python, "-P", "-m", "probe", "a b", "", "ü"],
        cwd=folder / "deep",
        env={"PYTHONPATH": str(folder), "TZ": "Asia/Tokyo", "EMPTY": ""},
        input="said",
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        umask=0o027,
        check=False,
    )
    return done.returncode, done.stdout, "".join(done.stderr.splitlines()[-1:])


@pytest.mark.parametrize(
    "code",
    [
        PROBE,
        "import sys; print('out'); sys.exit(3)",
        "import sys; print('out'); sys.exit('why')",
        "print('before'); raise SystemExit",
        "import os; os.write(1, b'\\xff'); os._exit(7)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        STREAMS,
        "import sys; print('err', file=sys.stderr); sys.stdin.read(2); print(input())",
        "import atexit; atexit.register(print, 'last')",
        "import subprocess; subprocess.run(['sh', '-c', 'pwd; exit 9'], check=True)",
        "1 / 0",
    ],
)
def test_it_is_as_a_python_that_is_started_now(folder: Path, code: str) -> None:
    assert run(warm.program(), folder, code) == run(sys.executable, folder, code)


def test_runs_at_once_do_not_wait_for_each_other(folder: Path) -> None:
    """Each writes into a pipe that the other one reads."""
    code = "import sys; print(len(sys.stdin.readline()), flush=True); input()"
    (folder / "probe.py").write_text(code, encoding="utf-8")
    command = [warm.program(), "-P", "-m", "probe"]
    env = {"PYTHONPATH": str(folder)}
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as one,
        subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as two,
    ):
        for each in (two, one, two, one):
            assert each.stdin is not None
            each.stdin.write("x\n")
            each.stdin.flush()
        assert [each.communicate()[0] for each in (one, two)] == ["2\n", "2\n"]
        assert (one.returncode, two.returncode) == (0, 0)


def test_a_run_whose_client_is_killed_ends(folder: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    (folder / "probe.py").write_text(code, encoding="utf-8")
    command = [warm.program(), "-P", "-m", "probe"]
    env = {"PYTHONPATH": str(folder)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        number = int(client.stdout.readline())
        client.kill()

    assert client.returncode == -signal.SIGKILL
    until = time.monotonic() + 30
    while Path(f"/proc/{number}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
