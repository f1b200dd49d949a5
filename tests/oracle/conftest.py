"""Where the oracle comes from: npm's semantic-release, pinned by the lock file here."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monokeel.adapters.process import run
from monokeel.ground.answers import Json, as_list
from monokeel.ground.errors import ServiceError

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / ".cache" / "oracle"
_PINNED = ("package.json", "package-lock.json")
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
_TIME_LIMIT_S = 1800.0
# Read before the tests are cut off from the network: installing needs it.
_OUTSIDE = dict(os.environ)
_DEFAULT_COUNT = 500

Ask = Callable[[dict[str, Json]], list[Json]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--oracle-count",
        type=int,
        default=int(_OUTSIDE.get("MONOKEEL_ORACLE_COUNT", _DEFAULT_COUNT)),
        help="how many generated histories are compared with npm, for each rule set",
    )


@pytest.fixture(scope="session")
def oracle_count(pytestconfig: pytest.Config) -> int:
    count = pytestconfig.getoption("--oracle-count", default=None)
    return int(_OUTSIDE.get("MONOKEEL_ORACLE_COUNT", count or _DEFAULT_COUNT))


@pytest.fixture(scope="session")
def oracle_folder() -> Path:
    """The folder with npm's packages; installs them once, skips where that fails."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: nothing was compared with npm")
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed():
            _install()
    return _CACHE


@pytest.fixture(scope="session")
def ask(oracle_folder: Path) -> Ask:
    """Put one question to npm's packages and return its answers."""

    def put(question: dict[str, Json]) -> list[Json]:
        done = run(
            ["node", str(_HERE / "driver.mjs")],
            cwd=oracle_folder,
            stdin=json.dumps(question),
            timeout_s=_TIME_LIMIT_S,
        )
        answers: Json = json.loads(done.stdout)
        return as_list(answers)

    return put


def _is_installed() -> bool:
    same = all(
        (_CACHE / name).exists()
        and (_CACHE / name).read_bytes() == (_HERE / name).read_bytes()
        for name in _PINNED
    )
    return same and (_CACHE / "node_modules" / ".package-lock.json").exists()


def _install() -> None:
    for name in _PINNED:
        shutil.copy(_HERE / name, _CACHE / name)
    closed = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
    try:
        run(_INSTALL, cwd=_CACHE, env=closed | _OUTSIDE, timeout_s=_TIME_LIMIT_S)
    except ServiceError as error:
        (_CACHE / "package-lock.json").unlink()
        pytest.skip(f"npm's packages cannot be installed: {error.problem}")
