"""The ways to merge that GitHub offers, against those that the rules take."""

from dataclasses import replace

import pytest

from monokeel.policy.lint import METHODS
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.init import carry_out, plan_init
from monokeel.setup.merging import merge_rows, title_decides
from monokeel.setup.rows import Otherwise
from tests.fakes.unconnected import SETTINGS, World
from tests.setup.test_expectations import MERGE

SQUASH = MERGE.replace(
    '"required_approving_review_count": 1',
    '"required_approving_review_count": 0, "allowed_merge_methods": ["squash"]',
)


@pytest.mark.parametrize(
    ("offered", "wrong"),
    [
        ((True, False, False), {}),
        (
            (False, True, True),
            {
                "a way to merge": (
                    "GitHub offers merge and rebase, the rules take squash alone"
                ),
                "other ways to merge": (
                    "GitHub offers merge and rebase, which the rules of the file refuse"
                ),
            },
        ),
        (
            (True, True, False),
            {
                "other ways to merge": "GitHub offers merge, which the rules of the"
                " file refuse"
            },
        ),
    ],
)
def test_a_way_to_merge_is_one_that_github_offers_and_the_rules_take(
    offered: tuple[bool, bool, bool], wrong: dict[str, str]
) -> None:
    """P7."""
    names = ("allow_squash_merge", "allow_merge_commit", "allow_rebase_merge")
    world = World()
    world.settings |= dict(zip(names, offered, strict=True))

    rows = list(merge_rows(SETTINGS, parse_policy(SQUASH), world))

    found = {row.name: row.ask() for row in rows}
    assert wrong == {
        name: answer.detail
        for name, answer in found.items()
        if isinstance(answer, Otherwise)
    }
    assert [row.watched for row in rows] == ["drift", "note"]


@pytest.mark.parametrize(
    ("off", "remedy"),
    [
        ({"allow_merge_commit": False}, "./inv init"),
        (
            {},
            (
                "set allow_merge_commit = false in [settings] of infra/platform.toml,"
                " then ./inv init"
            ),
        ),
    ],
)
def test_what_the_file_asks_for_already_is_not_asked_of_a_person(
    off: dict[str, bool], remedy: str
) -> None:
    world = World()
    world.settings |= {"allow_squash_merge": True, "allow_merge_commit": True}
    world.settings |= {"allow_rebase_merge": False}
    kept = {k: v for k, v in SETTINGS.on_github.items() if k != "allow_merge_commit"}
    settings = replace(SETTINGS, on_github={**kept, **off})

    [_, other] = merge_rows(settings, parse_policy(SQUASH), world)

    answer = other.ask()
    assert isinstance(answer, Otherwise)
    assert answer.remedy == remedy


def test_what_the_settings_have_just_mended_is_no_note() -> None:
    world, policy = World(), parse_policy(SQUASH)
    world.settings |= dict.fromkeys(METHODS.values(), True)
    world.wanted_rules = tuple(each.body for each in policy)
    only = {name: way == "squash" for way, name in METHODS.items()}
    settings = replace(SETTINGS, on_github={**SETTINGS.on_github, **only})
    at = replace(world.outside, settings=settings, policy=policy, register=True)

    steps = carry_out(plan_init(at))

    found = {step.name: step.state for step in steps}
    assert found["settings"] == "done"
    assert found["other ways to merge"] == "was there"


@pytest.mark.parametrize(
    ("method", "decides"), [("SQUASH", True), ("MERGE", False), ("REBASE", False)]
)
def test_a_merge_queue_lands_by_its_own_method(method: str, *, decides: bool) -> None:
    """G22: the method of the queue is none of allowed_merge_methods."""
    one = MERGE.replace('_count": 1', '_count": 1, "allowed_merge_methods": ["squash"]')
    queue = f'{{"type": "merge_queue", "parameters": {{"merge_method": "{method}"}}}}'
    text = one.replace('"rules": [', f'"rules": [{queue}, ')

    assert title_decides(SETTINGS, parse_policy(text)) is decides
