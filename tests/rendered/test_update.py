"""Updates of rendered repositories, from one throw-away version to the next."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from copier import run_copy

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.worktree import Worktree
from monokeel.ground.answers import Json
from monokeel.updates.update import Wanted, carry_out, plan_update
from tests.rendered.managed import is_seed
from tests.rendered.renders import ROOT, git
from tests.rendered.versions import (
    GUIDE,
    NEW,
    OLD,
    PAGE,
    Versions,
    add_working_tree,
    put,
    save,
    start_repository,
    tree_of,
    update,
)

SENTINEL = "nobody may lose this line"
ELSEWHERE = GUIDE.replace("Line 2 of the guide.", SENTINEL).encode()
SAME_LINE = GUIDE.replace("Line 15 of the guide.", SENTINEL).encode()
LEAVING = PAGE.replace("Page 3 that", f"{SENTINEL} that").encode()
MOVING = LEAVING.replace(b"Page", b"Leaf")
BINARY = bytes(range(256)) * 4 + SENTINEL.encode()
LATIN = GUIDE.replace("Line 2 of", f"{SENTINEL} caf\xe9").encode("latin-1")
SEED = "services/api/app.py"

Edits = Mapping[str, bytes | None]


def test_an_untouched_repository_becomes_a_fresh_render(
    shop: Path, versions: Versions, tmp_path: Path
) -> None:
    done = update(shop, tmp_path / "work")

    assert tree_of(shop) == tree_of(versions.new)
    assert (done.conflicts, done.kept) == ((), ())
    assert git(shop, "branch", "--show-current").strip() == f"template/{NEW}"
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "rev-parse", "HEAD").strip() == done.commit


def test_bare_copier_gives_an_untouched_repository_a_fresh_render(
    shop: Path, versions: Versions
) -> None:
    command = [sys.executable, "-m", "copier", "update", "--defaults", "--quiet"]

    subprocess.run(command, cwd=shop, check=True)

    assert tree_of(shop) == tree_of(versions.new)


def test_bare_copier_changes_nothing_in_a_current_repository(
    versions: Versions, tmp_path: Path
) -> None:
    shop = start_repository(versions.new, tmp_path / "shop")
    command = [sys.executable, "-m", "copier", "update", "--defaults", "--quiet"]

    subprocess.run(command, cwd=shop, check=True)

    assert git(shop, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize(
    ("edits", "kept"),
    [
        pytest.param({"docs/guide.md": ELSEWHERE}, {}, id="edited elsewhere: merged"),
        pytest.param(
            {"docs/steady.md": ELSEWHERE}, {}, id="template did not change it"
        ),
        pytest.param(
            {"docs/leaving.md": LEAVING},
            {"docs/leaving.md": None},
            id="deleted upstream",
        ),
        pytest.param(
            {"docs/moving.md": MOVING},
            {"docs/moving.md": "docs/moved.md"},
            id="renamed upstream",
        ),
        pytest.param(
            {"docs/picture.bin": BINARY},
            {"docs/picture.bin": None},
            id="binary changed",
        ),
        pytest.param(
            {"docs/byte.bin": BINARY}, {"docs/byte.bin": None}, id="binary unchanged"
        ),
        pytest.param({"docs/guide.md": LATIN}, {"docs/guide.md": None}, id="not UTF-8"),
        pytest.param({SEED: SENTINEL.encode()}, {}, id="seed edited"),
        pytest.param({"docs/ours.md": SENTINEL.encode()}, {}, id="own file"),
    ],
)
def test_an_edit_survives(
    shop: Path, tmp_path: Path, edits: Edits, kept: dict[str, str | None]
) -> None:
    put(shop, edits)
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work")

    assert {each.path: each.renamed_to for each in done.kept} == kept
    assert done.conflicts == ()
    for path in edits:
        assert SENTINEL.encode() in (shop / path).read_bytes()
    assert git(shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("path", ["docs/guide.md", "docs/leaving.md", SEED])
def test_a_deleted_file_stays_deleted(shop: Path, tmp_path: Path, path: str) -> None:
    put(shop, {path: None})
    save(shop, "feat: without it")

    update(shop, tmp_path / "work")

    assert not (shop / path).exists()
    assert git(shop, "status", "--porcelain") == ""


def test_a_conflict_is_listed_and_nothing_is_committed(
    shop: Path, tmp_path: Path
) -> None:
    put(shop, {"docs/guide.md": SAME_LINE})
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work")

    assert done.conflicts == ("docs/guide.md",)
    assert done.commit is None
    assert SENTINEL.encode() in (shop / "docs/guide.md").read_bytes()
    assert git(shop, "ls-files", "--unmerged", "--", "docs/guide.md") != ""


def test_without_anybody_to_ask_a_conflict_goes_to_the_team(
    shop: Path, tmp_path: Path
) -> None:
    put(shop, {"docs/guide.md": SAME_LINE, "docs/added.md": b"Ours.\n"})
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work", settle=True)

    assert done.settled == ("docs/added.md", "docs/guide.md")
    assert (shop / "docs/guide.md").read_bytes() == SAME_LINE
    assert (shop / "docs/added.md").read_bytes() == b"Ours.\n"
    assert git(shop, "status", "--porcelain") == ""


def test_an_edited_file_that_git_ignores_is_kept(shop: Path, tmp_path: Path) -> None:
    git(shop, "rm", "-q", "--cached", "docs/guide.md")
    put(shop, {".git/info/exclude": b"/docs/guide.md\n"})
    save(shop, "chore: not tracked")
    put(shop, {"docs/guide.md": SAME_LINE})

    done = update(shop, tmp_path / "work")

    assert [each.path for each in done.kept] == ["docs/guide.md"]
    assert (shop / "docs/guide.md").read_bytes() == SAME_LINE


def test_a_service_of_the_team_stays_when_its_answer_goes(
    shop: Path, tmp_path: Path
) -> None:
    put(shop, {SEED: SENTINEL.encode()})
    save(shop, "feat: ours")
    services: Json = [{"name": "web", "kind": "web", "path": "services/web"}]
    work = tmp_path / "work"
    work.mkdir()
    template = Template(shop, work=work, credentials=Credentials())
    tree = Worktree(shop)

    plan = plan_update(tree, template, Wanted(answers={"services": services}))
    assert plan is not None
    done = carry_out(plan, tree, template, settle=False)

    assert [each.path for each in done.kept] == [SEED]
    assert (shop / SEED).read_bytes() == SENTINEL.encode()
    assert not (shop / "services/worker/worker.py").exists()


def test_a_service_can_be_added_without_a_new_version(
    versions: Versions, tmp_path: Path
) -> None:
    shop = start_repository(versions.new, tmp_path / "shop")
    work = tmp_path / "work"
    work.mkdir()
    template = Template(shop, work=work, credentials=Credentials())
    tree = Worktree(shop)
    services: Json = [{"name": "mail", "kind": "worker", "path": "services/mail"}]

    plan = plan_update(tree, template, Wanted(answers={"services": services}))
    assert plan is not None
    done = carry_out(plan, tree, template, settle=False)

    assert (shop / "services/mail/worker.py").is_file()
    assert done.plan.branch == f"template/{NEW}-answers"


def test_another_source_serves_a_repository_whose_own_is_out_of_reach(
    shop: Path, versions: Versions, tmp_path: Path
) -> None:
    recorded = "https://github.com/acme/monokeel.git"
    answers = shop / ".copier-answers.yml"
    text = answers.read_text().replace(str(versions.source), recorded)
    answers.write_text(text)
    save(shop, "chore: recorded on GitHub")

    update(shop, tmp_path / "work", source=versions.source.as_uri())

    assert f"_src_path: {recorded}" in answers.read_text()
    assert f"_commit: {NEW}" in answers.read_text()


def test_a_lost_answers_file_comes_back_and_the_next_update_merges(
    shop: Path, versions: Versions, tmp_path: Path
) -> None:
    answers = shop / ".copier-answers.yml"
    (tmp_path / "answers.yml").write_text("owner: acme\n")
    put(shop, {"docs/guide.md": ELSEWHERE, ".copier-answers.yml": None})
    save(shop, "feat: ours, and the answers are gone")
    recipe = ["copy", "-q", "--defaults", "--overwrite", "-r", OLD]
    recipe += ["--data-file", str(tmp_path / "answers.yml")]
    recipe += ["-x", "*", "-x", "!.copier-answers.yml", str(versions.source), "."]

    subprocess.run([sys.executable, "-m", "copier", *recipe], cwd=shop, check=True)
    assert git(shop, "status", "--porcelain").split() == ["??", answers.name]
    save(shop, "chore: the answers are back")
    update(shop, tmp_path / "work")

    assert SENTINEL.encode() in (shop / "docs/guide.md").read_bytes()
    assert f"_commit: {NEW}" in answers.read_text()


def managed(folder: Path) -> dict[str, bytes]:
    return {p: data for p, data in tree_of(folder).items() if not is_seed(p)}


def test_every_released_version_updates_to_this_one(tmp_path: Path) -> None:
    released = git(ROOT, "tag", "--list", "v*.*.*").split()
    source = tmp_path / "monokeel"
    git(ROOT, "clone", "-q", "--no-hardlinks", str(ROOT), str(source))
    add_working_tree(source)
    run_copy(str(source), tmp_path / "new", defaults=True, quiet=True, vcs_ref=NEW)

    for tag in released:
        old = tmp_path / f"old-{tag}"
        run_copy(str(source), old, defaults=True, quiet=True, vcs_ref=tag)
        shop = start_repository(old, tmp_path / f"shop-{tag}")
        update(shop, tmp_path / f"work-{tag}")
        assert managed(shop) == managed(tmp_path / "new"), tag


def test_the_versions_of_these_tests_differ(versions: Versions) -> None:
    assert tree_of(versions.old) != tree_of(versions.new)
    assert f"_commit: {OLD}" in (versions.old / ".copier-answers.yml").read_text()
