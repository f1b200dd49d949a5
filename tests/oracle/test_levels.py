"""Levels of generated histories, compared with npm's commit analyzer."""

import pytest

from monokeel.ground.answers import as_object
from monokeel.release.commits import analyze, read_commits
from monokeel.release.messages import RULE_SETS
from tests.oracle.conftest import Ask
from tests.oracle.histories import Commit, Histories

_SHOWN = 5


def our_level(history: list[Commit], rules: str) -> str | None:
    deciding = analyze(read_commits(history, RULE_SETS[rules])).deciding
    return deciding.level if deciding else None


@pytest.mark.parametrize("rules", sorted(RULE_SETS))
def test_the_level_is_the_one_npm_finds(
    rules: str, ask: Ask, oracle_count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    histories = Histories(seed=2026).generate(oracle_count)

    answers = ask(
        {
            "about": "levels",
            "rules": rules,
            "histories": [[list(commit) for commit in each] for each in histories],
        }
    )

    differences, crashes = [], 0
    levels: dict[str, int] = {}
    for history, answer in zip(histories, answers, strict=True):
        fields = as_object(answer)
        ours = our_level(history, rules)
        if "crash" in fields:  # ours gives a result; docs/reference lists which
            crashes += 1
        elif ours != fields.get("level"):
            differences.append((history, fields.get("level"), ours))
        else:
            levels[str(ours)] = levels.get(str(ours), 0) + 1
    with capsys.disabled():
        print(  # noqa: T201 - the count is what the reader came for
            f"\n{rules}: {len(histories)} histories, {len(differences)} differences,"
            f" {crashes} crash npm; equal: {dict(sorted(levels.items()))}"
        )
    assert differences[:_SHOWN] == []
