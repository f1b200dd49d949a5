"""`template.verify` on a repository made from a release of this working tree."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from copier import run_copy

from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.objects import Worktree
from monokeel.ground.errors import ServiceError
from monokeel.updates.verify import verify
from sandbox.demo.template import release_template
from tests import warm
from tests.conftest import OUTSIDE
from tests.rendered.renders import git
from tests.rendered.versions import IDENTITY, save, start_repository


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template's repository with one release, its wheel made anew."""
    root = tmp_path_factory.mktemp("published") / "monokeel"
    tag = release_template(root)
    again = [sys.executable, str(root / "scripts/regen.py"), "wheel", "manifest"]
    env = {**os.environ, "PYTHONPATH": str(root / "src")}
    subprocess.run(again, cwd=root, env=env, check=True)
    git(root, "add", "-A")
    git(root, *IDENTITY, "commit", "-q", "--allow-empty", "-m", "regen")
    git(root, "tag", "-f", tag)
    return root


@pytest.fixture(scope="module")
def made(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("made")
    run_copy(str(published), base / "fresh", defaults=True, quiet=True)
    return start_repository(base / "fresh", base / "shop")


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shop", symlinks=True))


def found(shop: Path, *, rebuild: bool = False) -> list[tuple[str, str, str]]:
    """Return path, where and state of each difference; the release is read."""
    work = shop.parent / f"work-{len(list(shop.parent.iterdir()))}"
    work.mkdir()
    template = Template(shop, work=work, credentials=Credentials())
    rebuilt = template.rebuilt if rebuild else None
    report = verify(Worktree(shop), template, rebuilt=rebuilt)
    differences = report.data["differences"]
    assert report.data["verdict"] == ("edited" if differences else "same")
    assert isinstance(differences, list)
    return [tuple(each.values()) for each in differences]  # type: ignore[union-attr]


def test_a_fresh_repository_is_as_its_release_delivered_it(shop: Path) -> None:
    assert found(shop) == []


def test_an_edit_is_seen_where_it_is(shop: Path) -> None:
    original = (shop / "tasks.py").read_bytes()
    (shop / "tasks.py").write_bytes(original + b"#\n")

    assert found(shop) == [("tasks.py", "disk", "edited")]

    git(shop, "add", "tasks.py")
    (shop / "tasks.py").write_bytes(original)

    assert found(shop) == [("tasks.py", "index", "edited")]


def test_what_a_sparse_checkout_leaves_out_is_not_missing(shop: Path) -> None:
    git(shop, "status")  # else git takes every file of the copy for a changed one
    git(shop, "sparse-checkout", "set", "infra", "ops")
    assert not (shop / "docs").exists()
    assert found(shop) == []

    (shop / "inv").unlink()
    git(shop, "update-index", "--no-skip-worktree", "docs/OPERATIONS.md")
    assert found(shop) == [
        (path, "disk", "missing") for path in ("docs/OPERATIONS.md", "inv")
    ]


def test_a_lost_executable_bit_is_seen_on_disk_and_in_the_index(shop: Path) -> None:
    (shop / "inv").chmod(0o644)

    assert found(shop) == [("inv", "disk", "not executable")]

    (shop / "inv").chmod(0o755)
    git(shop, "update-index", "--chmod=-x", "inv")

    assert found(shop) == [("inv", "index", "not executable")]


def test_a_repository_committed_without_modes_is_told(made: Path) -> None:
    """Windows and mounted drives have ``core.fileMode=false`` (T15)."""
    shop = made.parent / "without-modes"
    shutil.copytree(made, shop, ignore=shutil.ignore_patterns(".git"))
    git(shop, "init", "-q", "-b", "main")
    git(shop, "config", "core.fileMode", "false")
    save(shop, "chore: start")

    programs = {path for path, _, state in found(shop) if state == "not executable"}

    assert programs >= {"inv", "scripts/update-template.sh"}


def test_what_an_ignore_rule_kept_out_of_the_index_is_missing(shop: Path) -> None:
    """The patterns may stand in the user's own excludes (T14)."""
    git(shop, "rm", "-q", "-r", "--cached", "scripts", "ops/requirements.txt")

    assert found(shop) == [
        ("ops/requirements.txt", "index", "missing"),
        ("scripts/apply-rulesets.sh", "index", "missing"),
        ("scripts/update-template.sh", "index", "missing"),
    ]


def test_a_wheel_exchanged_with_all_its_lines_is_seen(shop: Path) -> None:
    [wheel] = (shop / "ops").glob("*.whl")
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace(b"never", b"maybe"))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    names = [f"ops/{wheel.name}"]
    for name in ("requirements.txt", "requirements-template.txt"):
        lock = shop / "ops" / name
        lock.write_text(re.sub("[0-9a-f]{64}", digest, lock.read_text(), count=1))
        names.append(f"ops/{name}")
    manifest = shop / "ops/manifest.json"
    listed = json.loads(manifest.read_text())
    listed["files"] |= Worktree(shop).on_disk(names)
    manifest.write_text(json.dumps(listed))
    save(shop, "feat: a better wheel")

    paths = {path for path, _, state in found(shop) if state == "edited"}

    assert paths == {*names, "ops/manifest.json"}


def test_a_release_without_its_tag_leaves_the_question_open(
    shop: Path, published: Path
) -> None:
    source = shop.parent / "template"
    git(shop.parent, "clone", "-q", str(published), str(source))
    git(source, "tag", "-d", git(source, "tag").strip())
    for address, reason in ((source, "has no v1.0.0"), (shop / "no", "cannot be read")):
        work = shop.parent / f"work-{reason[:3]}"
        work.mkdir()
        template = Template(
            shop, work=work, source=str(address), credentials=Credentials()
        )

        with pytest.raises(ServiceError, match=f"not verified: .*{reason}"):
            verify(Worktree(shop), template)


@pytest.fixture
def _index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the package index as the ordinary clients are set up here."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "HOME"):
        monkeypatch.delenv(name, raising=False)
        if name in OUTSIDE:
            monkeypatch.setenv(name, OUTSIDE[name])


@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize("uv", [True, False], ids=["with uv", "with pip"])
def test_the_sources_of_the_release_give_its_wheel(
    shop: Path, monkeypatch: pytest.MonkeyPatch, *, uv: bool
) -> None:
    if not uv:
        git_only = shop.parent / "programs"
        git_only.mkdir()
        (git_only / "git").symlink_to(shutil.which("git") or "")
        monkeypatch.setenv("PATH", str(git_only))

    assert found(shop, rebuild=True) == []


@pytest.mark.usefixtures("_index")
def test_a_release_whose_wheel_is_not_from_its_sources_is_told(
    shop: Path, published: Path
) -> None:
    source = shop.parent / "template"
    git(shop.parent, "clone", "-q", str(published), str(source))
    with (source / "src/monokeel/__init__.py").open("a") as file:
        file.write("# not in the wheel\n")
    save(source, "feat: a line")
    git(source, "tag", "-f", "v1.0.0")
    answers = shop / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(published), str(source)))
    save(shop, "chore: another template")

    [(path, where, state)] = found(shop, rebuild=True)

    assert path.endswith(".whl")
    assert (where, state) == ("release", "not what its sources give")


def test_a_pull_request_is_held_against_its_base(shop: Path) -> None:
    """As ci.yml asks where the template is out of reach."""
    answers = shop / ".copier-answers.yml"
    there = re.sub(r"(?m)^_src_path: .*$", "_src_path: /nowhere", answers.read_text())
    answers.write_text(there)
    save(shop, "chore: a template that nobody can read")
    base = git(shop, "rev-parse", "HEAD").strip()

    assert ended(shop, base) == 4
    (shop / "tasks.py").write_text("#\n")
    save(shop, "feat: exchange the tasks")
    assert ended(shop, base) == 2
    git(shop, "reset", "-q", "--hard", base)
    answers.write_text(there.replace("/nowhere", "/elsewhere"))
    save(shop, "feat: point away")
    assert ended(shop, base) == 3
    assert ended(shop, base, TEMPLATE_SOURCE="/elsewhere") == 4
    assert ended(shop, "f" * 40) == 1


def ended(shop: Path, base: str, **variables: str) -> int:
    """Return how `template.verify --base` ends in *shop*."""
    asked = [warm.program(), "-P", "-m", "monokeel", "template.verify", "--base", base]
    env = {**OUTSIDE, **variables}
    return subprocess.run(asked, cwd=shop, env=env, check=False).returncode
