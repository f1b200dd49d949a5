"""A reader knows from drift's text alone what happened, who did it, and what to do.

The questions and the right answers were written down before the texts were looked at:
``tampering_answers.json``.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from monokeel.drift.report import drift_report
from monokeel.ground.answers import Found, Json
from monokeel.ground.report import as_plain
from monokeel.promotion.records import BranchMove
from tests.fakes.place import Place
from tests.fakes.pointers import commit_named
from tests.policy.test_origin import STRICT, version
from tests.policy.test_policy import MAIN, NAMES, TAGS

ADMIN: Json = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
KEY: Json = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
PULL: dict[str, Json] = {
    "required_approving_review_count": 1,
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": True,
    "required_review_thread_resolution": True,
}
CHECKS: dict[str, Json] = {"strict_required_status_checks_policy": True}
PLACEHOLDER = re.compile(r"\b(?:ID|NAME|VERSION|FILE)\b")
TRUNK: Json = {"ref_name": {"include": ["refs/heads/trunk"], "exclude": []}}
ANSWERS = json.loads(
    Path(__file__).with_name("tampering_answers.json").read_text(encoding="utf-8")
)


def by(editor: int, **members: Json) -> Callable[[Place], None]:
    def edit(place: Place) -> None:
        place.rulesets.editor = editor
        place.rulesets.edit(100, **members)

    return edit


def delete(place: Place) -> None:
    del place.rulesets.bodies[100]


def never_apply(place: Place) -> None:
    place.policy = [STRICT, TAGS, NAMES]
    place.versions = [
        version("c", STRICT, TAGS, NAMES),
        version("b", MAIN, TAGS, NAMES),
    ]


def open_release(place: Place) -> None:
    there = place.repository.environments["release"]
    there["deployment_branch_policy"] = None


def push(place: Place, name: str) -> None:
    commit = commit_named(name)
    place.shop.clone.apart.add(commit)
    place.shop.push_by_hand("dev", commit)
    place.shop.records.moves = [
        BranchMove(
            before=commit_named("1.4.0"),
            after=commit,
            actor="eve",
            at=place.shop.records.clock,
            kind="force_push",
        )
    ]


def move_image(place: Place) -> None:
    moved = Found(digest="sha256:" + "f" * 64)
    place.shop.images.there["acme/shop/api", "1.4.0"] = moved


def exchange_check(place: Place) -> None:
    check: Json = {"context": "all-green", "integration_id": 15368}
    place.policy = [with_checks(check, methods=["squash"]), TAGS, NAMES]
    place.rulesets.edit(100, **with_checks(check, methods=["squash"]))
    place.rulesets.editor = 1
    loose = with_checks({"context": "lint"}, methods=["squash", "merge"])
    place.rulesets.edit(100, rules=loose["rules"])


def with_checks(check: Json, methods: list[Json]) -> dict[str, Json]:
    pull: Json = {**PULL, "allowed_merge_methods": methods}
    checks: Json = {**CHECKS, "required_status_checks": [check]}
    return {
        **MAIN,
        "rules": [
            {"type": "pull_request", "parameters": pull},
            {"type": "required_status_checks", "parameters": checks},
        ],
    }


def foreign_key(place: Place) -> None:
    [ours] = place.repository.deploy_keys()
    recorded = f'[repository]\nwriter_key = "{ours.fingerprint}"'
    policy = place.shop.clone.policy
    place.shop.clone.policy = policy.replace("[repository]", recorded)
    place.repository.create_deploy_key("ci", "ssh-ed25519 T1RIRVI=")


def lose_parent(place: Place) -> None:
    place.parents = ("base",)


def several(place: Place) -> None:
    by(1, enforcement="disabled")(place)
    place.repository.locked = False
    place.repository.environments.pop("policy")


def rights(place: Place) -> None:
    place.repository.approves, place.repository.workflows = True, "write"


TAMPERING: dict[str, Callable[[Place], object]] = {
    "ben switches the ruleset main off": by(1, enforcement="disabled"),
    "ben lets administrators pass main": by(1, bypass_actors=[KEY, ADMIN]),
    "gus takes the rule against deletion out of main": by(
        7, rules=[{"type": "non_fast_forward"}]
    ),
    "somebody deletes the ruleset main": delete,
    "ben adds a ruleset that no file names": lambda place: place.rulesets.add(
        {**TAGS, "name": "extra"}
    ),
    "ben renames main and switches it off": by(
        1, name="main (old)", enforcement="disabled"
    ),
    "nobody applied a merged change of main": never_apply,
    "ben lets main protect another branch": by(1, conditions=TRUNK),
    "somebody adds a second write key of our name": lambda place: (
        place.repository.create_deploy_key("monokeel", "ssh-ed25519 T1RIRVI=")
    ),
    "somebody opens the Environment release to every branch": open_release,
    "eve pushes env/dev back by hand": lambda place: push(place, "1.3.2"),
    "eve pushes something unreleased to env/dev": lambda place: push(place, "odd"),
    "eve deletes the branch of dev": lambda place: place.shop.clone.refs.pop(
        "refs/heads/env/dev"
    ),
    "ben exchanges the required check and lets merge commits in": exchange_check,
    "somebody makes a second ruleset called main": lambda place: place.rulesets.add(
        MAIN
    ),
    "somebody lets a feature branch use the Environment dev": lambda place: (
        place.repository.add_branch_policy("dev", "feat/*")
    ),
    "somebody adds a write key of another name": foreign_key,
    "somebody lets workflows write and approve": rights,
    "the organization loses the ruleset that is expected": lose_parent,
    "somebody switches the ruleset main and the immutable releases off, and deletes"
    " the Environment policy": several,
    "somebody moves the tag of a live image": move_image,
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What is asked, and what the right answers are."""

    answers: dict[str, list[str]]

    def wrong(self, text: str) -> list[str]:
        """Return the answers that *text* does not give, and those that mislead."""
        asked = ("what happened", "who", "what to do")
        missing = [x for key in asked for x in self.answers[key] if x not in text]
        return missing + [x for x in self.answers.get("nobody", []) if x in text]


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda each: str(each["tampering"]))
def test_the_text_answers_what_who_and_what_to_do(
    answers: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(answers["tampering"])
    place = Place()

    TAMPERING[name](place)
    text = as_plain(drift_report(place.read()))

    with capsys.disabled():
        sys.stdout.write(f"\n--- {name}\n{text}\n")
    assert Reader(answers=answers).wrong(text) == []
    assert_each_has_its_step(place, text)


def assert_each_has_its_step(place: Place, text: str) -> None:
    """Every difference stands under To do by name, with nothing left to fill in."""
    to_do = text.partition("\nTo do\n")[2]
    for each in place.read().whole.drift:
        assert each.subject in to_do
    assert not PLACEHOLDER.findall(to_do)


def test_there_are_at_least_ten_kinds_each_with_its_answers() -> None:
    assert {each["tampering"] for each in ANSWERS} == {*TAMPERING}
    assert len(TAMPERING) >= 10


def test_a_place_in_order_answers_none_of_the_questions() -> None:
    text = as_plain(drift_report(Place().read()))

    readers = [Reader(answers=each) for each in ANSWERS]
    assert all(reader.wrong(text) for reader in readers)
