"""Updates over several versions, killed at any moment, and from a hostile template."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from copier import run_copy

from monokeel.adapters.credentials import Credentials
from monokeel.updates.propose import check
from monokeel.updates.update import UpdateChoice
from tests import warm
from tests.rendered.renders import copy_source, git
from tests.rendered.versions import (
    NEW,
    SharedTemplate,
    Versions,
    put,
    save,
    start_repository,
    tree_of,
    update,
)

CI = ".github/workflows/ci.yml"
KILLS = 12 if os.environ.get("MONOKEEL_UPDATE_RUNS") else 3
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
NEWER = f"actions/checkout@{'e' * 40} # v7.0.9"
SECURITY = "# SECURITY FIX of the middle version"

_ENTRY = '[[services]]\nname = "web"\nkind = "web"\npath = "services/web"\n\n'

# ./inv template.update as a module whose git can be made to kill it.
_UPDATE = """
import sys, tempfile
from pathlib import Path
from monokeel.adapters.copier import Template
from monokeel.adapters.credentials import Credentials
from monokeel.adapters.objects import Objects
from monokeel.updates.update import UpdateChoice, commit_update, plan_update
with tempfile.TemporaryDirectory() as work:
    template = Template(Path(sys.argv[1]), work=Path(work), credentials=Credentials())
    objects = Objects(Path(sys.argv[1]), work=Path(work))
    plan = plan_update(objects, template, UpdateChoice())
    objects.point(plan.branch, commit_update(plan, objects), old=plan.before)
"""
_GIT = """#!/bin/sh
# The real git, after the one that is to run at the given moment has killed its parent.
count=$(($(cat "$COUNTER") + 1))
echo "$count" > "$COUNTER"
if [ "$count" = "$KILL_AT" ]; then kill -"$SIGNAL" "$PPID"; sleep 5; exit 1; fi
exec "$REAL_GIT" "$@"
"""


def tag(source: Path, version: str, **files: str) -> None:
    """Release *version* of the template in *source* with these files of it changed."""
    put(source / "template", {path: text.encode() for path, text in files.items()})
    (source / "TEMPLATE_VERSION").write_text(f"{version}\n")
    save(source, f"chore: version {version}")
    git(source, "tag", f"v{version}")


def change(shop: Path, old: str, new: str) -> None:
    """Replace *old* by *new* in every workflow, as a robot does, and commit."""
    for path in (shop / ".github/workflows").glob("*.yml"):
        path.write_text(path.read_text().replace(old, new))
    save(shop, "build(deps): bump actions/checkout")


def merge(shop: Path, branch: str) -> None:
    git(shop, "checkout", "-q", "main")
    git(shop, "merge", "-q", branch)


def test_a_robot_between_three_versions_costs_no_line(tmp_path: Path) -> None:
    """The security line of the middle version arrives, whatever a robot did (T8)."""
    source = copy_source(tmp_path / "monokeel")
    ci = (source / "template" / CI).read_text()
    middle = ci.replace(CHECKOUT, f"actions/checkout@{'d' * 40} # v7.0.4")
    middle = middle.replace("permissions: {}\n", f"permissions: {{}}\n{SECURITY}\n", 1)
    git(source, "tag", "-d", NEW)
    tag(source, "9997.0.0", **{CI: ci})
    tag(source, "9998.0.0", **{CI: middle})
    tag(source, "9999.0.0", **{CI: f"# one more line\n{middle}"})
    answers = tmp_path / "a"
    run_copy(str(source), answers, defaults=True, quiet=True, vcs_ref="v9997.0.0")
    shop = start_repository(answers, tmp_path / "shop")
    change(shop, CHECKOUT, NEWER)

    first = update(shop, tmp_path / "one")

    assert first.version == "9999.0.0"
    assert first.merged.left == ()
    assert len(first.merged.pins) == 1
    text = (shop / CI).read_text()
    assert SECURITY in text
    assert NEWER in text
    assert text == f"# one more line\n{middle}".replace(
        f"actions/checkout@{'d' * 40} # v7.0.4", NEWER
    )


def test_a_line_that_was_not_taken_is_named_in_every_later_check(
    tmp_path: Path,
) -> None:
    source = copy_source(tmp_path / "monokeel")
    text = "".join(f"Line {number}.\n" for number in range(9))
    fixed = text.replace("Line 4.", SECURITY)
    git(source, "tag", "-d", NEW)
    tag(source, "9997.0.0", **{"docs/guide.md": text})
    tag(source, "9998.0.0", **{"docs/guide.md": fixed})
    tag(source, "9999.0.0", **{"docs/guide.md": f"Top.\n{fixed}"})
    answers = tmp_path / "a"
    run_copy(str(source), answers, defaults=True, quiet=True, vcs_ref="v9997.0.0")
    shop = start_repository(answers, tmp_path / "shop")
    put(shop, {"docs/guide.md": text.replace("Line 4.", "Ours.").encode()})
    save(shop, "docs: ours")

    for version in ("9998.0.0", "9999.0.0"):
        done = update(shop, tmp_path / version, choice=UpdateChoice(version=version))
        merge(shop, done.branch)

        assert [each.missing for each in done.merged.left] == [(f"{SECURITY}\n",)]
        work = tmp_path / f"check-{version}"
        work.mkdir()
        offer = check(SharedTemplate(shop, work=work, credentials=Credentials()))
        assert [(p, e.since) for p, e in offer.open.items()] == [
            ("docs/guide.md", "9998.0.0")
        ]
    after = (shop / "docs/guide.md").read_text()
    assert after == f"Top.\n{text.replace('Line 4.', 'Ours.')}"


def test_a_service_that_was_removed_by_hand_is_mentioned_no_more(
    versions: Versions, tmp_path: Path
) -> None:
    """T28, T29: by its folder and its entry; no other file has a list of services."""
    shop = start_repository(versions.first, tmp_path / "shop")
    shutil.rmtree(shop / "services/web")
    settings = shop / "infra/platform.toml"
    text = settings.read_text()
    assert _ENTRY in text
    settings.write_text(text.replace(_ENTRY, ""))
    save(shop, "feat!: no web any more")

    for version in ("9998.0.0", "9999.0.0"):
        choice = UpdateChoice(version=version)
        done = update(shop, tmp_path / version, choice=choice)
        merge(shop, done.branch)

        assert (done.merged.left, done.open) == ((), {})
        assert "web" not in git(shop, "log", "-1", "--format=%B")

    assert not (shop / "services/web").exists()
    assert settings.read_text() == text.replace(_ENTRY, "")
    tree = tree_of(shop)
    del tree[".copier-answers.yml"]
    assert [path for path, text in tree.items() if b"services/web" in text] == []


def run_update(shop: Path, base: Path, kill_at: int, name: str) -> int:
    """Run an update whose git kills it at its *kill_at*-th call; return the calls."""
    programs, counter = base / "programs", base / "counter"
    programs.mkdir(exist_ok=True)
    (programs / "killed_update.py").write_text(_UPDATE)
    (programs / "git").write_text(_GIT)
    (programs / "git").chmod(0o755)
    counter.write_text("0")
    env = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(programs),
        "REAL_GIT": shutil.which("git") or "",
        "COUNTER": str(counter),
        "KILL_AT": str(kill_at),
        "SIGNAL": name.removeprefix("SIG"),
    }
    done = subprocess.run(
        [warm.program(), "-P", "-m", "killed_update", str(shop)],
        env=env,
        check=False,
        capture_output=True,
    )
    killed = kill_at > 0
    assert (done.returncode == -getattr(signal, name)) == killed, done.stderr
    return int(counter.read_text())


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_killed_update_leaves_everything_as_it_was(
    shop: Path, versions: Versions, tmp_path: Path, name: str
) -> None:
    put(shop, {"new.txt": b"not committed\n"})
    before = tree_of(shop), git(shop, "for-each-ref"), git(shop, "status", "--short")
    probe = Path(shutil.copytree(shop, tmp_path / "probe", symlinks=True))
    calls = run_update(probe, tmp_path, 0, name)
    moments = sorted({1 + n * (calls - 1) // (KILLS - 1) for n in range(KILLS)})

    for moment in moments:
        run_update(shop, tmp_path, moment, name)

        now = tree_of(shop), git(shop, "for-each-ref"), git(shop, "status", "--short")
        assert now == before, moment

    run_update(shop, tmp_path, 0, name)  # as if nothing had been
    git(shop, "checkout", "-q", f"template/{NEW}")
    (shop / "new.txt").unlink()
    assert tree_of(shop) == tree_of(versions.new)
    sys.stdout.write(
        f"{name}: killed at {len(moments)} of {calls} moments: {moments}\n"
    )


def test_nothing_of_a_new_version_runs_before_it_is_merged(tmp_path: Path) -> None:
    """Every file that could run leaves a mark if it does (T3)."""
    source = copy_source(tmp_path / "monokeel")
    git(source, "tag", "-d", NEW)
    tag(source, "9998.0.0")
    run_copy(str(source), tmp_path / "a", defaults=True, quiet=True)
    shop = start_repository(tmp_path / "a", tmp_path / "shop")
    mark = tmp_path / "it-ran"
    shell = f"#!/bin/sh\ntouch {mark}\nexit 9\n"
    python = f"open({str(mark)!r}, 'w')\nraise SystemExit(9)\n"
    hostile = {
        "inv": shell,
        "scripts/update-template.sh": shell,
        "tasks.py": python,
        "tasks_local.py": python,
        "sitecustomize.py": python,
        "conftest.py": python,
        "ops/monokeel/__init__.py": python,
        ".gitattributes": "* filter=evil diff=evil merge=evil\n",
        ".githooks/post-checkout": shell,
    }
    [wheel] = (source / "template/ops").glob("*.whl")
    wheel.write_bytes(b"no wheel at all")
    tag(source, "9999.0.0", **hostile)

    done = update(shop, tmp_path / "work")

    assert done.version == "9999.0.0"
    assert set(hostile) - {"tasks_local.py"} <= set(done.changed)
    assert not mark.exists()
