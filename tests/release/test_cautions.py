"""The warnings that nobody else gives, one by one."""

import pytest

from monokeel.release.cautions import about_reverts, about_tags, watch
from monokeel.release.commits import Caution, analyze, read_commits
from monokeel.release.messages import RULE_SETS
from tests.fakes.plans import Shop

A, B, C = "a" * 40, "b" * 40, "c" * 40


def cautions(
    *oldest_first: tuple[str, str], rules: str = "conventionalcommits"
) -> list[Caution]:
    found: list[Caution] = []
    parsed = read_commits(reversed(oldest_first), RULE_SETS[rules])
    analysis = analyze(watch(parsed, RULE_SETS[rules], found))
    return found + about_reverts(analysis)


def words(message: str, rules: str = "conventionalcommits") -> str:
    (caution,) = cautions((A, message), rules=rules)
    assert caution.sha == A
    return caution.message


@pytest.mark.parametrize(
    "message",
    [
        *("feat: a", "feat!: a", "fix: a\n\nBREAKING CHANGE: y", "docs: a\n\n- b\n- c"),
        *("fix: reverting is no revert", "fix: skip the cache", "x\n---\ny"),
        f'Revert "feat: z"\n\nThis reverts commit {B}.',
    ],
)
def test_an_ordinary_commit_gets_no_warning(message: str) -> None:
    assert cautions((A, message)) == []


def test_prose_that_breaks() -> None:
    text = words("fix: a\n\nbreaking change in ESLint 8.")

    assert text == "prose read as a breaking change: 'breaking change in ESLint 8.'"


@pytest.mark.parametrize("line", ["---", "- pre-", "-type-"])
def test_a_hidden_breaking_change(line: str) -> None:
    assert "is hidden: 'BREAKING CHANGE: y'" in words(
        f"fix: a\n{line}\nBREAKING CHANGE: y"
    )


def test_an_exclamation_mark_under_angular() -> None:
    assert "no breaking change under the rules 'angular'" in words(
        "feat!: a", "angular"
    )


def test_an_exclamation_mark_inside_a_subject() -> None:
    text = words("fix(a): see (b)!: c")

    assert "its scope is read as 'a): see (b'" in text


@pytest.mark.parametrize(
    "line",
    [
        *("BREAKING CHANGES: y", "**BREAKING CHANGE**: y", "- BREAKING CHANGE: y"),
        *("BREAKING CHANGE", "BREAKING\u00a0CHANGE: y", "\u200bBREAKING CHANGE: y"),
        *("BREAKING  CHANGE: y", "BREAKING_CHANGE: y", "BREAKINGCHANGE: y"),
        *("1. BREAKING CHANGE: y", "\u26a0\ufe0f BREAKING CHANGE: y", "BREAKING: y"),
        *("Breaking Changes: y", "## Breaking changes:", "**Breaking**: y"),
    ],
)
def test_a_line_that_only_looks_like_a_note(line: str) -> None:
    assert f"not read as a breaking change: {line!r}" in words(f"fix: a\n\n{line}")


@pytest.mark.parametrize("header", ["BREAKING CHANGE: y", "BREAKING: y"])
def test_a_header_that_only_looks_like_a_note(header: str) -> None:
    assert "not read as a breaking change" in words(header)


def test_reapply() -> None:
    assert "'Reapply' undoes no revert" in words('Reapply "feat: a"')


def test_a_sentence_without_a_dot() -> None:
    text = words(f'Revert "feat: z"\n\nThis reverts commit {B}')

    assert "needs a dot right after the hash" in text


@pytest.mark.parametrize(
    "message",
    [
        'Revert "feat: a (#11)" (#12)\n\nReverts acme/shop#11',
        "revert: feat: a",
        f"fix: undo\n\nThis reverts commit {B}.",
    ],
    ids=["squashed", "type", "sentence alone"],
)
def test_what_looks_like_a_revert_and_is_none(message: str) -> None:
    """R3 and R4: said in the words of the title check."""
    said = words(message)

    assert said.startswith("looks like a revert and is none")
    is_silent = not message.startswith("fix")
    assert ("asks for no release (write 'fix: revert …'" in said) is is_silent


@pytest.mark.parametrize(
    "revert",
    [
        f'Revert "feat: a"\n\nThis reverts commit {A[:7]}.',
        f'Revert "feat: a"\n\nThis reverts commit {A.upper()}.',
        f'Revert "feat: other"\n\nThis reverts commit {A}.',
    ],
    ids=["short hash", "upper case", "other subject"],
)
def test_a_revert_that_cancels_nothing(revert: str) -> None:
    (caution,) = cautions((A, "feat: a"), (B, revert))

    assert caution.sha == B
    assert caution.message.startswith("this revert cancels nothing")


def test_a_revert_that_cancels_gets_no_warning() -> None:
    revert = f'Revert "feat: a"\n\nThis reverts commit {A}.'

    assert cautions((A, "feat: a"), (B, revert)) == []


def test_a_skipped_change_that_would_release() -> None:
    text = words("feat: a [skip release]")

    assert text == "marked [skip release]: its minor change is left out of the level"


def test_a_skipped_change_that_releases_nothing_gets_no_warning() -> None:
    assert cautions((A, "docs: a [skip release]")) == []


@pytest.mark.parametrize("message", ["x fix(", "x fix/", "x fix /,", "y\n["])
def test_a_message_that_repeats_itself_takes_no_time(message: str) -> None:
    """R25: square time would be minutes here."""
    assert cautions((A, message[:2] + message[2:] * 100_000)) == []


def test_a_long_line_is_quoted_in_part() -> None:
    text = words("fix: a\n\nbreaking change " + "x" * 200)

    assert text.endswith("xxx…'")
    assert len(text) < 120


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("3.4.0", True),
        ("shop@3.4.0", True),
        ("release-3.4.0", True),
        *(("V3.4.0", True), ("ver.3.4.0", True), ("app3.4.0", True)),
        *(("version-3.4.0", True), ("monokeel-claim/v3.4.0", False)),
        *(("3.4.0+build.7", True), ("1.2.3.4", False), ("2024.01.05", False)),
        ("1.0.0", False),
        ("3.4", False),
        ("v3.4.0-rc.1", False),
    ],
)
def test_a_tag_that_looks_like_a_release_of_another_prefix_is_told(
    tag: str, *, told: bool
) -> None:
    shop = Shop()
    shop.commit("feat: x", tag=tag)

    plan = shop.plan()

    said = f"the tag {tag} looks like a release and is none: tag_prefix is"
    assert any(each.message.startswith(said) for each in plan.warnings) is told


@pytest.mark.parametrize("tag", ["v1.4", "v01.0.0", "1.2.3.4", f"v{9**30}.0.0"])
def test_a_tag_that_is_no_version_is_told_while_there_is_none(tag: str) -> None:
    (caution,) = about_tags([tag, "v1", "nightly"], "v", None)

    assert caution.message.startswith(f"the tag {tag} looks like a release and is none")
    assert [*about_tags([tag, "v1.0.0"], "v", None)] == []
