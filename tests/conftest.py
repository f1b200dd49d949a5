"""Isolation for every test: own HOME, no foreign git settings, loopback only.

A part that cannot run here is skipped and named in the summary; where ``CI`` is set,
a skip is a failure.
"""

import compileall
import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import warm

_GITCONFIG = """\
[user]
name = Ann Example
email = ann@example.com
[init]
defaultBranch = main
[gc]
auto = 0
[maintenance]
auto = false
"""
_FOREIGN = (
    *("GITHUB_", "MONOKEEL_", "TEMPLATE_", "PROMOTE_", "GH_", "ACTIONS_", "RUNNER_"),
    *("COPIER_", "GIT_"),
    # They hide what a user meets: folders __pycache__, a flush that fails at the end.
    *("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Tests that install packages put this one back.
OUTSIDE = dict(os.environ)

# Each worker reads these tests, and each task that a test starts reads the package:
# compiled once, whatever PYTHONDONTWRITEBYTECODE says of the rest.
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """Compile what the started tasks import, before any of them is started."""
    if not hasattr(config, "workerinput"):  # in the worker it is done
        for name in ("src", "sandbox"):
            compileall.compile_dir(Path(__file__).parents[1] / name, quiet=1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: all that is made stays to the end.

    Nor is it looked through later, in the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _hermetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    base = tmp_path_factory.mktemp("environment")
    (base / "gitconfig").write_text(_GITCONFIG)
    (base / "settings.yml").write_text("{}\n")
    (base / "home").mkdir()
    closed = "http://127.0.0.1:9"
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy")
    own = {
        "HOME": str(base / "home"),
        "GIT_CONFIG_GLOBAL": str(base / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "COPIER_SETTINGS_PATH": str(base / "settings.yml"),
        "COPIER_CACHE_DIR": str(base / "copier"),
        "MONOKEEL_PYTHON": warm.program(),
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    } | dict.fromkeys(proxies, closed)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
            patch.delenv(name)
        for name, value in own.items():
            patch.setenv(name, value)
        yield


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and address[0] not in _LOOPBACK:
        raise AssertionError(f"a test asked for the network: {address}")


sys.addaudithook(_refuse_the_network)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = call.excinfo.value if call.excinfo is not None else "skipped"
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} may not be skipped in CI: {reason}"
    return report
