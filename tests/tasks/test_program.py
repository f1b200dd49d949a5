"""What the program says of itself, and how it starts and ends."""

import os
import pty
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from invoke import Collection, Task

from monokeel.ground.errors import UsageError
from monokeel.tasks import help as helping
from monokeel.tasks.arguments import Tasks, parse_call
from monokeel.tasks.command import EXITS, Command
from monokeel.tasks.program import collection
from tests import warm

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "template/docs/OPERATIONS.md").read_text(encoding="utf-8")
ALL: Collection = collection(ROOT)
NAMES = sorted(ALL.task_names)
SETTINGS = """
[repository]
owner = "acme"
name = "shop"

[[services]]
name = "api"
kind = "api"
path = "services/api"

[[services]]
name = "web"
kind = "web"
path = "services/web"

[[environments]]
name = "dev"

[[environments]]
name = "staging"
"""
# What each task may change: it has a preview, or is one without the option named here.
WRITES = {
    "release": "--dry-run",
    "build": "--dry-run",
    "promote": "--dry-run",
    "policy.apply": "--dry-run",
    "policy.rollback": "--dry-run",
    "template.update": "--dry-run",
    "init": "--dry-run",
}


# A new task stands in one of the two lists. An issue is all that --issue writes.
READS = {"guard", "status", "history", "drift", "doctor", "completion", "services"}
READS |= {"policy.plan", "policy.export", "policy.lint"}
READS |= {"template.check", "template.verify"}
READS |= {"check.branch", "check.title", "check.writer"}


def command(name: str) -> Command:
    task: Task = ALL[name]  # type: ignore[type-arg]
    assert isinstance(task, Command)
    return task


def run(*args: str, where: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm.program(), "-P", "-m", "monokeel", *args],
        cwd=where,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def explanation(name: str) -> str:
    contexts = {str(each.name): each for each in ALL.to_contexts()}
    return helping.explanation(name, command(name), contexts[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_task_is_whole_and_true(name: str) -> None:
    about = command(name).about
    shown = explanation(name)

    assert shown.startswith(f"Usage: ./inv {name}")
    assert about.group in helping.GROUPS
    assert set(about.exits) <= set(EXITS)
    assert {0, 1} <= set(about.exits)
    assert about.section == "" or f"## {about.section}\n" in GUIDE
    for line in about.examples:
        assert f"  {line}\n" in shown
    for heading in ("Examples", "Exit codes"):
        assert f"\n{heading}\n" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_each_example_of_the_help_is_accepted(name: str) -> None:
    for line in command(name).about.examples:
        plain = line.removeprefix("source <(").rstrip(")").partition(" > ")[0]
        words = shlex.split(plain.partition(" | ")[0])
        contexts = {str(each.name): each for each in ALL.to_contexts()}

        call = parse_call(words[1:], Tasks(contexts=contexts))

        assert (words[0], call.act, call.name) == ("./inv", "run", name)


def test_a_task_that_writes_has_a_preview() -> None:
    contexts = {str(each.name): each for each in ALL.to_contexts()}

    without = [n for n, option in WRITES.items() if option not in contexts[n].flags]

    assert without == []
    assert sorted(READS | WRITES.keys()) == NAMES


def test_the_list_has_one_short_line_for_each_task() -> None:
    lines = helping.listing(ALL).splitlines()

    for name in NAMES:
        assert len([x for x in lines if x.startswith(f"  {name} ")]) == 1
    assert max(map(len, lines)) <= 80
    headings = [x for x in lines if x and not x.startswith((" ", "./", "Usage"))]
    assert headings == [*helping.GROUPS]


def test_a_group_is_listed_alone() -> None:
    listed = helping.listing(ALL, "policy")

    assert "policy.plan" in listed
    assert "promote" not in listed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rel"], ["release"]),
        (["policy."], [n for n in NAMES if n.startswith("policy.")]),
        (["--v"], ["--version"]),
        (["release", "--dr"], ["--dry-run"]),
        (["release", "--dry-run", "--dr"], []),
        (["--debug", "release", "--dr"], ["--dry-run"]),
        (["init", "--no"], ["--no-rules"]),
        (["init", "--ru"], []),
        (["promote", "--reason", ""], []),
        (["promote", "--override", "a", "--ov"], ["--override"]),
        (["completion", ""], ["bash", "fish", "zsh"]),
        (["nope", "--x"], []),
        ([], NAMES),
    ],
    ids=str,
)
def test_words_are_completed(words: list[str], expected: list[str]) -> None:
    found = helping.candidates(words, ALL)

    assert found == sorted(expected)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the settings of a repository, and a launcher."""
    shop = tmp_path / "shop"
    (shop / "infra").mkdir(parents=True)
    (shop / "infra/platform.toml").write_text(SETTINGS)
    (shop / "inv").write_text(f'#!/bin/sh\nexec {sys.executable} -m monokeel "$@"\n')
    (shop / "inv").chmod(0o755)
    return shop


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["promote", "--env", "s"], ["staging"]),
        (["promote", "--env", "=", "d"], ["dev"]),
        (["build", "--service", ""], ["api", "web"]),
    ],
    ids=str,
)
def test_values_are_completed_from_the_settings(
    shop: Path, words: list[str], expected: list[str]
) -> None:
    done = run("completion", "--", *words, where=shop)

    assert done.stdout.split() == expected


def test_broken_settings_are_no_word_at_tab(shop: Path) -> None:
    (shop / "infra/platform.toml").write_text("[")

    done = run("completion", "--", "promote", "--env", "", where=shop)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_the_script_for_bash_completes_at_tab(shop: Path) -> None:
    script = run("completion", "bash").stdout
    ask = """
    tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _monokeel_inv
            echo "${COMPREPLY[*]}"; }
    tab ./inv rel; tab ./inv promote --env st; tab ./inv release --dr; complete -p inv
    """

    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", script + ask],
        cwd=shop,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "release",
        "staging",
        "--dry-run",
        "complete -o default -F _monokeel_inv inv",
    ]


FISH = """
cd {shop}; source {script}
complete -C "./inv rel"; complete -C "./inv promote --env st"
"""
# zsh completes only where somebody types: a pseudo-terminal does.
ZSH = """
zmodload zsh/zpty; zpty z zsh -f -i; r() {{ zpty -r z REPLY "*$1*"; }}
zpty -w z "cd {shop}; PS1=; autoload -Uz compinit; compinit -u"
zpty -w z "source {script}; echo R''DY"
r RDY; zpty -n -w z $'./inv promote --env st\\t'; r staging; print -r -- found
"""


@pytest.mark.parametrize(("shell", "ask"), [("fish", FISH), ("zsh", ZSH)])
def test_the_script_of_another_shell_completes(
    shop: Path, shell: str, ask: str
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    script = shop / "script"
    script.write_text(run("completion", shell).stdout)

    done = subprocess.run(
        [program, "-c", ask.format(shop=shop, script=script)],
        cwd=shop,
        env={"PATH": "/usr/bin:/bin", "HOME": str(shop), "TERM": "dumb"},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )

    words = done.stdout.split()
    assert {"fish": ["release", "staging"], "zsh": ["found"]}[shell] == words


def test_a_shell_that_nobody_knows_is_refused() -> None:
    done = run("completion", "tcsh")

    assert done.returncode == UsageError.exit_code
    assert "Give one of bash, zsh, fish" in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    line = f"{shlex.quote(sys.executable)} -P -m monokeel --list | head -1"

    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Usage: ./inv TASK [options]\n"


@pytest.mark.parametrize("words", [("release", "--version"), ("--version", "release")])
def test_the_version_is_ours(words: tuple[str, ...]) -> None:
    version = (ROOT / "TEMPLATE_VERSION").read_text().strip()

    done = run(*words)

    assert (done.returncode, done.stdout) == (0, f"Monokeel {version}\n")


def test_a_failing_task_of_the_team_is_no_bug_of_ours(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "tasks_local.py").write_text(
        "from invoke import task\n\n\n@task\ndef sad(c):\n    raise ValueError('no')\n"
    )

    done = subprocess.run(
        [sys.executable, "-P", "-m", "monokeel", "sad"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "Monokeel" not in done.stderr
    assert "  sad" in helping.listing(collection(tmp_path))


@pytest.mark.parametrize("text", ["def (", "import nope_nope", "1 / 0", "\x00"])
def test_local_tasks_that_cannot_be_loaded_are_named(shop: Path, text: str) -> None:
    (shop / "tasks_local.py").write_text(text)

    done, again = run("services", where=shop), run("--debug", "services", where=shop)

    assert (done.returncode, done.stdout) == (UsageError.exit_code, "")
    assert done.stderr.startswith("error: tasks_local.py cannot be loaded: ")
    assert "fix: Mend it" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in again.stderr


@pytest.mark.parametrize("task", ["template.check", "template.update"])
@pytest.mark.parametrize("source", ["foo", "a/b/c", "-x"])
def test_a_source_is_judged_before_anything_else_is_wrong(
    shop: Path, task: str, source: str
) -> None:
    """D18: this shop has no answers file either."""
    done = run(task, f"--source={source}", where=shop)

    assert done.returncode == UsageError.exit_code
    assert f"error: '{source}' is not the address of a template" in done.stderr


def test_a_terminal_that_says_no_width_has_the_usual_one() -> None:
    ours, its = pty.openpty()  # nobody gave it a size: it says 0 columns
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}

    with os.fdopen(its, "w") as terminal:
        line = [sys.executable, "-m", "monokeel", "--help", "release"]
        subprocess.run(line, check=True, stdout=terminal, env=env)
    text = os.read(ours, 65536).decode()
    os.close(ours)

    assert "  --dry-run        show the plan and change nothing\r\n" in text


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        (
            "{} --list >/dev/full",
            1,
            "",
            "error: No space left on device\nfix: Make room",
        ),
        ("{} services >/dev/full", 1, "", "error: No space left on device\nfix: Make"),
        ("{} services >&-", 0, "", ""),
        ("{} services 2>&- <&-", 0, "2 of 2 services", ""),
        ("{} nope 2>&-", 1, "", ""),
        ("PYTHONIOENCODING=ascii {} services", 0, "d\\xe9p\\xf4t", ""),
        ("PYTHONIOENCODING=ascii {} completion \u00e9", 1, "", "'\\xe9'"),
    ],
)
def test_no_stream_makes_a_bug_of_what_is_said(
    shop: Path, line: str, code: int, out: str, err: str
) -> None:
    """A full disk, a stream that is closed, a terminal that knows ASCII alone."""
    for path in ("services/api", "services/d\u00e9p\u00f4t"):
        (shop / path).mkdir(parents=True)
    settings = SETTINGS.replace('"services/web"', '"services/d\u00e9p\u00f4t"')
    (shop / "infra/platform.toml").write_text(settings, encoding="utf-8")

    done = subprocess.run(
        ["/bin/sh", "-c", line.format("./inv")],
        cwd=shop,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, out in done.stdout, err in done.stderr) == (
        code,
        True,
        True,
    )
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert bool(done.stdout) == bool(out)
    assert bool(done.stderr) == bool(err)
