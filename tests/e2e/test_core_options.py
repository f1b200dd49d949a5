"""No option of invoke turns a look into a write: not in ./inv, not in invoke itself.

There is something to release and a ruleset that no file names, so each write would be
seen. Every option that invoke has is tried, in front of a task and behind it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from invoke import Program

from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from sandbox.server import Sandbox
from tests.conftest import OUTSIDE
from tests.e2e.rendered_shop import Done, RenderedShop
from tests.rendered.renders import git
from tests.rendered.versions import Versions, save

VALUES = {int: "5", str: "of-no-such-name", list: "of-no-such-name"}
# What our program honours itself, with its own words.
OURS = {"--help", "-h", "--version", "--debug", "--list", "-l"}
RELEASE = ("release",)
APPLY = ("policy.apply", "--delete-unmanaged", "--yes")


def core_options() -> Iterator[tuple[str, ...]]:
    """Yield every spelling of every option of invoke, with a value if it needs one."""
    program = Program()
    for argument in [*program.core_args(), *program.task_args()]:
        for name in argument.names:
            option = f"-{name}" if len(name) == 1 else f"--{name}"
            value = (VALUES[argument.kind],) if argument.takes_value else ()
            yield (option, *(() if argument.optional else value))


OPTIONS = sorted(set(core_options()))


@pytest.fixture(scope="module")
def shop(
    versions: Versions, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RenderedShop]:
    base = tmp_path_factory.mktemp("core-options")
    with Sandbox() as box:
        shop = RenderedShop(versions.old, base, box)
        made = subprocess.run(
            [shop.folder / "inv", "--list"],
            env={k: v for k, v in OUTSIDE.items() if k != "MONOKEEL_PYTHON"},
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        assert made.returncode == 0, made.stderr
        assert shop.inv("release").code == 0
        save(shop.folder, "feat: a basket")
        shop.publish()
        rule: dict[str, Json] = {
            "name": "by-hand",
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
            "rules": [{"type": "non_fast_forward"}],
        }
        github = GitHub(
            Session(),
            api=box.url,
            repository=box.repository,
            token=box.tokens["admin"],
        )
        github.request("POST", "/rulesets", json=rule, expect=(201,))
        yield shop


def by_invoke(shop: RenderedShop, args: Sequence[str]) -> Done:
    """Run invoke as who has activated the repository's own environment does."""
    active = shop.folder / "ops/.venv"
    env = {
        **os.environ,
        **shop.box.environ("admin"),
        "HOME": str(shop.base),
        "VIRTUAL_ENV": str(active),
        "PATH": f"{active / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [active / "bin/invoke", *args],
        cwd=shop.folder,
        env=env,
        check=False,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_options_are_all_there() -> None:
    assert len(OPTIONS) >= 30
    assert ("--dry",) in OPTIONS
    assert ("-d",) in OPTIONS


@pytest.mark.parametrize("option", OPTIONS, ids="".join)
def test_a_core_option_of_invoke_writes_nothing(
    shop: RenderedShop, option: tuple[str, ...]
) -> None:
    if option == ("--debug",):
        return  # it is honoured: the task runs, and tells what it does
    before = shop.live()
    done = (shop.inv(*option, *RELEASE), shop.inv(*APPLY, *option))
    again = (by_invoke(shop, (*option, *APPLY)), by_invoke(shop, (*RELEASE, *option)))

    for each in done:
        if option[0] in OURS and each.code == 0:
            assert "./inv" in each.out or "Monokeel 1" in each.out
        else:
            assert (each.code, len(each.errors)) == (1, 1), each
            assert "fix: " in each.err
    assert {each.code for each in again} <= {0, 1}, again
    assert [each for each in (*done, *again) if "Traceback" in each.err] == []
    assert shop.live() == before
    assert git(shop.folder, "status", "--short") == ""


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("release", "--version"), 0, "Monokeel 1.0.0"),
        (("release", "--dry"), 1, "there is no --dry here"),
        (("--dry", "policy.apply"), 1, "there is no --dry here"),
        (("policy.apply", "-R"), 1, "there is no -R here"),
        (("policy.apply", "-d"), 1, "there is no -d here"),
        (("release", "-d"), 1, "--dry-run previews"),
        (("relase",), 1, "Did you mean release?"),
        ((), 0, "Publish the next version"),
        (("policy",), 0, "policy.plan"),
        (("promote", "--help"), 0, "--env VALUE"),
    ],
    ids=str,
)
def test_invoke_itself_answers_as_our_program_does(
    shop: RenderedShop, args: tuple[str, ...], code: int, says: str
) -> None:
    before = shop.live()

    done, again = shop.inv(*args), by_invoke(shop, args)

    assert (done.code, again.code) == (code, code), (done, again)
    assert says in done.out + done.err
    assert says in again.out + again.err
    assert shop.live() == before


def test_the_tasks_run_in_invoke_too(shop: RenderedShop) -> None:
    done = by_invoke(shop, ("release", "--dry-run"))

    assert done.code == 0, done.err
    assert "1.1.0" in done.out


def test_a_program_that_hides_its_name_runs_no_task_of_ours(shop: RenderedShop) -> None:
    before = shop.live()
    script = shop.base / "other.py"
    script.write_text("from invoke import Program\nProgram().run()\n")

    done = subprocess.run(
        [sys.executable, str(script), "release", "--dry"],
        cwd=shop.folder,
        env={**os.environ, **shop.box.environ("admin")},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert done.returncode == 1
    assert "runs in the program of Monokeel alone" in done.stderr
    assert shop.live() == before


def test_the_dry_mode_of_invoke_is_refused_as_a_variable_too(
    shop: RenderedShop,
) -> None:
    before = shop.live()

    done = shop.inv("release", variables={"INVOKE_RUN_DRY": "1"})

    assert done.code == 1
    assert "dry mode is set" in done.err
    assert shop.live() == before


def test_a_preview_of_the_rules_writes_nothing(shop: RenderedShop) -> None:
    before = shop.live()

    done = shop.inv("policy.apply", "--delete-unmanaged", "--dry-run")

    assert done.code == 0, done.err
    assert "delete by-hand" in done.out
    assert shop.live() == before


def test_rules_are_deleted_only_with_a_yes(shop: RenderedShop) -> None:
    before = shop.live()

    done = shop.inv("policy.apply", "--delete-unmanaged")

    assert done.code == 3, done.out
    assert "nobody was there to say yes: delete by-hand on GitHub" in done.err
    assert shop.live() == before
    assert shop.inv(*APPLY).code == 0
    assert [rule for rule in shop.box.state.rulesets if "by-hand" in repr(rule)] == []
