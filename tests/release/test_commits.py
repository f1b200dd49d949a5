"""Reverts, skipped commits, and which commit, rule and line decided."""

import pytest

from monokeel.release.commits import (
    CANCELLED,
    SKIPPED,
    Analysis,
    Commit,
    analyze,
    read_commits,
)
from monokeel.release.messages import RULE_SETS

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
RULES = ("angular", "conventionalcommits")
REVERT_OF_A = f'Revert "feat: a"\n\nThis reverts commit {A}.'


def analysis(*oldest_first: tuple[str, str], rules: str = RULES[1]) -> Analysis:
    return analyze(read_commits(reversed(oldest_first), RULE_SETS[rules]))


def level(*oldest_first: tuple[str, str], rules: str = RULES[1]) -> str | None:
    deciding = analysis(*oldest_first, rules=rules).deciding
    return deciding.level if deciding else None


def deciding(*oldest_first: tuple[str, str]) -> Commit:
    found = analysis(*oldest_first).deciding
    assert found is not None
    return found


@pytest.mark.parametrize("rules", RULES)
def test_a_commit_and_its_revert_vanish(rules: str) -> None:
    assert level((A, "feat: a"), (B, REVERT_OF_A), rules=rules) is None


@pytest.mark.parametrize("rules", RULES)
def test_a_revert_of_a_released_commit_is_a_patch(rules: str) -> None:
    assert level((B, REVERT_OF_A), rules=rules) == "patch"


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize(
    "revert",
    [
        REVERT_OF_A.replace(A, A[:7]),
        REVERT_OF_A.replace(A, A.upper()),
        'Revert "feat: a (#11)" (#12)\n\nReverts acme/shop#11',
        "revert: feat: a",
        f"revert(api): feat: a\n\nThis reverts commit {A}.",
        f"fix: undo\n\nThis reverts commit {A}.",
        f'Revert "feat: a"\n\nIt broke.\n\nThis reverts commit {A}.',
    ],
    ids=["short", "upper case", "squashed", "no hash", "scope", "fix", "reason before"],
)
def test_a_revert_written_otherwise_cancels_nothing(revert: str, rules: str) -> None:
    assert level((A, "feat: a"), (B, revert), rules=rules) == "minor"


@pytest.mark.parametrize("rules", RULES)
def test_a_reason_after_the_sentence_does_no_harm(rules: str) -> None:
    assert (
        level((A, "feat: a"), (B, f"{REVERT_OF_A}\n\nIt broke."), rules=rules) is None
    )


@pytest.mark.parametrize(
    ("rules", "expected"), [("angular", None), ("conventionalcommits", "minor")]
)
def test_a_merge_revert_needs_the_dot_under_conventionalcommits(
    rules: str, expected: str | None
) -> None:
    revert = f'Revert "feat: a"\n\nThis reverts commit {A}, reversing\nchanges to {B}.'

    assert level((A, "feat: a"), (C, revert), rules=rules) == expected


def test_a_revert_of_a_revert_restores_the_commit() -> None:
    again = f'Revert "Revert "feat: a""\n\nThis reverts commit {B}.'

    assert level((A, "feat: a"), (B, REVERT_OF_A), (C, again)) == "minor"


def test_reapply_is_no_revert() -> None:
    again = f'Reapply "feat: a"\n\nThis reverts commit {B}.'

    assert level((A, "feat: a"), (B, REVERT_OF_A), (C, again)) is None


def test_of_two_reverts_one_stays() -> None:
    assert level((A, "feat: a"), (B, REVERT_OF_A), (C, REVERT_OF_A)) == "patch"


def test_a_second_commit_of_the_same_subject_stays() -> None:
    assert level((A, "feat: a"), (B, REVERT_OF_A), (C, "feat: a")) == "minor"


def test_only_the_named_commit_vanishes() -> None:
    assert level((A, "feat: a"), (B, "fix: b"), (C, REVERT_OF_A)) == "patch"


def test_a_revert_older_than_its_commit_cancels_nothing() -> None:
    assert level((B, REVERT_OF_A), (A, "feat: a")) == "minor"


def test_a_revert_with_a_note_breaks() -> None:
    assert level((B, f"{REVERT_OF_A}\n\nBREAKING CHANGE: z")) == "major"


@pytest.mark.parametrize("space", [" ", "\n", "\u00a0", "\ufeff", "  "])
@pytest.mark.parametrize("words", ["skip{}release", "RELEASE{}Skip"])
def test_a_marked_commit_is_left_out(words: str, space: str) -> None:
    assert level((A, f"feat: a [{words.format(space)}]")) is None


@pytest.mark.parametrize(
    "mark", ["[skip-release]", "[skip ci]", "[no release]", "[skip\x1crelease]"]
)
def test_another_mark_leaves_nothing_out(mark: str) -> None:
    assert level((A, f"feat: a {mark}")) == "minor"


def test_a_marked_revert_cancels_nothing() -> None:
    assert level((A, "feat: a"), (B, f"{REVERT_OF_A}\n[skip release]")) == "minor"


def test_a_merge_commit_counts_like_any_other() -> None:
    assert level((A, "Merge branch 'x'\n\nfeat: m\n\nBREAKING CHANGE: z")) == "major"


def test_bullets_of_a_squash_are_not_commits() -> None:
    assert level((A, "chore: batch (#9)\n\n* feat: a\n* fix: b")) is None


def test_an_empty_message_is_no_commit() -> None:
    assert analysis((A, "\n \n")).commits == ()


def test_the_newest_commit_of_the_highest_level_decides() -> None:
    found = deciding((A, "feat: a"), (B, "feat: b"), (C, "fix: c"))

    assert (found.sha, found.rule, found.line) == (B, "type feat", "feat: b")


@pytest.mark.parametrize(
    ("message", "rule", "line"),
    [
        ("fix(api): x", "type fix", "fix(api): x"),
        ("feat!: x", "! in the header", "feat!: x"),
        (
            "fix: x\n\nBREAKING CHANGE: y\nz",
            "breaking change note",
            "BREAKING CHANGE: y",
        ),
        (REVERT_OF_A, "revert", f"This reverts commit {A}."),
        ("x\n-tag-\nFix", "tag Fix", "Fix"),
    ],
)
def test_the_rule_and_the_line_are_named(message: str, rule: str, line: str) -> None:
    found = deciding((B, message))

    assert (found.rule, found.line) == (rule, line)


def test_commits_that_do_not_count_say_why() -> None:
    commits = analysis(
        (A, "feat: a"), (B, REVERT_OF_A), (C, "fix: c [skip release]"), (D, "docs: d")
    ).commits

    assert [(each.sha, each.level, each.rule) for each in commits] == [
        (D, None, None),
        (C, None, SKIPPED),
        (B, None, CANCELLED),
        (A, None, CANCELLED),
    ]


def test_a_commit_keeps_what_the_plan_shows() -> None:
    (commit,) = analysis((A, "feat(api): add x (#3)\n\nbody")).commits

    assert commit == Commit(
        sha=A,
        subject="add x (#3)",
        type="feat",
        scope="api",
        level="minor",
        rule="type feat",
        line="feat(api): add x (#3)",
    )


def test_fields_stand_in_for_what_a_revert_names() -> None:
    target = f"chore: x\n-header-\nextra\n--\n-hash-\n{D}"
    revert = f'Revert "chore: x\nextra"\n\nThis reverts commit {D}.'

    assert level((A, target), (B, revert)) is None


def test_a_revert_field_is_compared_with_a_raw_field() -> None:
    assert level((A, "feat: a\n-raw-\nxyz"), (B, "u\n-revert-\nxy")) is None
    assert level((A, "feat: a\n-raw-\nx"), (B, "u\n-revert-\nxy")) == "minor"
