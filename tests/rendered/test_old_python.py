"""The launcher where ``python3`` is older than the tasks need."""

import json
import sys
from pathlib import Path

import pytest

from tests.rendered.launching import MAIN, environment, launch, make_shop

_OLD = """#!/bin/sh
exec "{python}" -c 'import runpy, sys
sys.version_info, sys.argv = (3, 10, 4), sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
"""
_UV = """#!/bin/sh
case "$2" in
  find) test -e "{shop}/made" && echo "{python}" ;;
  install) echo no network here; test -e "{shop}/net" && : > "{shop}/made" ;;
  *) exit 9 ;;
esac
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_shop(tmp_path)


def old_python(shop: Path, **more: str) -> dict[str, str]:
    """Return variables with a python3 that says it is 3.10, and *more* programs."""
    programs = shop.parent / "old"
    programs.mkdir()
    for name, text in {"python3": _OLD, **more}.items():
        written = text.format(python=sys.executable, shop=shop)
        (programs / name).write_text(written)
        (programs / name).chmod(0o755)
    return {"PATH": str(programs), "HOME": str(shop.parent)}


def with_packages(shop: Path, env: dict[str, str]) -> dict[str, str]:
    """Make the environment of the tasks, which an old Python does not look at."""
    assert launch(shop, environment(shop), "first").returncode == 0
    return env


@pytest.mark.parametrize("minor", [11, 12, 14])
def test_an_old_python_hands_over_to_a_newer_one(shop: Path, minor: int) -> None:
    """T36: python3 of Ubuntu 22.04 and RHEL 9, with a newer one beside it."""
    newer = '#!/bin/sh\nexec "{python}" "$@"\n'
    env = with_packages(shop, old_python(shop, **{f"python3.{minor}": newer}))

    done = launch(shop, env, "status", "--x=a b")

    assert json.loads(done.stdout)["arguments"] == ["status", "--x=a b"], done.stderr


@pytest.mark.parametrize("there", ["made", "net"])
def test_an_old_python_alone_gets_one_from_uv(shop: Path, there: str) -> None:
    env = with_packages(shop, old_python(shop, uv=_UV))
    (shop / there).touch()

    done = launch(shop, env, "status")

    assert json.loads(done.stdout)["arguments"] == ["status"], done.stderr


@pytest.mark.parametrize(
    ("programs", "code", "said"),
    [
        pytest.param({}, 1, "python3.19, nor uv here.", id="nothing newer"),
        pytest.param({"python3.12": _OLD}, 1, "python3.19, nor uv", id="a lie"),
        pytest.param({"uv": _UV}, 4, "no network here", id="uv without a network"),
    ],
)
def test_an_old_python_alone_is_told_so(
    shop: Path, programs: dict[str, str], code: int, said: str
) -> None:
    done = launch(shop, old_python(shop, **programs), "status")

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_completion_installs_no_python(shop: Path) -> None:
    (shop / "net").touch()

    launch(shop, old_python(shop, uv=_UV), "completion", "--", "")

    assert not (shop / "made").exists()


def test_an_old_python_starts_the_one_that_is_named(shop: Path) -> None:
    env = {**old_python(shop), "MONOKEEL_PYTHON": sys.executable}
    (shop.parent / "packages/monokeel").mkdir(parents=True)
    (shop.parent / "packages/monokeel/__init__.py").touch()
    (shop.parent / "packages/monokeel/__main__.py").write_text(MAIN)
    env["PYTHONPATH"] = str(shop.parent / "packages")

    done = launch(shop, env, "status")

    assert json.loads(done.stdout)["arguments"] == ["status"], done.stderr
