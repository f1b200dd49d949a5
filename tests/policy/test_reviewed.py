"""What a file that nobody reviewed would loosen."""

import json

import pytest

from monokeel.ground.answers import Json
from monokeel.policy.comparison import compare_policies, loosened
from monokeel.policy.rulesets import Ruleset, parse_policy
from tests.policy.ruleset_cases import FILE, Edit, adds, drops, sets
from tests.policy.test_policy import TAGS

PULL = ("rules", "pull_request", "parameters")
CHECKS = ("rules", "required_status_checks", "parameters", "required_status_checks")
ADMIN: Json = {"actor_id": 5, "actor_type": "RepositoryRole"}
APP: Json = {"actor_id": 7, "actor_type": "Integration"}


def edited(*edits: Edit) -> tuple[Ruleset, ...]:
    body = json.loads(json.dumps(FILE))
    for edit in edits:
        edit(body)
    return parse_policy(json.dumps([body]))


@pytest.mark.parametrize(
    "edit",
    [
        sets("enforcement", to="disabled"),
        sets(*PULL, "required_approving_review_count", to=0),
        sets(*PULL, "required_review_thread_resolution", to=False),
        drops("rules", "deletion"),
        adds("bypass_actors", item=ADMIN),
        drops(*CHECKS, 1),
        sets("name", to="another"),
        sets(*CHECKS[:3], "do_not_enforce_on_create", to=True),
        sets("rules", "branch_name_pattern", "parameters", "pattern", to=".*"),
        sets("rules", "branch_name_pattern", "parameters", "negate", to=True),
        sets("target", to="tag"),
    ],
    ids=[
        *("off", "reviews", "threads", "a rule", "a bypass", "a check", "gone"),
        *("new branches", "a pattern", "turned round", "other refs"),
    ],
)
def test_what_is_looser_is_named(edit: Edit) -> None:
    assert loosened(edited(), edited(edit)) != []


@pytest.mark.parametrize(
    "edit",
    [
        sets(*PULL, "required_approving_review_count", to=6),
        adds("rules", item={"type": "required_signatures"}),
        sets("bypass_actors", to=[]),
        sets(*PULL, "allowed_merge_methods", to=["squash"]),
    ],
    ids=["reviews", "a rule", "nobody passes", "fewer ways to merge"],
)
def test_what_is_stricter_is_not(edit: Edit) -> None:
    assert loosened(edited(), edited(edit)) == []


def test_one_more_way_to_merge_is_looser() -> None:
    squash = edited(sets(*PULL, "allowed_merge_methods", to=["squash"]))

    assert loosened(squash, edited()) != []


def test_one_more_ruleset_loosens_nothing() -> None:
    more = parse_policy(json.dumps([json.loads(json.dumps(FILE)), TAGS]))

    assert loosened(edited(), more) == []


@pytest.mark.parametrize(
    ("spoil", "severe"),
    [
        (sets("enforcement", to="disabled"), 1),
        (sets("target", to="tag"), 1),
        (drops("rules", "deletion"), 1),
        (drops(*CHECKS, 0), 1),
        (sets(*PULL, "required_approving_review_count", to=0), 1),
        (sets("conditions", "ref_name", "include", to=["refs/heads/x"]), 1),
        (sets("conditions", "ref_name", "exclude", to=["refs/heads/main"]), 1),
        (sets("bypass_actors", to=[ADMIN, APP]), 2),
        (sets(*PULL, "required_approving_review_count", to=2), 0),
        (sets("bypass_actors", to=[]), 0),
        (adds("rules", item={"type": "required_signatures"}), 0),
    ],
)
def test_what_frees_somebody_is_severe_and_counted_by_line(
    spoil: Edit, severe: int
) -> None:
    """P51: what the file forbids to everybody, and nothing that is stricter."""
    strict = sets("bypass_actors", to=[])

    [found] = compare_policies(edited(strict), edited(strict, spoil))

    assert found.severe == severe
