"""The tasks that follow the template, on the sandbox."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from sandbox.records import Issue
from sandbox.server import Sandbox
from tests.e2e.commands import answer, inv
from tests.rendered.renders import copy_source, git
from tests.rendered.versions import (
    GUIDE,
    NEW,
    put,
    rename_modules,
    save,
    start_repository,
)

BRANCH = f"template/{NEW}"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture
def shop(rendered: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(rendered, tmp_path / "shop", symlinks=True))


def pull(box: Sandbox, number: int) -> Issue:
    return next(each for each in box.state.issues if each.number == number)


def test_an_update_is_proposed_once_and_made_anew_on_a_new_main(
    shop: Path, box: Sandbox
) -> None:
    inv(shop, box, "init", "--no-rules")
    writes = box.writes
    preview = inv(shop, box, "template.update", "--pr", "--dry-run")
    assert (preview.returncode, box.writes) == (0, writes), preview.stderr
    assert "nothing was changed" in preview.stdout

    first = inv(shop, box, "template.update", "--pr", "--json")
    second = inv(shop, box, "template.update", "--pr", "--json")
    put(shop, {"docs/steady.md": GUIDE.encode()})
    save(shop, "docs: ours")
    third = inv(shop, box, "template.update", "--pr", "--json")

    said = [answer(each)["notes"] for each in (first, second, third)]
    assert said == [
        [f"pull request #1 is {it}"] for it in ("open", "open", "refreshed")
    ]
    pushed = git(box.bare, "rev-parse", f"refs/heads/{BRANCH}").strip()
    assert pushed == answer(third)["commit"]
    body = str(pull(box, 1).body)
    assert "docs/guide.md" in body
    assert "policy.lint: nothing wrong" in body
    assert "template.verify: " in body
    assert git(shop, "status", "--porcelain") == ""
    assert git(shop, "branch", "--list", "template/*") == ""


def test_what_a_person_closed_or_touched_is_left_alone(
    shop: Path, box: Sandbox
) -> None:
    inv(shop, box, "init", "--no-rules")
    inv(shop, box, "template.update", "--pr")
    git(shop, "fetch", "-q", str(box.bare), BRANCH)
    git(shop, "checkout", "-q", "--detach", "FETCH_HEAD")
    save(shop, "docs: by hand")
    git(shop, "push", "-q", str(box.bare), f"HEAD:refs/heads/{BRANCH}")
    git(shop, "checkout", "-q", "main")

    touched = inv(shop, box, "template.update", "--pr", "--json")
    pull(box, 1).state = "closed"
    closed = inv(shop, box, "template.update", "--pr", "--json")

    assert (touched.returncode, closed.returncode) == (0, 0), closed.stderr
    held = "pull request #1 holds commits of others and is left as it is; for another"
    said = f"{held} one: git push origin --delete {BRANCH}"
    assert answer(touched)["notes"] == [said]
    assert answer(closed)["verdict"] == "rejected"
    assert len(box.state.issues) == 1


def test_a_conflict_ends_with_3_and_costs_its_hunk(shop: Path, box: Sandbox) -> None:
    ours = GUIDE.replace("Line 15 of", "Our line 15 of").encode()
    put(shop, {"docs/guide.md": ours})
    save(shop, "docs: ours")

    done = inv(shop, box, "template.update")

    assert done.returncode == 3
    assert "Not taken\n" in done.stdout
    assert "docs/guide.md" in done.stdout
    assert "infra/template-open.json" in done.stderr
    assert git(shop, "branch", "--show-current").strip() == "main"
    git(shop, "merge", "-q", BRANCH)
    assert (shop / "docs/guide.md").read_bytes() == ours

    check = inv(shop, box, "template.check")

    assert check.returncode == 2
    assert "docs/guide.md, since v9999.0.0" in check.stdout


def test_verify_holds_the_files_against_the_release(shop: Path, box: Sandbox) -> None:
    before = inv(shop, box, "template.verify", "--json")
    (shop / "scripts/update-template.sh").chmod(0o644)
    after = inv(shop, box, "template.verify", "--json")

    assert (before.returncode, after.returncode) == (0, 2), before.stderr
    assert answer(after)["differences"] == [
        {
            "path": "scripts/update-template.sh",
            "where": "disk",
            "state": "not executable",
        }
    ]

    done = inv(shop, box, "template.verify", "--source", "/nowhere")

    assert done.returncode == 4
    assert "not verified: " in done.stderr


def test_the_check_ends_with_2_and_keeps_one_issue(shop: Path, box: Sandbox) -> None:
    first = inv(shop, box, "template.check", "--issue", "--json")
    second = inv(shop, box, "template.check", "--issue", "--json")

    assert (first.returncode, second.returncode) == (2, 2), first.stderr
    assert answer(first)["latest"] == "9999.0.0"
    assert answer(first)["notes"] == answer(second)["notes"] == ["issue #1 is open"]


def test_a_check_is_told_though_no_issue_can_be_written(
    shop: Path, box: Sandbox
) -> None:
    """P13, P14; the run is red, for nobody else would hear of it."""
    words: Json = {"message": "Issues are disabled for this repo"}
    box.switches.fail("/issues", status=410, body=words, times=9)
    check = ("template.check", "--issue")

    found = inv(shop, box, *check)
    unread = inv(shop, box, *check, "--source", "/nowhere")

    assert (found.returncode, unread.returncode) == (3, 4)
    assert found.stdout.startswith("Template v9999.0.0 is available; v9998.0.0 here\n")
    assert "Issues are disabled" in found.stderr
    assert "/nowhere cannot be read" in unread.stderr
    assert "no issue could be written: GitHub answered 410" in unread.stderr


def test_an_issue_of_somebody_else_is_not_the_one_that_is_kept(
    shop: Path, box: Sandbox
) -> None:
    """S7: with our marker in it, and older than ours."""
    text = "typo in docs\n\n<!-- monokeel: template-update -->"
    github = GitHub(
        Session(), api=box.url, repository="acme/shop", token=box.tokens["reviewer"]
    )
    sent: Json = {"title": "typo", "body": text}
    github.request("POST", "/issues", json=sent, expect=(201,))

    first = inv(shop, box, "template.check", "--issue", "--json")
    writes = box.writes
    second = inv(shop, box, "template.check", "--issue", "--json")

    assert (first.returncode, second.returncode) == (2, 2), first.stderr
    assert answer(first)["notes"] == answer(second)["notes"] == ["issue #2 is open"]
    assert box.writes == writes  # the same text, which names no folder of a run
    theirs, ours = box.state.issues
    assert " /dev/null => docs/added.md " in str(ours.body)
    assert (theirs.title, theirs.body, theirs.state) == ("typo", text, "open")
    assert theirs.comments == []
    assert "<!-- monokeel: template-update -->" in str(ours.body)

    put(shop, {".copier-answers.yml": _at_the_newest(shop)})
    save(shop, "chore: as if updated")
    last = inv(shop, box, "template.check", "--issue", "--json")

    assert last.returncode == 0, last.stderr
    assert (theirs.state, ours.state) == ("open", "closed")


def _at_the_newest(shop: Path) -> bytes:
    text = (shop / ".copier-answers.yml").read_text(encoding="utf-8")
    return re.sub(r"(?m)^_commit: .*$", f"_commit: {NEW}", text).encode()


def test_lost_answers_are_written_again_on_a_branch(shop: Path, box: Sandbox) -> None:
    """T26: what infra/platform.toml shows, and what is said, at the version named."""
    answers = (shop / ".copier-answers.yml").read_bytes()
    source = str(yaml.safe_load(answers)["_src_path"])
    there = inv(shop, box, "template.update", "--adopt", "9998.0.0", "--source", source)
    put(shop, {".copier-answers.yml": None})
    save(shop, "chore: lose them")

    nowhere = inv(shop, box, "template.update", "--adopt", "9998.0.0")
    lost = inv(shop, box, "template.check")
    adopt = ("template.update", "--adopt", "9998.0.0", "--source", source, "--answer")
    wrong = inv(shop, box, *adopt, "codeowner=@acme/platform")
    done = inv(shop, box, *adopt, "codeowners=@acme/platform")

    assert "no question 'codeowner'" in wrong.stderr
    assert (there.returncode, nowhere.returncode) == (1, 1)
    assert "there is nothing to adopt" in there.stderr
    assert "--source OWNER/REPO" in nowhere.stderr
    assert "--adopt VERSION" in lost.stderr
    assert done.returncode == 0, done.stderr
    git(shop, "merge", "-q", "template/v9998.0.0-answers")
    assert yaml.safe_load((shop / ".copier-answers.yml").read_bytes()) == (
        yaml.safe_load(answers)
    )
    assert inv(shop, box, "template.update").returncode == 0


def doctor(shop: Path, box: Sandbox) -> dict[str, tuple[str, str]]:
    done = inv(shop, box, "doctor", "--json")
    assert done.stdout, done.stderr
    found = answer(done)["findings"]
    assert isinstance(found, list)
    return {each["what"]: (each["state"], each["detail"]) for each in found}


def test_doctor_names_what_the_index_lacks(shop: Path, box: Sandbox) -> None:
    """T14, T15: an ignore rule or a drive without modes kept it out, silently."""
    before = doctor(shop, box)
    git(shop, "rm", "-q", "--cached", "ops/requirements.txt")
    git(shop, "update-index", "--chmod=-x", "inv")
    after = doctor(shop, box)

    assert before["managed files"] == before["template"] == ("ok", "")
    assert after["managed files"] == (
        "missing",
        "git add -f ops/requirements.txt; git update-index --chmod=+x inv",
    )


def test_doctor_names_a_template_out_of_reach_and_a_broken_list(
    shop: Path, box: Sandbox
) -> None:
    answers = shop / ".copier-answers.yml"
    lines = answers.read_text().splitlines()
    lines = [x if "_src_path" not in x else "_src_path: /nowhere" for x in lines]
    put(shop, {".copier-answers.yml": "\n".join(lines).encode()})
    put(shop, {"ops/manifest.json": b"{"})
    save(shop, "chore: elsewhere")

    found = doctor(shop, box)

    assert found["template"][0] == "unknown"
    assert "/nowhere cannot be read" in found["template"][1]
    assert found["managed files"][0] == "missing"
    assert "git checkout HEAD -- ops/manifest.json" in found["managed files"][1]


def test_doctor_names_a_folder_inside_of_a_repository(
    shop: Path, box: Sandbox, tmp_path: Path
) -> None:
    """T16: GitHub would never run its workflows."""
    outer = tmp_path / "outer"
    shutil.copytree(shop, outer / "shop", ignore=shutil.ignore_patterns(".git"))
    git(outer, "init", "-q", "-b", "main")
    git(outer, "remote", "add", "origin", "https://github.com/acme/shop.git")
    save(outer, "chore: inside")

    state, detail = doctor(outer / "shop", box)["repository"]

    assert state == "missing"
    assert "this is the folder shop/ of a repository, not its root" in detail


def test_doctor_names_tags_that_copier_takes_for_releases(
    shop: Path, box: Sandbox
) -> None:
    """T35: in the template's own repository, which has copier.yml."""
    put(shop, {"copier.yml": b"{}\n"})
    assert "managed files" in doctor(shop, box)  # a team's own template
    (shop / ".copier-answers.yml").unlink()
    good = doctor(shop, box)["tags"]
    for name in ("v1.0.0", "v2", "4.0.0", "latest"):
        git(shop, "tag", name)

    assert good == ("ok", "")
    assert doctor(shop, box)["tags"] == (
        "missing",
        "Copier takes them for releases: git tag -d 4.0.0 v2",
    )


def test_who_takes_the_answers_away_is_held_against_the_base(
    shop: Path, box: Sandbox
) -> None:
    """With copier.yml beside it, that would look like the template itself."""
    base = git(shop, "rev-parse", "HEAD").strip()
    put(shop, {"copier.yml": b"{}\n"})
    (shop / ".copier-answers.yml").unlink()
    save(shop, "feat: look like the template")

    taken = inv(shop, box, "template.verify", "--base", base)
    itself = inv(shop, box, "template.verify", "--base", "HEAD")

    assert taken.returncode == 1
    assert "there is no .copier-answers.yml here" in taken.stderr
    assert (itself.returncode, itself.stderr) == (0, "")
    assert "This is the template itself" in itself.stdout


def test_nothing_of_a_hostile_version_runs_with_and_without_a_pull_request(
    tmp_path: Path, box: Sandbox
) -> None:
    """T3: neither when it is rendered, nor checked, proposed or verified."""
    source = copy_source(tmp_path / "monokeel")
    git(source, "tag", "-d", NEW)
    git(source, "tag", "v9998.0.0")
    run_copy(str(source), tmp_path / "old", defaults=True, quiet=True)
    shop = start_repository(tmp_path / "old", tmp_path / "shop")
    git(shop, "remote", "add", "origin", "https://github.com/acme/shop.git")
    mark = tmp_path / "it-ran"
    shell = f'#!/bin/sh\necho "$GITHUB_TOKEN" > {mark}\nexit 9\n'.encode()
    python = f"open({str(mark)!r}, 'w')\nraise SystemExit(9)\n".encode()
    [wheel] = (source / "template/ops").glob("*.whl")
    hostile = {"inv": shell, "tasks.py": python, "sitecustomize.py": python}
    hostile |= {"scripts/update-template.sh": shell, f"ops/{wheel.name}": python}
    hostile |= {"ops/monokeel/__init__.py": python, "conftest.py": python}
    hostile |= {".gitattributes": b"* filter=evil diff=evil merge=evil\n"}
    put(source / "template", hostile)
    put(source, {"src/monokeel/__init__.py": python, "pyproject.toml": python})
    save(source, "feat: look harmless")
    git(source, "tag", NEW)
    inv(shop, box, "init", "--no-rules")

    for args in ((), ("--pr",), ("--pr", "--dry-run")):
        done = inv(shop, box, "template.update", *args)
        assert done.returncode == 0, done.stderr
    for task in ("template.check", "template.verify", "doctor"):
        inv(shop, box, task)

    assert git(box.bare, "ls-tree", "--name-only", BRANCH).count("sitecustomize") == 1
    assert not mark.exists()


def test_a_version_that_renames_every_module_becomes_a_pull_request(
    tmp_path: Path, box: Sandbox
) -> None:
    """T1, T2: nothing is imported late from what the new version brought."""
    source = copy_source(tmp_path / "monokeel")
    git(source, "tag", "-d", NEW)
    git(source, "tag", "v9998.0.0")
    run_copy(str(source), tmp_path / "old", defaults=True, quiet=True)
    shop = start_repository(tmp_path / "old", tmp_path / "shop")
    git(shop, "remote", "add", "origin", "https://github.com/acme/shop.git")
    renamed = rename_modules(source / "template")
    save(source, "refactor: rename every module")
    git(source, "tag", NEW)
    inv(shop, box, "init", "--no-rules")

    done = inv(shop, box, "template.update", "--pr", "--json")
    again = inv(shop, box, "template.update", "--pr", "--json")

    assert len(renamed) > 100
    assert (done.returncode, again.returncode) == (0, 0), done.stderr
    assert (
        answer(done)["notes"] == answer(again)["notes"] == ["pull request #1 is open"]
    )
    git(shop, "fetch", "-q", str(box.bare), BRANCH)
    git(shop, "merge", "-q", "FETCH_HEAD")
    after = [inv(shop, box, f"template.{task}") for task in ("check", "verify")]
    assert [each.returncode for each in after] == [0, 0], after
    [wheel] = (shop / "ops").glob("*.whl")
    imports = [f"import {name}_renewed as it" for name in renamed]
    started = subprocess.run(
        [sys.executable, "-P", "-c", "\n".join([*imports, "print(it.__file__)"])],
        env={**os.environ, "PYTHONPATH": str(wheel)},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert started.stdout.startswith(str(wheel)), started.stderr
