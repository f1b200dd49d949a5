"""The last release and the next version, compared with npm's own functions."""

from pathlib import Path

import pytest

from monokeel.adapters.git import Git
from monokeel.ground.answers import Unknown, as_object
from monokeel.release.commits import LEVELS
from monokeel.release.messages import JS_SPACE
from monokeel.release.ports import offline
from monokeel.release.start import Start
from monokeel.release.versions import next_release
from tests.fakes.plans import SETTINGS
from tests.oracle.conftest import Ask
from tests.oracle.tag_lists import make_repositories, make_skeleton

_PART = 5
"""A repository costs as much as many messages: one for so many histories."""


def start_of(repository: Path) -> Start:
    outside = offline(Git(repository), "not asked")
    unasked = Unknown(reason="not asked")
    return Start(SETTINGS, outside, unasked, surely=True)


def test_the_last_release_and_the_next_version_are_those_of_npm(
    ask: Ask, oracle_count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skeleton = make_skeleton(tmp_path)
    repositories = make_repositories(skeleton, oracle_count // _PART, seed=2026)

    answers = ask(
        {
            "about": "tags",
            "format": "v${version}",
            "repositories": [str(each) for each in repositories],
        }
    )

    differences, crashes, tagged = [], 0, 0
    for repository, answer in zip(repositories, answers, strict=True):
        theirs = as_object(answer)
        if "crash" in theirs:
            crashes += 1
            continue
        last = start_of(repository).previous
        tagged += last is not None
        version = None if last is None else last.version
        ours = {
            # npm trims the names it reads, and then git does not know such a tag.
            "tag": None if last is None else last.name.strip(JS_SPACE),
            "next": {level: str(next_release(version, level)) for level in LEVELS},
        }
        if ours != theirs:
            tags = sorted(Git(repository).tags())
            differences.append((tags, theirs, ours))
    with capsys.disabled():
        print(  # noqa: T201 - the count is what the reader came for
            f"\ntags: {len(repositories)} repositories ({tagged} with a release),"
            f" {len(differences)} differences, {crashes} crash npm"
        )
    assert differences[:5] == []
