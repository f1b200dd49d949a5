"""The past of a real clone."""

from pathlib import Path

from monokeel.adapters.git import Git
from tests.fakes.clones import Clone


def test_the_versions_of_a_file_come_newest_first(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    commits = []
    for text in ("one", "two", "three"):
        (clone.root / "file").write_text(text)
        clone.git("add", "file")
        commits.append(clone.commit(f"chore: {text}"))

    found = Git(clone.root).versions_of("file", 2)

    assert [(each.commit, each.subject, each.text) for each in found] == [
        (commits[2], "chore: three", "three"),
        (commits[1], "chore: two", "two"),
    ]


def test_refs_are_named_as_they_are_on_the_remote(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    clone.push()

    assert Git(clone.root).known_refs() == (
        "refs/heads/main",
        "refs/tags/v1.0.0",
    )


def test_a_folder_that_is_no_repository_has_no_past(tmp_path: Path) -> None:
    history = Git(tmp_path)

    assert (history.versions_of("file", 9), history.known_refs()) == ((), ())


def test_a_line_end_of_unicode_ends_no_subject_and_no_name(tmp_path: Path) -> None:
    """Who writes a title would stop every later drift, or name another commit."""
    clone = Clone(tmp_path)
    for number, end in enumerate(("\u2028", "\x0b", "\x85")):
        (clone.root / "rules.json").write_text(f"[{number}]")
        clone.git("add", "rules.json")
        clone.commit(f"feat: a{end}{'0' * 40} b")
    clone.push()
    odd = "a\u2028refs/tags/v9.0.0"
    clone.git("push", "-q", "origin", f"HEAD:refs/heads/{odd}")

    versions = Git(clone.root).versions_of("rules.json", 9)

    assert [each.text for each in versions] == ["[2]", "[1]", "[0]"]
    assert f"refs/heads/{odd}" in Git(clone.root).known_refs()
