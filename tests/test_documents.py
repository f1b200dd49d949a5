"""What the documents name is there."""

import re
import tomllib
from pathlib import Path

import pytest
import reference

ROOT = Path(__file__).parents[1]
DEVELOP = ROOT / "docs/how-to/develop.md"
ARCHITECTURE = ROOT / "docs/architecture.md"


def rows_of_new_things() -> list[str]:
    text = DEVELOP.read_text(encoding="utf-8")
    part = text.partition("## Where a new thing goes")[2].partition("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| a")]


def test_the_page_for_developers_says_where_each_new_thing_goes() -> None:
    things = "".join(rows_of_new_things())

    for thing in ("gate", "rule type", "kind of service", "answer of a registry"):
        assert f"| a {thing}" in things or f"| an {thing}" in things


@pytest.mark.parametrize("row", rows_of_new_things(), ids=lambda row: row.split("|")[1])
def test_where_a_new_thing_goes_exists(row: str) -> None:
    """Each path is there, and a name in brackets after it stands in it."""
    named = re.findall(r"`([\w./-]*[/.][\w./-]+)`(?: \(`([^`]+)`\))?", row)

    assert named != []
    for path, word in named:
        assert (ROOT / path).exists(), path
        if word:
            assert word in (ROOT / path).read_text(encoding="utf-8"), (path, word)


def test_the_picture_has_every_room_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    rooms = {room for layer in layers for room in re.findall(r"\w+", layer)}

    drawn = set(re.findall(r"<b>(\w+)</b>", ARCHITECTURE.read_text(encoding="utf-8")))

    assert drawn == rooms - {"__main__"}


def test_every_module_on_the_way_of_a_command_is_there() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    way = re.findall(r"^  [│▼]  (\w+/\w+\.py)", text, re.MULTILINE)

    assert len(way) > 5
    assert [path for path in way if not (ROOT / "src/monokeel" / path).is_file()] == []


def test_a_decision_is_short_and_says_what_it_costs() -> None:
    for path in sorted((ROOT / "docs/decisions").glob("*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()

        assert lines[2].startswith("Status: "), path
        assert "## What we give up" in lines, path
        assert len(lines) <= 60, path


PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("path", reference.PAGES, ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == reference.PAGES[path]()


def test_one_place_says_who_hosts_it() -> None:
    """`python scripts/regen.py owner` brings it from pyproject.toml everywhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    owner = project["project"]["urls"]["Repository"].split("/")[-2]
    named = {
        name
        for path in [*PAGES, ROOT / "copier.yml", ROOT / "pyproject.toml"]
        for pair in re.findall(
            r"github\.com/([^/\s]+)/monokeel|//([\w-]+)\.github\.io/monokeel",
            path.read_text(encoding="utf-8"),
        )
        for name in pair
        if name
    }

    assert named == {owner}


def test_the_first_screen_has_what_a_first_run_takes() -> None:
    lock = (ROOT / "requirements-demo.txt").read_text(encoding="utf-8")
    count = len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE))

    assert f"{count} packages" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_changelog_has_a_section_for_this_version() -> None:
    version = (ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {version}\n")[2].partition("\n## ")[0]

    assert "### What repositories must do" in section


@pytest.mark.parametrize("name", ["SECURITY.md", "template/SECURITY.md.jinja"])
def test_no_security_policy_promises_days_that_nobody_has_agreed_to(name: str) -> None:
    """S38."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"\b(?:days?|hours?|weeks?|months?)\b", text) == []
