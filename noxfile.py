"""The checks of this repository; all in one environment, made by scripts/dev.py.

`nox -l` lists them. Arguments after `--` go to the program underneath.
"""

import os
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent / "scripts"))
from dev import HOME, make_environment
from pythons import NEWEST, OLDEST, find

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "tests"]
nox.options.error_on_external_run = True

ALLOWED = str(HOME / "bin" / "*")
CODE = ("src", "template/tasks.py", "sandbox", "tests", "scripts", "bench")
ROOT_CODE = ("tasks.py", "noxfile.py", "inv")
# What a new Python may break: everything but what act and the proofs do.
_ROOMS = (
    "adapters drift fuzz ground policy promotion release rendered setup tasks updates"
)
FAST = tuple(f"tests/{room}" for room in _ROOMS.split())


def run(session: nox.Session, *args: str, **env: str) -> None:
    """Run a program of the environment; the environment is first on PATH."""
    programs = make_environment()
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {"PATH": path, **env}
    session.run(str(programs / args[0]), *args[1:], external=True, env=env)


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Format, rules, types, layers, shell scripts."""
    run(session, "ruff", "format", "--check", *CODE, *ROOT_CODE)
    run(session, "ruff", "check", *CODE, *ROOT_CODE)
    run(session, "mypy")
    run(session, "lint-imports", "--cache-dir", ".cache/import_linter")
    shell = [*Path("scripts").glob("*.sh"), Path(".ci/run")]
    shell += Path("template/scripts").glob("*.sh")
    run(session, "shellcheck", *map(str, shell))


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run all tests, with smaller counts of the long proofs."""
    # In the order of the folders: by default the long files would come last.
    spread = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
    arguments = session.posargs or spread
    run(session, "pytest", *arguments)


@nox.session(python=False)
def render(session: nox.Session) -> None:
    """Run the tests of the template: all answers render, all files are valid."""
    run(session, "pytest", "tests/rendered", *session.posargs)


@nox.session(python=False)
@nox.parametrize("version", [OLDEST, NEWEST])
def pythons(session: nox.Session, version: str) -> None:
    """Run the tests of the rooms on the oldest and the newest Python we promise.

    Each in an environment of its own, below .nox; skipped where it is not installed.
    """
    program = find(version)
    if program is None:
        session.skip(f"there is no Python {version} on this machine")
    home = Path(".nox").absolute() / f"python-{version}"
    home.parent.mkdir(exist_ok=True)
    make = "import sys, pathlib, dev; dev.make_environment(pathlib.Path(sys.argv[1]))"
    scripts = {"PYTHONPATH": "scripts"}
    session.run(program, "-c", make, str(home), external=True, env=scripts)
    arguments = session.posargs or ["-n", "2", *FAST]
    path = f"{home}/bin{os.pathsep}{os.environ.get('PATH', '')}"
    pytest = (str(home / "bin/python"), "-m", "pytest", *arguments)
    session.run(*pytest, external=True, env={"PATH": path})


@nox.session(python=False)
def update(session: nox.Session) -> None:
    """Prove on 200 mixtures over three versions that no line is lost; kill 12 times."""
    runs = {"MONOKEEL_UPDATE_RUNS": "200"}
    tests = [
        f"tests/rendered/test_update{part}.py"
        for part in ("", "_mixture", "_life", "_sources")
    ]
    run(session, "pytest", "-s", *tests, *session.posargs, **runs)


@nox.session(python=False)
def e2e(session: nox.Session) -> None:
    """Run the tests that use the tasks as a user does, on the sandbox."""
    run(session, "pytest", "tests/e2e", *session.posargs)


@nox.session(python=False)
def proof(session: nox.Session) -> None:
    """Kill, race and silence a release and a promotion at every point.

    15 trials of each race; twenty promoters, ten beside ten rollbacks; twenty runs of
    one commit. And print what each registry is known to say, and release on each.
    """
    whats = ("release_crash", "release_races", "promote_crash", "promote_races")
    more = ("connect_release", "registries")
    files = [f"tests/e2e/test_{what}.py" for what in (*whats, *more)]
    files += ["tests/adapters/test_registry_answers.py"]
    run(session, "pytest", "-s", *files, RACE_TRIALS="15", RACERS="20")


@nox.session(python=False)
def fuzz(session: nox.Session) -> None:
    """Give the readers 20,000 inputs, and the tasks 1,000 hostile servers."""
    counts = {"FUZZ_INPUTS": "20000", "FUZZ_RUNS": "1000"}
    run(session, "pytest", "-n", "2", "tests/fuzz", *session.posargs, **counts)


@nox.session(python=False)
def oracle(session: nox.Session) -> None:
    """Compare the planner with npm's semantic-release on 20,000 histories a rule set.

    Another count: `nox -s oracle -- 1000`.
    """
    count = session.posargs[0] if session.posargs else "20000"
    run(session, "pytest", "-s", "tests/oracle", MONOKEEL_ORACLE_COUNT=count)


@nox.session(python=False)
def demo(session: nox.Session) -> None:
    """Live the whole life of a monorepo on a local GitHub; `-- --keep` stays up."""
    run(session, "python", "-m", "sandbox.demo", *session.posargs)


@nox.session(python=False, name="first-run")
def first_run(session: nox.Session) -> None:
    """Measure README's demo in a fresh clone with an empty HOME, cold and warm."""
    run(session, "python", "-m", "bench.first_run", PYTHONPATH=".")


@nox.session(python=False)
def live(session: nox.Session) -> None:
    """Try our assumptions on a scratch repository: `-- OWNER/NAME-monokeel-live`."""
    run(session, "python", "scripts/live.py", *session.posargs)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """Measure: `nox -s bench -- release`, `daily`, `start`, `policy`, or all of them.

    `release` compares with npm's semantic-release, which `nox -s oracle -- 1` installs.
    """
    tree = Path(session.create_tmp()).resolve() / "shop"
    shutil.rmtree(tree, ignore_errors=True)
    copy = ("copier", "copy", "-q", "--defaults", "-r", "HEAD", ".", str(tree))
    run(session, *copy, PYTHONWARNINGS="ignore")
    for name in session.posargs or ("release", "daily", "start", "policy"):
        where = [] if name == "policy" else [str(tree)]
        paths = "."
        run(session, "python", "-m", f"bench.{name}", *where, PYTHONPATH=paths)


@nox.session(python=False)
def site(session: nox.Session) -> None:
    """Make the documentation site in `site`, in an environment of its own.

    A warning or a link that leads nowhere fails; `-- --versions` makes every release's.
    """
    arguments = ("scripts/pages.py", "site", *session.posargs)
    session.run(sys.executable, *arguments, external=True)


@nox.session(python=False)
def screens(session: nox.Session) -> None:
    """Take pictures of status in an incident, into the folder `screens`."""
    run(session, "python", "-m", "bench.screens", *session.posargs, PYTHONPATH=".")


@nox.session(python=False)
def changelog(session: nox.Session) -> None:
    """Write this version's section of CHANGELOG.md anew; what people wrote stays."""
    run(session, "python", "scripts/version.py", "changelog")


@nox.session(python=False)
def regen(session: nox.Session) -> None:
    """Make the generated copies again: the manifest and the golden hashes.

    The cut of GitHub's description is made by `python -m sandbox.cut_openapi`, the
    locks by the `uv pip compile` lines in docs/how-to/develop.md.
    """
    run(session, "python", "scripts/regen.py", *session.posargs)
