"""Updates of rendered repositories, from one throw-away version to the next."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from copier import run_copy

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.objects import Objects
from monokeel.ground.answers import Json
from monokeel.updates.merge import BINARY as BINARY_LEFT
from monokeel.updates.merge import DELETED_THERE
from monokeel.updates.update import UpdateChoice, commit_update, plan_update
from tests import warm
from tests.rendered.managed import is_seed
from tests.rendered.renders import ROOT, git
from tests.rendered.versions import (
    GUIDE,
    IDENTITY,
    NEW,
    OLD,
    PAGE,
    SharedTemplate,
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
    assert (done.merged.left, done.open) == ((), {})
    assert git(shop, "branch", "--show-current").strip() == f"template/{NEW}"
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "rev-parse", "main").strip() == done.head


def test_bare_copier_gives_an_untouched_repository_a_fresh_render(
    shop: Path, versions: Versions
) -> None:
    command = [warm.program(), "-P", "-m", "copier", "update", "--defaults", "--quiet"]

    subprocess.run(command, cwd=shop, check=True)

    assert tree_of(shop) == tree_of(versions.new)


def test_bare_copier_changes_nothing_in_a_current_repository(
    versions: Versions, tmp_path: Path
) -> None:
    shop = start_repository(versions.new, tmp_path / "shop")
    command = [warm.program(), "-P", "-m", "copier", "update", "--defaults", "--quiet"]

    subprocess.run(command, cwd=shop, check=True)

    assert git(shop, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize(
    ("edits", "left"),
    [
        pytest.param({"docs/guide.md": ELSEWHERE}, None, id="edited elsewhere: merged"),
        pytest.param({"docs/steady.md": ELSEWHERE}, None, id="template left it alone"),
        pytest.param({"docs/leaving.md": LEAVING}, DELETED_THERE, id="deleted there"),
        pytest.param({"docs/picture.bin": BINARY}, BINARY_LEFT, id="binary changed"),
        pytest.param({"docs/byte.bin": BINARY}, None, id="binary unchanged"),
        pytest.param({"docs/guide.md": LATIN}, None, id="not UTF-8: merged"),
        pytest.param({SEED: SENTINEL.encode()}, None, id="seed edited"),
        pytest.param({"docs/ours.md": SENTINEL.encode()}, None, id="own file"),
    ],
)
def test_an_edit_survives(
    shop: Path, tmp_path: Path, edits: Edits, left: str | None
) -> None:
    put(shop, edits)
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work")

    assert [each.reason for each in done.merged.left] == ([left] if left else [])
    for path in edits:
        assert SENTINEL.encode() in (shop / path).read_bytes()
    assert git(shop, "status", "--porcelain") == ""


def test_an_edit_follows_a_renamed_file(shop: Path, tmp_path: Path) -> None:
    put(shop, {"docs/moving.md": MOVING})
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work")

    assert done.merged.left == ()
    assert not (shop / "docs/moving.md").exists()
    assert (shop / "docs/moved.md").read_bytes() == MOVING


def test_the_template_side_of_an_edited_file_arrives(
    shop: Path, tmp_path: Path
) -> None:
    put(shop, {"docs/guide.md": LATIN})
    save(shop, "feat: ours")

    update(shop, tmp_path / "work")

    assert b"Line fifteen of" in (shop / "docs/guide.md").read_bytes()


@pytest.mark.parametrize("path", ["docs/guide.md", "docs/leaving.md", SEED])
def test_a_deleted_file_stays_deleted(shop: Path, tmp_path: Path, path: str) -> None:
    put(shop, {path: None})
    save(shop, "feat: without it")

    update(shop, tmp_path / "work")

    assert not (shop / path).exists()
    assert git(shop, "status", "--porcelain") == ""


def test_a_conflict_costs_the_hunk_and_is_named_until_it_is_taken(
    shop: Path, tmp_path: Path
) -> None:
    both = SAME_LINE.replace(b"Line 2 of", b"Our line 2 of")
    put(shop, {"docs/guide.md": both, "docs/added.md": b"Ours.\n"})
    save(shop, "feat: ours")

    done = update(shop, tmp_path / "work")

    assert {each.path: each.missing for each in done.merged.left} == {
        "docs/added.md": ("A new page.\n",),
        "docs/guide.md": ("Line fifteen of the guide.\n",),
    }
    assert (shop / "docs/guide.md").read_bytes() == both
    listed = json.loads((shop / "infra/template-open.json").read_text())["open"]
    assert {path: (e["base"], e["since"]) for path, e in listed.items()} == {
        path: (OLD.removeprefix("v"), NEW.removeprefix("v"))
        for path in ("docs/added.md", "docs/guide.md")
    }

    again = update(shop, tmp_path / "again")  # nobody has done anything

    assert again.changed == {}
    assert again.open.keys() == {"docs/added.md", "docs/guide.md"}

    taken = both.replace(SENTINEL.encode(), b"Line fifteen of the guide.")
    put(shop, {"docs/guide.md": taken, "docs/added.md": b"A new page.\n"})
    save(shop, "docs: take what was left")

    last = update(shop, tmp_path / "last")

    assert last.open == {}
    assert not (shop / "infra/template-open.json").exists()
    assert (shop / "docs/guide.md").read_bytes() == taken


def test_what_is_checked_out_does_not_change(shop: Path, tmp_path: Path) -> None:
    """Neither files, dirty ones and ignored ones, nor the index, nor HEAD."""
    put(shop, {".git/info/exclude": b"/ignored.txt\n", "ignored.txt": b"x"})
    put(shop, {"docs/guide.md": SAME_LINE, "new.txt": b"x", "tasks.py": None})
    git(shop, "add", "docs/guide.md")
    before = tree_of(shop), git(shop, "status", "--porcelain"), git(shop, "diff")
    work = tmp_path / "work"
    work.mkdir()
    template = Template(shop, work=work, credentials=Credentials())
    objects = Objects(shop, work=work)

    plan = plan_update(objects, template, UpdateChoice())
    assert plan is not None
    commit = commit_update(plan, objects)
    assert commit is not None
    objects.point(plan.branch, commit, old=None)

    status = git(shop, "status", "--porcelain")
    assert (tree_of(shop), status, git(shop, "diff")) == before
    assert git(shop, "branch", "--show-current") == "main\n"
    assert (
        b"Line fifteen of"
        in objects.files(commit, ["docs/guide.md"])["docs/guide.md"].content
    )


@pytest.mark.parametrize("pattern", ["docs/added*", "[Aa]dded.md", "*.whl\nops/", "*"])
def test_no_ignore_rule_keeps_a_file_of_the_template_out(
    shop: Path, versions: Versions, tmp_path: Path, pattern: str
) -> None:
    put(shop, {".git/info/exclude": f"{pattern}\n".encode()})
    with (shop / ".gitignore").open("a") as file:
        file.write(f"{pattern}\n")
    git(shop, "add", "-f", ".gitignore")
    git(shop, *IDENTITY, "commit", "-q", "-m", "chore: ignore")

    update(shop, tmp_path / "work")

    files = git(shop, "ls-tree", "-r", "--name-only", "HEAD").split("\n")
    assert {*files, ""} == {*tree_of(versions.new), ""}


def test_modes_come_with_the_files_where_the_disk_has_none(
    versions: Versions, tmp_path: Path
) -> None:
    """``core.fileMode=false`` is the default on Windows and on mounted drives."""
    shop = start_repository(versions.old, tmp_path / "shop")
    git(shop, "config", "core.fileMode", "false")
    git(shop, "rm", "-q", "--cached", "inv")
    git(shop, *IDENTITY, "commit", "-q", "-m", "chore: without it")

    update(shop, tmp_path / "work")

    assert git(shop, "ls-files", "-s", "scripts").count("100755") == 2


@pytest.mark.parametrize("kind", ["shallow", "sparse", "linked", "detached"])
def test_any_kind_of_clone_is_updated(
    started: Path, versions: Versions, tmp_path: Path, kind: str
) -> None:
    shop = tmp_path / "shop"
    url = started.as_uri()
    match kind:
        case "shallow":
            git(tmp_path, "clone", "-q", "--depth", "1", url, str(shop))
        case "sparse":
            git(tmp_path, "clone", "-q", "--sparse", url, str(shop))
        case "linked":
            git(tmp_path, "clone", "-q", url, str(tmp_path / "main"))
            git(tmp_path / "main", "worktree", "add", "-q", "-b", "x", str(shop))
        case _:
            git(tmp_path, "clone", "-q", url, str(shop))
            git(shop, "checkout", "-q", "--detach")
    work = tmp_path / "work"
    work.mkdir()
    template = SharedTemplate(shop, work=work, credentials=Credentials())
    objects = Objects(shop, work=work)

    plan = plan_update(objects, template, UpdateChoice())
    assert plan is not None
    commit = commit_update(plan, objects)
    assert commit is not None
    objects.point(plan.branch, commit, old=None)

    files = objects.files(plan.branch, tree_of(versions.new))
    assert {p: f.content for p, f in files.items()} == tree_of(versions.new)


@pytest.mark.parametrize("kind", ["folder", "file", "link", "submodule", "exact"])
def test_what_is_in_the_way_of_the_template_is_kept_and_named(
    shop: Path, started: Path, tmp_path: Path, kind: str
) -> None:
    """A folder where a file comes, or anything else where a folder was."""
    place = {"folder": "docs/added.md", "exact": "docs/guide.md"}.get(kind, "docs")
    git(shop, "rm", "-rqf", "--ignore-unmatch", place)
    if kind == "folder":
        put(shop, {"docs/added.md/ours.txt": SENTINEL.encode()})
    elif kind == "file":
        put(shop, {"docs": SENTINEL.encode()})
    elif kind == "link":
        (shop / "docs").symlink_to("infra")
    else:
        allowed = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
        git(shop, *allowed, str(started), place)
    save(shop, "feat: ours")
    before = git(shop, "ls-tree", "HEAD", place)

    done = update(shop, tmp_path / "work")

    assert git(shop, "ls-tree", done.branch, place) == before
    named = "docs/guide.md" if kind == "exact" else "docs/added.md"
    assert named in done.open


def test_a_service_of_the_team_stays_when_its_answer_goes(
    shop: Path, tmp_path: Path
) -> None:
    put(shop, {SEED: SENTINEL.encode()})
    save(shop, "feat: ours")
    services: Json = [{"name": "web", "kind": "web", "path": "services/web"}]

    choice = UpdateChoice(answers={"services": services})
    done = update(shop, tmp_path / "work", choice=choice)

    assert done.version == OLD.removeprefix("v")  # answers alone keep the version
    assert done.merged.left == ()
    assert (shop / SEED).read_bytes() == SENTINEL.encode()
    # Also what nobody has edited: a service without its Dockerfile is none.
    assert (shop / "services/api/Dockerfile").exists()
    assert (shop / "services/worker/worker.py").exists()


def test_a_service_can_be_added_without_a_new_version(
    versions: Versions, tmp_path: Path
) -> None:
    shop = start_repository(versions.new, tmp_path / "shop")
    services: Json = [{"name": "mail", "kind": "worker", "path": "services/mail"}]

    choice = UpdateChoice(answers={"services": services})
    done = update(shop, tmp_path / "work", choice=choice)

    assert (shop / "services/mail/worker.py").is_file()
    assert done.branch == f"template/{NEW}-answers"


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("codeowners", "@acme/shop ann@example.com", "@acme/shop ann@example.com"),
        ("codeowners", "", ""),
        ("repository", "123", "123"),
        ("description", "Shop: the best #1", "Shop: the best #1"),
        ("required_reviews", "2", 2),
        ("services", "[{name: a, kind: api}]", [{"name": "a", "kind": "api"}]),
    ],
)
def test_an_answer_is_read_as_its_question_asks(
    shop: Path, tmp_path: Path, name: str, given: str, stored: Json
) -> None:
    done = update(shop, tmp_path / "work", choice=UpdateChoice(answers={name: given}))

    assert done.new.answers[name] == stored


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

    subprocess.run(
        [warm.program(), "-P", "-m", "copier", *recipe], cwd=shop, check=True
    )
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
