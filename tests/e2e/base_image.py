"""A base image cut from this machine: its Python and what that loads, nothing else.

So containers can be built and run with no network. It has no shell.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

BASE = "localhost/base:1"
_LEFT_OUT = ("__pycache__", "test", "tests", "site-packages", "idlelib", "tkinter")
_MORE_LEFT_OUT = ("ensurepip", "lib2to3", "turtledemo", "config-*", "_tkinter*")
NOT_HERE = [
    name for name in ("buildah", "ldd", "unshare") if shutil.which(name) is None
]


class Builder:
    """buildah with a storage of its own under *home*."""

    def __init__(self, home: Path) -> None:
        self.options = (
            *("--root", str(home / "storage"), "--runroot", str(home / "run")),
            *("--storage-driver", "vfs"),
        )

    def run(self, *arguments: str | Path) -> str:
        """Return what buildah printed on stdout."""
        command, *rest = map(str, arguments)
        done = subprocess.run(
            ["buildah", *self.options, command, *rest],
            env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def make_base(self, work: Path) -> None:
        """Make the image localhost/base:1 from this machine's Python."""
        make_root(work)
        container = self.run("from", "--pull-never", "scratch")
        self.run("copy", container, work, "/")
        self.run("commit", "--rm", container, BASE)

    def build(self, context: Path, image: str) -> None:
        """Build the Dockerfile in *context* on the base image, as *image*."""
        options = ("--pull-never", "--from", BASE, "--tag", image)
        self.run("build", *options, context)


def make_root(target: Path) -> None:
    """Fill *target* with a root file system that can run ``python3``."""
    library = Path(sysconfig.get_path("stdlib"))
    program = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    shutil.copytree(
        library,
        _inside(target, library),
        ignore=shutil.ignore_patterns(*_LEFT_OUT, *_MORE_LEFT_OUT),
    )
    # Not those of site-packages: numpy's are as large as all the rest.
    modules = _inside(target, library).rglob("*.so")
    for path in {program, *_libraries([program, *modules])}:
        _inside(target, path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, _inside(target, path))
    link = target / "usr/bin/python3"
    if link != _inside(target, program):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(program)
    (target / "tmp").mkdir()
    (target / "tmp").chmod(0o1777)


def _inside(target: Path, path: Path) -> Path:
    return target / path.relative_to("/")


def _libraries(programs: list[Path]) -> set[Path]:
    done = subprocess.run(
        ["ldd", *programs], capture_output=True, encoding="utf-8", check=False
    )
    words = done.stdout.split()
    return {Path(word) for word in words if word.startswith("/") and word[-1] != ":"}
