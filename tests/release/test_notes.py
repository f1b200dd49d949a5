"""Release notes: what stands in them, where, and that no message can do harm."""

import re
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from monokeel.release.commits import Commit, analyze, read_commits
from monokeel.release.messages import RULE_SETS
from monokeel.release.notes import release_notes
from monokeel.release.record import is_marked, marker

PAGE = "https://github.com/acme/shop"
SHA = "0123456789abcdef0123456789abcdef01234567"
LINK = f"([0123456]({PAGE}/commit/{SHA}))"


def commits(*newest_first: str) -> tuple[Commit, ...]:
    log = [(SHA, message) for message in newest_first]
    return analyze(read_commits(log, RULE_SETS["conventionalcommits"])).commits


def notes(*newest_first: str) -> str:
    return release_notes(commits(*newest_first), page=PAGE)


def test_commits_stand_under_their_kind_in_a_fixed_order() -> None:
    text = notes("fix(api): b", "perf: c", "feat: a", "docs: d", 'Revert "x"')

    assert text == (
        f"### Features\n\n* a {LINK}\n"
        f"\n### Bug fixes\n\n* **api:** b {LINK}\n"
        f"\n### Performance\n\n* c {LINK}\n"
    )


def test_breaking_changes_come_first_with_their_text() -> None:
    text = notes("feat(api)!: a", "chore: b\n\nBREAKING CHANGE: use c\nor d\n\nreally")

    assert text == (
        f"### Breaking changes\n\n* **api:** a {LINK}\n"
        f"* use c\n  or d\n\n  really\n\n  {LINK}\n"
        f"\n### Features\n\n* **api:** a {LINK}\n"
    )


def test_an_empty_breaking_text_falls_back_to_the_subject() -> None:
    assert f"* b {LINK}" in notes("chore: b\n\nBREAKING CHANGE:")


def test_a_revert_stands_under_reverts() -> None:
    text = notes(f'Revert "feat: a"\n\nThis reverts commit {"b" * 40}.')

    assert text == f'### Reverts\n\n* Revert "feat: a" {LINK}\n'


def test_the_type_revert_stands_there_too_though_it_asks_for_no_release() -> None:
    text = notes("revert(api): use the old basket", "fix: b")

    assert f"### Reverts\n\n* **api:** use the old basket {LINK}\n" in text


def test_a_text_that_has_no_room_hides_no_other_commit() -> None:
    text = notes("fix!: a\n\nBREAKING CHANGE: " + "x" * 130_000, "feat: b", "fix: c")

    assert text == (
        f"### Features\n\n* b {LINK}\n\n### Bug fixes\n\n* a {LINK}\n* c {LINK}\n"
        "\n… and 1 more.\n"
    )


def test_a_cancelled_commit_is_left_out() -> None:
    assert notes(f'Revert "feat: a"\n\nThis reverts commit {SHA}.', "feat: a") == ""


def test_a_commit_marked_to_skip_is_not_left_out() -> None:
    assert "* a [skip release]" in notes("feat: a [skip release]")


@pytest.mark.parametrize(
    ("subject", "written"),
    [
        ("add x (#12)", f"add x ([#12]({PAGE}/pull/12))"),
        ("fix #7 (#12)", f"fix [#7]({PAGE}/issues/7) ([#12]({PAGE}/pull/12))"),
        ("use `#7` and a#8", "use `#7` and a#8"),
        ("bump @types/node for <App>", "bump `@types/node` for &lt;App>"),
        ("mail ann@example.com", "mail ann@example.com"),
        ("keep `<App>` and `@x`", "keep `<App>` and `@x`"),
    ],
)
def test_numbers_become_links_and_names_are_not_called(
    subject: str, written: str
) -> None:
    assert f"* {written} {LINK}" in notes(f"feat: {subject}")


@pytest.mark.parametrize(
    "message",
    [
        f"feat: {marker(SHA)}",
        f"feat: `{marker(SHA)}`",
        f"feat: x\n\nBREAKING CHANGE: y\n```\n{marker(SHA)}\n```",
    ],
    ids=["plain", "code", "fence"],
)
def test_no_message_can_forge_the_mark_of_a_draft(message: str) -> None:
    assert not is_marked(notes(message))


def test_code_in_a_breaking_text_stays_as_it_is() -> None:
    text = notes("feat: x\n\nBREAKING CHANGE: write\n```\n<App #1 @a>\n```\n<b>")

    assert "  ```\n  <App #1 @a>\n  ```\n  &lt;b>\n" in text


def test_code_that_is_left_open_does_not_swallow_the_rest() -> None:
    text = notes("feat: x\n\nBREAKING CHANGE: write\n```\nopen")

    assert "  ```\n  open\n  ```\n" in text


def words_of(tokens: list[Token]) -> str:
    """Return what GitHub looks for names in: text that is neither code nor a link."""
    texts, inside = [], 0
    for token in tokens:
        inside += token.nesting * token.type.startswith("link")
        if token.children:
            texts.append(words_of(token.children))
        elif not inside and token.type not in ("code_inline", "fence", "code_block"):
            texts.append(token.content or "\n")
    return "".join(texts)


@pytest.mark.parametrize(
    "message",
    [
        "feat: ```@ana <b>`",
        "feat: ``@ana`",
        r"feat: \`@ana <b>\`",
        r"feat: \\\`@ana <b>\`",
        "feat(`x): b ` @ana <b> `c`",
        "feat: `a``@ana <b>``",
        "feat: .@ana and cc/@ana",
        r"feat: @bob@ana \@ana \\@ana `b`@ana #12@ana *_@ana @b_",
        "feat: x\n\nBREAKING CHANGE: ```\ny\n```\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y `\ny` @ana <b> `z`",
        "feat: x\n\nBREAKING CHANGE: y\n```a`b\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n    ```\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n````\n```\ny\n````\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n~~~\n```\n~~~\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n- a\n  ```\n```\n@ana\n```\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n> ```\n\n```\n@ana\n```\n@ana <b>",
        "feat: x\n\nBREAKING CHANGE: y\n```\n```js\n@ana\n```\n@ana <b>",
    ],
)
def test_what_only_looks_like_code_calls_nobody_and_is_no_html(message: str) -> None:
    tokens = MarkdownIt().parse(notes(message))

    kinds = {child.type for token in tokens for child in token.children or ()}
    assert not re.findall(r"(?<!\w)@ana", words_of(tokens))
    assert not {"html_inline", "html_block"} & {*kinds, *(x.type for x in tokens)}


@pytest.mark.parametrize(
    "message",
    [
        "feat: x\n\nBREAKING CHANGE: y\na\r\r~~~\r@ana",
        "feat: x\n\nBREAKING CHANGE: y\n```\na\n```\r\n\r\r~~~",
        f'Revert "a\r\r~~~"\n\nThis reverts commit {"b" * 40}.',
        "feat: x\n\nBREAKING CHANGE: y\n~~~\na",
        "feat: x\n\nBREAKING CHANGE: y\n\n\n<!--\n<details>",
        "feat: x\n\nBREAKING CHANGE: y\n\n```\n```\r\n<details>",
    ],
)
def test_no_message_hides_the_rest_of_the_notes(message: str) -> None:
    tokens = MarkdownIt().parse(notes(message, "fix: b", 'fix: "c"'))

    headings = [b.content for a, b in pairwise(tokens) if a.type == "heading_open"]
    assert "Bug fixes" in headings
    assert "html_block" not in {token.type for token in tokens}
    assert "~~~" not in {token.markup for token in tokens if not token.level}


def test_an_address_stays_whole() -> None:
    address = "https://medium.com/@ana/x"

    assert f"* see {address} and `@ana` {LINK}" in notes(
        f"feat: see {address} and @ana"
    )


def test_code_with_a_backtick_in_it_stays_as_it_is() -> None:
    assert f"* keep `` a`@b <c> `` {LINK}" in notes("feat: keep `` a`@b <c> ``")


def test_long_notes_are_cut_at_an_entry_and_say_how_many_are_missing() -> None:
    many = commits(*(f"fix: number {number}" for number in range(500)))

    text = release_notes(many, page=PAGE, limit=1_000)

    shown = text.count("\n* ")
    assert len(text) <= 1_000
    assert text.endswith(f"\n\n… and {500 - shown} more.\n")
    assert text.startswith("### Bug fixes\n\n* number 0 ")


def test_nothing_to_say_is_an_empty_text() -> None:
    assert notes("docs: a", "chore: b") == ""
