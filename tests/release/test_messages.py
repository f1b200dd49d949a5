"""The golden messages: each was given to npm's semantic-release, and this it answered.

One level means both rule sets; two are angular's and conventionalcommits'.
"""

import pytest

from monokeel.release.commits import analyze, read_commits
from monokeel.release.messages import RULE_SETS, parse_message

SHA = "0123456789abcdef0123456789abcdef01234567"
NOTE = "BREAKING CHANGE: y"
BOTH = ("angular", "conventionalcommits")


def level(message: str, rules: str) -> str | None:
    deciding = analyze(read_commits([(SHA, message)], RULE_SETS[rules])).deciding
    return deciding.level if deciding else None


def levels(message: str) -> tuple[str | None, str | None]:
    return level(message, "angular"), level(message, "conventionalcommits")


@pytest.mark.parametrize(
    "message",
    ["feat(api)!: x", "chore!: x", "FEAT!: x", "wip!: x", "!: x", "(a)!: x"],
)
def test_an_exclamation_mark_breaks_under_conventionalcommits_only(
    message: str,
) -> None:
    assert levels(message) == (None, "major")


@pytest.mark.parametrize(
    "message",
    [
        *("feat! : x", "feat!(api): x", "feat!!: x", "feat!:x"),
        *("feat:x", "feat:\u00a0x", "fix-up: x", "fixup! feat: x"),
        *("feat: a\u2028b", "feat: x\rbody", "Feat: x", "feature: x", "docs: x"),
        *("revert: feat: a", "update the docs", NOTE),
    ],
)
def test_a_header_that_asks_for_nothing(message: str) -> None:
    assert levels(message) == (None, None)


@pytest.mark.parametrize(
    "message",
    ["feat(): x", "feat:  x", " feat: x", "feat: \n\nbody", "FEAT: x", "feat(a b): x"],
)
def test_a_header_that_asks_for_a_minor(message: str) -> None:
    assert levels(message) == ("minor", "minor")


@pytest.mark.parametrize("message", ["fix: x", "FIX: x", "perf: x", "fix(é): x"])
def test_a_header_that_asks_for_a_patch(message: str) -> None:
    assert levels(message) == ("patch", "patch")


@pytest.mark.parametrize(
    "line",
    [
        *(NOTE, "BREAKING CHANGE:", "* BREAKING CHANGE: y", "| BREAKING CHANGE: y"),
        *("breaking change in ESLint 8.", "Breaking Change: y"),
        *("\ufeffBREAKING CHANGE: y", "BREAKING CHANGE:\u00a0y", "BREAKING CHANGE\ty"),
        "\u00a0BREAKING CHANGE: y",
    ],
)
def test_a_line_that_breaks(line: str) -> None:
    assert levels(f"chore: x\n\n{line}") == ("major", "major")


@pytest.mark.parametrize(
    "line",
    [
        *("BREAKING CHANGE", "- BREAKING CHANGE", "> BREAKING CHANGE"),
        *("### BREAKING CHANGE", "BREAKING CHANGES: y", "BREAKING: y"),
        *("BREAKING CHANGE(api): y", "this is a BREAKING CHANGE: y"),
        *("**BREAKING CHANGE**: y", "\x1cBREAKING CHANGE: y", "\x85BREAKING CHANGE: y"),
        *("BREA\u212aING CHANGE: y", "BREAK\u0131NG CHANGE: y", "BREAKING  CHANGE: y"),
    ],
)
def test_a_line_that_looks_breaking_and_is_not(line: str) -> None:
    assert levels(f"chore: x\n\n{line}") == (None, None)


@pytest.mark.parametrize("line", ["BREAKING-CHANGE: y", "breaking-change detection"])
def test_a_hyphen_in_the_keyword_counts_under_conventionalcommits_only(
    line: str,
) -> None:
    assert levels(f"chore: x\n\n{line}") == (None, "major")


def test_a_note_right_below_the_header_counts() -> None:
    assert levels(f"{NOTE}\n{NOTE}") == ("major", "major")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"fix: x\n---\n{NOTE}", "patch"),
        (f"fix: x\n- pre-\n{NOTE}", "patch"),
        (f"fix: x\n----\n{NOTE}", "patch"),
        (f"fix: x\n--\n{NOTE}", "major"),
        (f"fix: x\n---\ntext\n--\n{NOTE}", "major"),
        (f"fix: x\n--- \n{NOTE}", "major"),
        (f"fix: x\n- item\n{NOTE}", "major"),
        (f"fix: x\n\n{NOTE}\n---\ntext", "major"),
        ("update\n-type-\nfeat", "minor"),
        ("fix: x\n-type-\nfeat", None),
        ("update\n-tag-\nBreaking", "major"),
        ("update\n-tag-\nNew", "minor"),
        ("update\n-tag-\nFix", "patch"),
        ("update\n-component-\ndeps", "patch"),
        ("update\n-emoji-\n:bug:", "patch"),
        ("update\n-revert-\nfeat", "patch"),
        ("update\n-scope-\nfeat", None),
    ],
)
def test_a_field_line_takes_what_follows(message: str, expected: str | None) -> None:
    assert levels(message) == (expected, expected)


def test_a_field_line_does_not_hide_an_exclamation_mark() -> None:
    assert level("feat!: x\n---\ntext", "conventionalcommits") == "major"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"fix: x\n\n{NOTE}\ntext\n---", "major"),
        (f"fix: x\n\n{NOTE}\n--", "major"),
        ("fix: x\n-notes-\ntext", "patch"),
        ("fix: x\n-references-\ntext", "patch"),
        ("fix: x @ann\n-mentions-\ntext", "patch"),
    ],
)
def test_a_message_that_crashes_npm_is_read_on(message: str, expected: str) -> None:
    assert levels(message) == (expected, expected)


def test_a_signature_line_is_no_header() -> None:
    assert levels("gpg: Signature made today\nfeat: x") == ("minor", "minor")


def test_nothing_but_signature_lines_asks_for_nothing() -> None:
    assert levels("gpg: Signature made today\ngpg: Good signature") == (None, None)


def test_the_separators_of_other_tools_are_ordinary_text() -> None:
    assert levels("feat: x\n\n==END==\n==FIELD==\n") == ("minor", "minor")


@pytest.mark.parametrize(
    ("hash_text", "expected"),
    [
        (f"{SHA}.", ("patch", "patch")),
        (SHA, ("patch", None)),
        (f"{SHA}, reversing\nchanges made to abc.", ("patch", None)),
        (f"{SHA[:7]} (x, 2026-01-01).", ("patch", None)),
        ("abc.", (None, "patch")),
        (f"{SHA}0.", (None, "patch")),
        (".", (None, "patch")),
    ],
)
def test_what_counts_as_a_revert(
    hash_text: str, expected: tuple[str | None, str | None]
) -> None:
    assert levels(f'Revert "x"\n\nThis reverts commit {hash_text}') == expected


def test_a_revert_in_capitals_counts() -> None:
    assert levels(f'REVERT "x"\n\nTHIS REVERTS COMMIT {SHA}.') == ("patch", "patch")


def test_the_hash_of_a_revert_is_ascii() -> None:
    assert levels(f'Revert "x"\n\nThis reverts commit {SHA}é.') == ("patch", None)


def test_the_scope_is_greedy() -> None:
    message = parse_message("fix(a): see (b)!: c", RULE_SETS["conventionalcommits"])

    assert (message.scope, message.subject) == ("a): see (b", "c")
    assert levels("fix(a): see (b)!: c") == ("patch", "major")


@pytest.mark.parametrize("rules", BOTH)
@pytest.mark.parametrize(
    ("raw", "expected"),
    [("\u00a0feat: x", "minor"), ("\ufeffx: y\ufeff", None), ("\x1cfeat: x", None)],
)
def test_a_message_is_trimmed_as_javascript_trims(
    raw: str, expected: str | None, rules: str
) -> None:
    assert level(raw, rules) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_both_line_ends_are_read(end: str) -> None:
    assert levels(f"chore: x{end}{end}{NOTE}{end}") == ("major", "major")


@pytest.mark.parametrize("end", ["\x85", "\x0b", "\u2028"])
def test_other_line_ends_do_not_split_a_message(end: str) -> None:
    assert levels(f"chore: x{end}{NOTE}") == (None, None)


def test_the_text_of_a_note_goes_on_to_a_trailer_or_another_note() -> None:
    text = (
        f"feat: x\n\n{NOTE}\n\nsee #3\nthere\n{NOTE}\n"
        "Signed-off-by: Ann <ann@example.com>\nunread"
    )
    rules = RULE_SETS["conventionalcommits"]

    notes = parse_message(text, rules).notes

    assert [note.text for note in notes] == ["y\n\nsee #3\nthere", "y"]


def test_a_field_line_right_after_a_reference_in_a_note_is_text() -> None:
    message = parse_message(
        f"fix: x\n\n{NOTE}\ncloses #1\n-header-\nother", RULE_SETS["angular"]
    )

    assert message.header == "fix: x"
