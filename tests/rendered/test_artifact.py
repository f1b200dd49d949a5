"""The wheel in template/ops: equal to its sources, the same bytes anywhere."""

import configparser
import email
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from pythons import find

from sandbox.demo.template import release_template
from tests.rendered.renders import ROOT, git

OPS = ROOT / "template" / "ops"
# The backend and what it needs: plain Python, so that another Python can run it.
BACKEND = (
    "hatchling",
    "packaging",
    "pathspec",
    "pluggy",
    "tomlkit",
    "trove_classifiers",
)
# Newer ones than the tests run on, mostly: any of them will do.
OTHERS = [each for each in ("3.13", "3.12", "3.11") if not sys.version.startswith(each)]


def the_wheel(ops: Path) -> Path:
    [wheel] = ops.glob("monokeel-*.whl")
    return wheel


def regenerate(root: Path, python: str = sys.executable, umask: int = 0o022) -> Path:
    """Make the wheel of the checkout at *root* with *python*; return it."""
    packages = root.parent / f"{root.name}-packages"
    packages.mkdir(exist_ok=True)
    for name in BACKEND:
        there = Path(sysconfig.get_path("purelib"), name)
        (packages / name).unlink(missing_ok=True)
        (packages / name).symlink_to(there)
    subprocess.run(
        [python, "-P", str(root / "scripts/regen.py"), "wheel"],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTHONPATH": os.pathsep.join((str(root / "src"), str(packages))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": "Pacific/Kiritimati" if umask == 0o077 else "UTC",
        },
        umask=umask,
        check=True,
    )
    return the_wheel(root / "template/ops")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this working tree with its wheel made now."""
    root = tmp_path_factory.mktemp("made") / "monokeel"
    release_template(root)
    regenerate(root)
    return root


def test_the_wheel_holds_the_package_as_it_is_in_src() -> None:
    with zipfile.ZipFile(the_wheel(OPS)) as wheel:
        packed = {n: wheel.read(n) for n in wheel.namelist() if "dist-info/" not in n}

    sources = {
        path.relative_to(ROOT / "src").as_posix(): path.read_bytes()
        for path in (ROOT / "src/monokeel").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(packed) == sorted(sources)
    assert packed == sources


def test_uvx_and_pipx_find_the_program_in_the_wheel() -> None:
    """As in ``uvx --from ops/monokeel-1.0.0-py3-none-any.whl monokeel --version``."""
    with zipfile.ZipFile(the_wheel(OPS)) as wheel:
        [name] = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
        found = configparser.ConfigParser()
        found.read_string(wheel.read(name).decode())
    module, _, function = found["console_scripts"]["monokeel"].partition(":")

    assert callable(getattr(importlib.import_module(module), function))


def test_the_wheel_made_now_is_the_one_in_the_template(made: Path) -> None:
    assert the_wheel(made / "template/ops").read_bytes() == the_wheel(OPS).read_bytes()


def test_the_wheel_has_the_version_of_the_template() -> None:
    version = (ROOT / "TEMPLATE_VERSION").read_text().strip()
    with zipfile.ZipFile(the_wheel(OPS)) as wheel:
        metadata = wheel.read(f"monokeel-{version}.dist-info/METADATA")

    assert email.message_from_bytes(metadata)["Version"] == version


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-template.txt"])
def test_each_lock_names_the_wheel_with_its_hash(name: str) -> None:
    wheel = the_wheel(OPS)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()

    lines = (OPS / name).read_text().splitlines()

    assert lines[0] == f"./{wheel.name} --hash=sha256:{digest}"
    named = [line for line in lines[1:] if not line.lstrip().startswith("#")]
    assert not [line for line in named if "monokeel" in line]


def test_any_machine_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    python = next(filter(None, map(find, OTHERS)), None)
    if python is None:
        pytest.skip(f"there is no Python {' or '.join(OTHERS)} here")
    old = os.umask(0o077)
    try:
        git(
            made.parent, "clone", "-q", "--no-hardlinks", str(made), str(tmp_path / "b")
        )
    finally:
        os.umask(old)
    the_wheel(tmp_path / "b/template/ops").unlink()

    wheel = regenerate(tmp_path / "b", python, umask=0o077)

    assert wheel.read_bytes() == the_wheel(made / "template/ops").read_bytes()


def test_a_changed_source_changes_the_wheel(made: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(made, tmp_path / "b"))
    with (other / "src/monokeel/__init__.py").open("a") as file:
        file.write("# another line\n")

    wheel = regenerate(other)

    assert wheel.read_bytes() != the_wheel(made / "template/ops").read_bytes()


def test_git_knows_the_wheel_as_binary_and_ops_as_generated(made: Path) -> None:
    wheel = f"ops/{the_wheel(OPS).name}"
    asked = ("check-attr", "linguist-generated", "diff", "text", "--", wheel)

    said = git(made / "template", *asked)

    assert said.splitlines() == [
        f"{wheel}: linguist-generated: true",
        f"{wheel}: diff: unset",
        f"{wheel}: text: unset",
    ]
