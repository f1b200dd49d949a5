"""Every command that a delivered file tells somebody to run exists as written."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.errors import UsageError
from monokeel.tasks.arguments import Tasks, parse_call
from monokeel.tasks.program import collection
from tests.rendered import workflows
from tests.rendered.renders import ROOT, TEMPLATE

GUIDE = TEMPLATE / "docs/OPERATIONS.md"
_FENCE = re.compile(r"^ *```bash\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TASK = re.compile(r"`(\./inv [^`]+)`")
_SCRIPTS = {
    "./scripts/apply-rulesets.sh": "policy.apply",
    "./scripts/update-template.sh": "template.update --source",
}


def commands(text: str) -> Iterator[str]:
    """Yield the lines of every bash block, and every task inside a sentence."""
    for block in _FENCE.findall(text):
        yield from (line.strip() for line in block.splitlines() if line.strip())
    yield from _TASK.findall(_FENCE.sub("", text))


def tasks(lines: Iterator[str]) -> Iterator[list[str]]:
    """Yield the arguments of invoke for every line that runs a task."""
    for line in lines:
        if not line.startswith("./"):
            continue
        plain = re.sub(r"\$\{\w+:\+(.+?)\}", r"\1", line.partition(" > ")[0])
        program, *rest = shlex.split(plain)
        if program == "./inv" and rest not in (["--list"], ["TASK", "--help"]):
            yield rest
        elif program in _SCRIPTS:
            yield [*_SCRIPTS[program].split(), *rest]


@pytest.mark.parametrize("script", _SCRIPTS)
def test_a_script_finds_its_repository_through_links(
    tmp_path: Path, script: str
) -> None:
    home, path = tmp_path / "my shop", Path(script)
    (home / "scripts").mkdir(parents=True)
    shutil.copy(TEMPLATE / path, home / path)
    (home / "inv").write_text('#!/bin/sh\necho "$@"\n')
    (home / "inv").chmod(0o755)
    link, again = tmp_path / "link", tmp_path / "again"
    link.symlink_to(home / path)
    again.symlink_to(link.name)

    done = subprocess.check_output([again, "--help"], cwd="/", text=True)

    assert done == f"{_SCRIPTS[script].split()[0]} --help\n"


def unknown(arguments: list[str]) -> str:
    """Return the program's complaint about *arguments*, or nothing."""
    contexts = {str(each.name): each for each in collection(ROOT).to_contexts()}
    try:
        call = parse_call(arguments, Tasks(contexts=contexts))
    except UsageError as error:
        return f"{arguments}: {error}"
    return "" if call.act == "run" else f"{arguments}: no task"


@pytest.mark.parametrize(
    "path",
    [GUIDE, TEMPLATE / "README.md.jinja", ROOT / "SECURITY.md"],
    ids=lambda path: path.name,
)
def test_a_task_in_a_document_exists_with_its_options(path: Path) -> None:
    text = re.sub(r"\{\{.*?\}\}", "X", path.read_text(encoding="utf-8"))

    found = [unknown(each) for each in tasks(commands(text))]

    assert found != []
    assert [each for each in found if each] == []


PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_ANY_FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_task_in_a_page_exists_with_its_options(path: Path) -> None:
    """What a page tells to type, and tasks named in sentences and tables."""
    text = path.read_text(encoding="utf-8")
    lines = [line for block in _ANY_FENCE.findall(text) for line in block.splitlines()]
    typed = [line.partition(" #")[0].strip() for line in lines]
    typed += _TASK.findall(_ANY_FENCE.sub("", text).replace("\n", " "))
    plain = [re.split(r" \| | > ", each)[0].strip() for each in typed]
    wrong = [
        found
        for each in plain
        if each.startswith("./inv ") and not _SPOKEN.search(each)
        for found in [unknown(shlex.split(each)[1:])]
        if found and not found.endswith("no task")
    ]

    assert wrong == []


# Which test runs the commands of which page; other blocks say that they need GitHub.
_RUN = {
    "docs/tutorial.md": "tests/e2e/test_tutorial.py",
    "docs/how-to/adopt.md": "tests/e2e/test_adopt.py",
    "docs/how-to/leave.md": "tests/e2e/test_adopt.py",
    "docs/how-to/hotfix.md": "tests/e2e/test_hotfix.py",
    "docs/how-to/sandbox.md": "tests/e2e/test_tutorial.py",
}
_MARK = "<!-- needs GitHub -->"
_BLOCK = re.compile(r"^([^\n]*)\n *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_OUTSIDE = re.compile(r"(?:^|[;(|&] *)(?:git|gh|copier|uvx|pipx) ")


def untried(text: str) -> list[str]:
    """Return the lines for git, gh and copier in blocks of *text* without the mark."""
    return [
        line.strip()
        for before, block in _BLOCK.findall(text)
        if before.strip() != _MARK
        for line in block.splitlines()
        if _OUTSIDE.search(line.strip())
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_command_of_a_page_is_run_by_a_test_or_says_that_it_needs_github(
    path: Path,
) -> None:
    text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    if name in _RUN:
        assert f'"{name}"' in (ROOT / _RUN[name]).read_text(encoding="utf-8")
        assert _MARK not in text
    else:
        assert untried(text) == []


def test_a_command_that_nobody_tried_is_found() -> None:
    block = "Do:\n\n```\n{}\n```\n"

    for line in ("git push", "id=$(gh api x)", "cd x && copier copy y", "uvx copier z"):
        assert untried(block.format(line)) == [line]
        assert untried(f"{_MARK}\n" + block.format(line).partition("\n\n")[2]) == []
    assert untried(block.format("./inv release  # as git does")) == []


# A task with a placeholder, or a manner of speaking: `./inv TASK --help`.
_SPOKEN = re.compile(r"TASK|\\$")


@pytest.mark.parametrize(
    "path",
    sorted((TEMPLATE / ".github/workflows").glob("*.yml")),
    ids=lambda path: path.name,
)
def test_a_task_in_a_workflow_exists_with_its_options(path: Path) -> None:
    lines = [
        match
        for script in workflows.scripts(path)
        for match in re.findall(r"\./inv [^|)]+", script.replace("\n  ", " "))
    ]

    found = [unknown(each) for each in tasks(iter(lines))]

    assert [each for each in found if each] == []


def test_a_task_that_is_not_there_is_found() -> None:
    assert unknown(["release", "--fast"]) != ""
    assert unknown(["relese"]) != ""


def test_the_guide_has_the_four_procedures() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    for name in ("Ruleset", "Release", "Container", "GitOps Environment"):
        assert f"### {name} Recovery\n" in text


def test_the_guide_begins_with_its_contents() -> None:
    """D26: on call nobody scrolls."""
    top, _, rest = GUIDE.read_text(encoding="utf-8").partition("\n## ")
    headings = re.findall(r"^##+ (.+)$", f"## {rest}", re.MULTILINE)

    assert re.findall(r"\[([^]]+)\]\(#([^)]+)\)", top) == [
        (name, name.lower().replace(" ", "-")) for name in headings
    ]
