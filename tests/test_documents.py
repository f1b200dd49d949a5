"""What the documents name is there."""

import re
import subprocess
import sys
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


def test_the_changelog_is_as_the_generator_writes_it() -> None:
    """But for what is merged meanwhile: the list may be that of an earlier commit."""
    made = (ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    top, *kinds = text.partition(f"\n## {made}\n")[2].split("\n## ")[0].split("\n### ")
    names = [kind.partition("\n")[0] for kind in kinds]
    entries = [x for kind in kinds[:-1] for x in kind.splitlines()[1:] if x]
    sentences = re.findall(r"[.!?](?=\s|$)", top)
    known = ["Breaking", "Features", "Fixes", "Faster", "Taken back"]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]

    assert 2 <= len(sentences) <= 5
    assert names == [*(x for x in known if x in names), "What repositories must do"]
    assert [x for x in entries if not re.match(r"- (\*\*[\w-]+\*\*: )?\S", x)] == []
    assert entries != []
    assert [
        x["group"].rpartition("-->")[2]
        for x in groups["git-cliff"]["git"]["commit_parsers"]
        if "group" in x
    ] == known


def test_a_changelog_made_anew_keeps_what_people_wrote(tmp_path: Path) -> None:
    """From commits of each kind, twice: the second time changes nothing."""
    folder = tmp_path / "template"
    (folder / "scripts").mkdir(parents=True)
    for name in ("scripts/version.py", "pyproject.toml", "TEMPLATE_VERSION"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    made = (folder / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    page = folder / "CHANGELOG.md"
    page.write_text(
        f"# Changelog\n\nOf it.\n\n## {made}\n\nOne. Two.\n\n### Features\n\n- gone"
        "\n\n### What repositories must do\n\n- By hand.\n\n## 0.9.0\n\nOld.\n",
        encoding="utf-8",
    )
    author = ("-c", "user.name=ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for message in (
        "feat(api): a basket",
        "fix: a typo\n\nWhy.\n\nRepositories-Must: run ./inv init once",
        "chore: nobody reads this",
        "feat!: another key",
    ):
        commit = ("commit", "-q", "--allow-empty", "-m", message)
        subprocess.run(["git", "-C", folder, *author, *commit], check=True)

    for _ in range(2):
        again = (sys.executable, folder / "scripts/version.py", "changelog")
        subprocess.run(again, check=True)

        assert page.read_text(encoding="utf-8") == (
            f"# Changelog\n\nOf it.\n\n## {made}\n\nOne. Two.\n\n### Breaking\n\n"
            "- another key\n\n### Features\n\n- **api**: a basket\n\n### Fixes\n\n"
            "- a typo\n\n### What repositories must do\n\n- By hand.\n"
            "- run ./inv init once\n\n## 0.9.0\n\nOld.\n"
        )


@pytest.mark.parametrize("version", ["0.9.9", "01.1.0", "1.1", "v1.1.0", "1.1.\u0661"])
def test_no_version_is_prepared_that_no_release_could_have(
    tmp_path: Path, version: str
) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/version.py", "pyproject.toml", "TEMPLATE_VERSION"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    page = tmp_path / "CHANGELOG.md"
    page.write_text("# Changelog\n", encoding="utf-8")

    command = (sys.executable, tmp_path / "scripts/version.py", version)
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith((f"{version!r} is no version", f"{version} is below"))
    assert page.read_text(encoding="utf-8") == "# Changelog\n"


@pytest.mark.parametrize("name", ["SECURITY.md", "template/SECURITY.md.jinja"])
def test_no_security_policy_promises_days_that_nobody_has_agreed_to(name: str) -> None:
    """S38."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"\b(?:days?|hours?|weeks?|months?)\b", text) == []


def test_the_first_page_names_every_workflow() -> None:
    files = (ROOT / "template/.github/workflows").glob("*.yml")
    found = (re.search(r"(?m)^name: (.+)$", x.read_text("utf-8")) for x in files)
    names = [each[1] for each in found if each]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = text.partition("  .github/workflows/ ")[2].partition("  docs/")[0]

    assert sorted(re.split(r",\s+", listed.strip())) == sorted(names)


def test_every_badge_is_of_something_that_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    runs = re.findall(r"/actions/workflows/([\w.-]+)/badge\.svg", text)
    [licence] = re.findall(r"badge/licence-(\w+)-", text)

    assert len(runs) == text.count("badge.svg") > 0
    assert [x for x in runs if not (ROOT / ".github/workflows" / x).is_file()] == []
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith(licence)


def test_a_branch_of_a_fork_is_not_held_to_our_names() -> None:
    """G23: an outsider, such as one in the browser's editor, cannot always rename."""
    text = (ROOT / "template/.github/workflows/ci.yml").read_text(encoding="utf-8")
    before = text.partition("./inv check.branch")[0].rpartition("- name:")[2]

    assert "if: ${{ github.event.pull_request.head.repo.full_name ==" in before


@pytest.mark.parametrize(
    "file", ["infra/rulesets.json", "template/infra/rulesets.json.jinja"]
)
def test_names_that_github_and_agents_give_pass(file: str) -> None:
    """G23: nobody renames what a button of GitHub's, a robot or an agent has named."""
    text = (ROOT / file).read_text(encoding="utf-8")
    [pattern] = re.findall(r'"pattern": "(\^\(.*\)\$)"', text)
    names = ("ann-b-patch-1", "revert-12-feat/a", "revert-9-ann-patch-1", "1.4.x")
    robots = ("dependabot/npm_and_yarn/a-1.2", "renovate/a.b-3.x", "template/v1.2.0")
    agents = ("copilot/fix-1", "codex/a", "claude/a", "cursor/a-3f2", "devin/17-a")

    refused = [x for x in (*names, *robots, *agents) if not re.search(pattern, x)]

    assert refused == []
    assert not re.search(pattern, "stuff")


def test_readme_says_where_it_was_not_tried() -> None:
    """G32, G33: workflows of GitHub Enterprise Server lack keys that ours have."""
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    assert "github.com only: GitHub Enterprise Server has neither" in text
    assert "GHE.com has not been tried" in text


def test_the_page_of_the_connection_says_when_schedules_stop() -> None:
    """G37: then drift and template updates end in silence."""
    path = ROOT / "docs/how-to/connect-to-github.md"
    text = " ".join(path.read_text(encoding="utf-8").split())

    assert "GitHub stops schedules after 60 days without a commit: run the" in text


def test_the_page_on_threats_names_what_no_rule_protects() -> None:
    """G38."""
    text = " ".join((ROOT / "docs/threats.md").read_text(encoding="utf-8").split())

    assert "Rulesets know branches and tags only" in text
    assert "`git push --mirror` by anybody who may write deletes the claims" in text
