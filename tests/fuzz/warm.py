"""A process that has the program loaded, and forks one of its own for each run.

Each run is a process as always (environment, folder, exit code, output), but for the
third of a second in which Python loads the modules. ``python -m tests.fuzz.warm`` reads
a run as a line of JSON from stdin and answers with its exit code.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.tasks.program import main

ROOT = Path(__file__).parents[2]
_MEMORY = 2 << 30
# What a task imports when it runs, so that no child has to.
LOADED = ("adapters.builder", "adapters.deployments", "adapters.releases")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Warm:
    """The process behind *child*; what runs print lies in *folder*."""

    child: subprocess.Popen[str]
    folder: Path

    def run(self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Ended:
        """Run the program with *args* to its end."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        files = [str(self.folder / "out"), str(self.folder / "err")]
        run = {"args": list(args), "cwd": str(cwd), "env": dict(env), "files": files}
        self.child.stdin.write(json.dumps(run) + "\n")
        self.child.stdin.flush()
        code = int(self.child.stdout.readline())
        out, err = (Path(x).read_text("utf-8", "surrogateescape") for x in files)
        return Ended(code=code, out=out, err=err)


@contextmanager
def warm(folder: Path) -> Iterator[Warm]:
    """Give a process that runs the program, until the end of the block."""
    pipe = subprocess.PIPE
    args = [sys.executable, "-P", "-m", "tests.fuzz.warm"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        args, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=env
    ) as child:
        try:
            yield Warm(child=child, folder=folder)
        finally:
            assert child.stdin is not None
            child.stdin.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    with warm(tmp_path_factory.mktemp("runs")) as started:
        yield started


def _become(run: dict[str, list[str]], cwd: str, env: dict[str, str]) -> None:
    """Be the program, from here on."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number, name in enumerate(run["files"], start=1):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sys.argv = ["monokeel", *run["args"]]
    main()


def serve() -> None:
    """Fork for each line of stdin; say how each child ended."""
    for module in LOADED:
        importlib.import_module(f"monokeel.{module}")
    for line in sys.stdin:
        run = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _become(run, run["cwd"], run["env"])
            except SystemExit as ended:
                sys.stdout.flush()
                os._exit(int(ended.code or 0))
            except BaseException:  # noqa: BLE001 - as Python ends a program
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
