"""What cannot work is found in the pull request: the line, by the command of CI."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from tests import warm
from tests.e2e.live_shop import POLICY, ROOT

RULESETS, SETTINGS, CI = "infra/rulesets.json", "infra/platform.toml", "ci.yml"
QUEUE: Json = {
    "type": "merge_queue",
    "parameters": {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "SQUASH",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    },
}


@dataclass(frozen=True)
class Clone:
    """A clone with the files that we ship; each may be spoilt."""

    folder: Path

    def replace(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def workflow(self, old: str, new: str) -> None:
        self.replace(f".github/workflows/{CI}", old, new)

    def ruleset(self, name: str, edit: Callable[[dict[str, Json]], None]) -> None:
        file = self.folder / RULESETS
        bodies = json.loads(file.read_text(encoding="utf-8"))
        edit(next(each for each in bodies if each["name"] == name))
        file.write_text(json.dumps(bodies), encoding="utf-8")

    def lint(self) -> tuple[int, str]:
        done = subprocess.run(
            [warm.program(), "-P", "-m", "invoke", "policy.lint"],
            cwd=self.folder,
            env={**os.environ, "GITHUB_API_URL": "http://127.0.0.1:9"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder = tmp_path / "shop"
    shutil.copytree(ROOT / ".github/workflows", folder / ".github/workflows")
    (folder / "infra").mkdir()
    shutil.copy(ROOT / RULESETS, folder / RULESETS)
    (folder / SETTINGS).write_text(POLICY, encoding="utf-8")
    shutil.copy(ROOT / "template/tasks.py", folder / "tasks.py")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return Clone(folder)


def sets(name: str, **members: Json) -> Callable[[Clone], None]:
    return lambda clone: clone.ruleset(name, lambda body: body.update(members))


def adds(name: str, rule: Json) -> Callable[[Clone], None]:
    def add(body: dict[str, Json]) -> None:
        assert isinstance(body["rules"], list)
        body["rules"].append(rule)

    return lambda clone: clone.ruleset(name, add)


def refs(*include: str) -> Json:
    return {"ref_name": {"include": [*include], "exclude": []}}


def configured(line: str) -> Callable[[Clone], None]:
    """Put *line* below its table, such as ``[release] tag_prefix = "rel-"``."""
    table, _, key = line.partition("] ")

    def write(clone: Clone) -> None:
        file = clone.folder / SETTINGS
        text = file.read_text(encoding="utf-8")
        head = f"{table}]\n"
        start = text if head in text else f"{text}\n{head}"
        file.write_text(start.replace(head, f"{head}{key}\n", 1), encoding="utf-8")

    return write


def queue_of(**parameters: Json) -> Json:
    assert isinstance(QUEUE, dict)
    assert isinstance(QUEUE["parameters"], dict)
    return {**QUEUE, "parameters": {**QUEUE["parameters"], **parameters}}


def in_workflow(old: str, new: str) -> Callable[[Clone], None]:
    return lambda clone: clone.workflow(old, new)


def all_of(*spoilers: Callable[[Clone], None]) -> Callable[[Clone], None]:
    def spoil(clone: Clone) -> None:
        for each in spoilers:
            each(clone)

    return spoil


MAIN_ALONE = sets("main", conditions=refs("refs/heads/main"))
BROKEN: dict[str, tuple[Callable[[Clone], None], int, str]] = {
    "P26: a filter leaves the check out": (
        lambda clone: clone.workflow(
            "    types: [opened", "    paths-ignore: ['**.md']\n    types: [opened"
        ),
        0,
        "ci.yml skips pull requests by paths-ignore: **.md",
    ),
    "P27: no pull request starts it": (
        lambda clone: clone.workflow("  pull_request:", "  issues:"),
        1,
        "waits for ever: ci.yml does not run on pull_request",
    ),
    "P27: it runs for another branch": (
        lambda clone: clone.workflow(
            "    types: [opened", "    branches: [trunk]\n    types: [opened"
        ),
        1,
        "waits for ever: ci.yml runs for pull requests to trunk alone",
    ),
    "P28: the queue waits": (
        all_of(in_workflow("  merge_group:\n", ""), adds("main", QUEUE), MAIN_ALONE),
        1,
        "waits for ever: ci.yml does not run on merge_group: the queue waits",
    ),
    "a job is renamed": (
        lambda clone: clone.workflow("name: all-green", "name: everything"),
        1,
        "no job of .github/workflows is called 'all-green': every merge would wait",
    ),
    "P22: a tag that nobody guards": (
        configured('[release] tag_prefix = "release-"'),
        1,
        "tag_prefix and infra/rulesets.json do not agree: refs/tags/release-1.0.0:",
    ),
    "P23: a default branch that nobody guards": (
        lambda clone: clone.replace(
            SETTINGS, 'name = "shop"\n', 'name = "shop"\ndefault_branch = "trunk"\n'
        ),
        1,
        "refs/heads/trunk: no active ruleset has deletion, non_fast_forward for it",
    ),
    "P24: a claim that is the tag": (
        configured('[release] claim_ref = "refs/tags/{tag}"'),
        1,
        "claim_ref",
    ),
    "P34: RE2 has no lookahead": (
        adds(
            "main",
            {
                "type": "commit_message_pattern",
                "parameters": {"operator": "regex", "pattern": "^(?!wip)"},
            },
        ),
        1,
        "is no regular expression for GitHub: RE2 has no lookaround",
    ),
    "P35: a queue with a wildcard": (
        all_of(
            adds("main", QUEUE),
            sets("main", conditions=refs("refs/heads/main", "refs/heads/rel/*")),
        ),
        1,
        "cannot stand with refs/heads/rel/*: a queue needs the exact names",
    ),
    "P36: a queue that merges into a linear history": (
        all_of(adds("main", queue_of(merge_method="MERGE")), MAIN_ALONE),
        1,
        "is MERGE, and main requires a linear history: nothing could ever merge",
    ),
    "P39: one level alone": (
        sets("main", conditions=refs("refs/heads/main", "refs/heads/rel/**")),
        0,
        "every level is refs/heads/rel/**/*",
    ),
    "P40: a name that no branch has": (
        sets("main", conditions=refs("refs/heads/main", "refs/heads/rel ")),
        0,
        "no ref can have such a name (git check-ref-format)",
    ),
    "P41: a ruleset without a ref": (
        sets("main", conditions=refs()),
        1,
        "refs/heads/main: no active ruleset has deletion, non_fast_forward for it",
    ),
    "P42: a freeze of the queue's branches": (
        all_of(
            adds("main", QUEUE),
            MAIN_ALONE,
            sets(
                "env-pointers", conditions=refs("refs/heads/env/*", "refs/heads/**/*")
            ),
        ),
        0,
        "freezes the merge queue of main: exclude refs/heads/gh-readonly-queue/**/*",
    ),
    "a slip in the type of a rule": (
        adds("main", {"type": "required_signature"}),
        1,
        "rules.required_signature is not known; did you mean required_signatures?",
    ),
    "an App that nobody lets pass": (
        lambda clone: clone.replace(
            SETTINGS, 'name = "shop"\n', 'name = "shop"\nwriter = "app"\napp_id = 42\n'
        ),
        1,
        "lets no Integration 42 pass, and creation needs it ([repository] writer)",
    ),
    "an environment that no branch may be called": (
        lambda clone: clone.replace(RULESETS, "env/[a-z0-9-]+|", ""),
        1,
        "env/dev: branch_name_pattern of branch-names refuses it",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_work_is_one_clear_line(clone: Clone, name: str) -> None:
    """Where something may still work it is told, and CI goes on."""
    spoil, code, said = BROKEN[name]

    spoil(clone)
    found, text = clone.lint()

    [line] = [x for x in text.splitlines() if said in x][:1] or [text]
    assert (found, said in line) == (code, True), text


def test_the_files_that_we_ship_pass(clone: Clone) -> None:
    assert len(BROKEN) >= 15

    assert clone.lint() == (0, "infra/rulesets.json: 7 rulesets, nothing wrong\n")


def test_a_byte_order_mark_is_read_over(clone: Clone) -> None:
    """P52: some editors write one."""
    file = clone.folder / RULESETS
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert clone.lint()[0] == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_what_is_no_utf_8_is_named_with_its_remedy(clone: Clone, encoding: str) -> None:
    """P52: what ``>`` of PowerShell writes, or an editor of long ago."""
    file = clone.folder / RULESETS
    text = file.read_text(encoding="utf-8").replace('"main"', '"m\xe4in"')
    file.write_bytes(text.encode(encoding))

    code, text = clone.lint()

    assert code == 1
    assert "infra/rulesets.json cannot be read: it is not UTF-8" in text
    assert "Out-File -Encoding utf8" in text
