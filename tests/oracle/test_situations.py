"""Whole situations, each in a real repository, with npm's semantic-release itself.

The names are those of the golden table. Where we differ on purpose, *ours* says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pytest

from monokeel.ground.answers import Json, as_object
from tests.fakes.clones import Clone
from tests.oracle.conftest import Ask

NOTE = "BREAKING CHANGE: y"
CRASH: Literal["crash"] = "crash"
SAME: Literal["same"] = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    build: Callable[[Clone], object]
    npm: str | None
    ours: str | None = SAME
    rules: str = "conventionalcommits"


def commits(*messages: str) -> Callable[[Clone], None]:
    def build(clone: Clone) -> None:
        for message in messages:
            clone.commit(message)

    return build


def on_top_of(tag: str, message: str = "fix: x") -> Callable[[Clone], None]:
    def build(clone: Clone) -> None:
        clone.commit("docs: x", tag=tag)
        clone.commit(message)

    return build


def without_tags(*messages: str) -> Callable[[Clone], None]:
    def build(clone: Clone) -> None:
        clone.git("tag", "-d", "v1.0.0")
        clone.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "chore: all")
        commits(*messages)(clone)

    return build


def reverted(clone: Clone) -> None:
    sha = clone.commit("feat: a")
    clone.commit(f'Revert "feat: a"\n\nThis reverts commit {sha}.')


def reverted_shortly(clone: Clone) -> None:
    sha = clone.commit("feat: a")
    clone.commit(f'Revert "feat: a"\n\nThis reverts commit {sha[:7]}.')


def merged(clone: Clone) -> None:
    clone.git("switch", "--quiet", "-c", "topic")
    clone.commit("chore: x")
    clone.git("switch", "--quiet", "main")
    clone.commit("docs: x")
    clone.git("merge", "--quiet", "--no-ff", "-m", f"feat: m\n\n{NOTE}", "topic")


def tagged_elsewhere(clone: Clone) -> None:
    clone.git("switch", "--quiet", "-c", "elsewhere")
    clone.commit("feat: b", tag="v1.1.0")
    clone.git("switch", "--quiet", "main")
    clone.commit("feat: a")


def odd_tags(clone: Clone) -> None:
    for tag in ("v2.0.0-rc.1", "v1.2", "release-9", "v01.2.3", "V3.0.0"):
        clone.git("tag", tag)
    clone.commit("fix: x")


def annotated(clone: Clone) -> None:
    clone.git("tag", "-a", "-m", "text", "v1.0.1")
    clone.commit("fix: x")


SITUATIONS = {
    "E1a": Situation(build=without_tags(), npm=None),
    "E1b": Situation(build=without_tags("feat: x"), npm="1.0.0"),
    "E2a": Situation(build=commits("feat!: drop x"), npm="2.0.0"),
    "E2b": Situation(build=commits("feat!: drop x"), npm=None, rules="angular"),
    "E3": Situation(
        build=commits("fix: x\n\nbreaking change in ESLint 8."), npm="2.0.0"
    ),
    "E4": Situation(build=commits(f"chore: x\n\n{NOTE}"), npm="2.0.0"),
    "E5": Situation(build=commits(f"fix: x\n---\n{NOTE}"), npm="1.0.1"),
    "E6": Situation(
        build=commits(f"fix: x\n\n{NOTE}\ntext\n---"), npm=CRASH, ours="2.0.0"
    ),
    "E7": Situation(build=commits("fix: x\n-notes-\nx"), npm=CRASH, ours="1.0.1"),
    "E8": Situation(build=reverted, npm=None),
    "E8b": Situation(build=reverted_shortly, npm="1.1.0"),
    "E8c": Situation(
        build=commits(f'Revert "feat: a"\n\nThis reverts commit {"a" * 40}.'),
        npm="1.0.1",
    ),
    "E8d": Situation(
        build=commits(
            "feat: a (#11)", 'Revert "feat: a (#11)" (#12)\n\nReverts o/r#11'
        ),
        npm="1.1.0",
    ),
    "E9": Situation(build=commits("feat: a [skip release]"), npm=None),
    "E10": Situation(build=merged, npm="2.0.0"),
    "E11": Situation(build=commits("chore: batch (#9)\n\n* feat: a"), npm=None),
    "E12": Situation(build=tagged_elsewhere, npm="1.1.0"),
    "E13": Situation(
        build=lambda clone: clone.commit("feat: a", tag="v1.1.0"), npm=None
    ),
    "E14a": Situation(build=on_top_of("v1.3.1"), npm="1.3.2"),
    "E14b": Situation(build=on_top_of("v1.3.1", "feat: x"), npm="1.4.0"),
    "E15a": Situation(build=odd_tags, npm="1.0.1"),
    "E15b": Situation(build=on_top_of("v1.4.0+build.1"), npm="1.4.1"),
    "E15c": Situation(build=on_top_of("vv1.5.0"), npm="1.5.1"),
    "E15d": Situation(build=on_top_of("vvv1.5.0"), npm=CRASH, ours="1.0.1"),
    "E16": Situation(build=annotated, npm="1.0.2"),
    "E20a": Situation(
        build=commits("feat: x\n\n==END==\nmore"), npm=CRASH, ours="1.1.0"
    ),
    "E20b": Situation(build=commits("feat: x ==FIELD== y"), npm=None, ours="1.1.0"),
}


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clone]:
    """A repository in each situation, by its name."""
    made = {}
    for name, situation in SITUATIONS.items():
        made[name] = Clone(tmp_path_factory.mktemp(name))
        situation.build(made[name])
        made[name].push()
    return made


@pytest.fixture(scope="module")
def npm(clones: dict[str, Clone], ask: Ask) -> dict[str, str | None]:
    """The version that a dry run of semantic-release gives, or CRASH, by name."""
    presets = {name: each.rules for name, each in SITUATIONS.items()}
    repositories: list[Json] = [
        {
            "cwd": str(clone.root),
            "url": f"file://{clone.remote}",
            "branches": ["main"],
            "preset": "" if presets[name] == "angular" else presets[name],
        }
        for name, clone in clones.items()
    ]
    answers = ask({"about": "releases", "repositories": repositories})
    return dict(zip(clones, map(outcome, answers), strict=True))


def outcome(answer: Json) -> str | None:
    fields = as_object(answer)
    if "crash" in fields:
        assert fields["crash"] == "TypeError", fields
        return CRASH
    version = fields["version"]
    assert version is None or isinstance(version, str)
    return version


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_ends_as_the_golden_table_says(
    name: str, clones: dict[str, Clone], npm: dict[str, str | None]
) -> None:
    situation = SITUATIONS[name]

    ours = clones[name].plan(rules=situation.rules).version

    assert npm[name] == situation.npm
    assert ours == (npm[name] if situation.ours == SAME else situation.ours)
