"""Ten ways to tamper through the API, and one more: each is found and repaired."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from tests.e2e.ruled_shop import ADMIN, Ruled, report_of, ruled_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ruled]:
    with ruled_shop(tmp_path / "shop") as shop:
        yield shop


def without(shop: Ruled, name: str, kind: str) -> Json:
    rules = shop.live(name)["rules"]
    assert isinstance(rules, list)
    return [each for each in rules if isinstance(each, dict) and each["type"] != kind]


def changed(shop: Ruled, name: str, kind: str, **parameters: Json) -> Json:
    rules = copy.deepcopy(shop.live(name)["rules"])
    assert isinstance(rules, list)
    for each in rules:
        assert isinstance(each, dict)
        if each["type"] == kind:
            there = each.get("parameters") or {}
            assert isinstance(there, dict)
            each["parameters"] = {**there, **parameters}
    return rules


def drop(shop: Ruled) -> None:
    shop.github.request(
        "DELETE", f"/rulesets/{shop.live('env-pointers')['id']}", expect=(204,)
    )


def extra(shop: Ruled) -> None:
    body: Json = {**shop.bodies["env-pointers"], "name": "extra"}
    shop.github.request("POST", "/rulesets", json=body, expect=(201,))


EXEMPT: Json = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "exempt"}
UNPINNED: Json = [{"context": "all-green"}]
LOOSE: Json = {"ref_name": {"include": ["refs/heads/trunk"], "exclude": []}}
OPEN: Json = {
    "ref_name": {"include": ["refs/heads/main"], "exclude": ["refs/heads/m*"]}
}
TAMPERING: dict[str, tuple[Callable[[Ruled], None], str]] = {
    "a rule removed": (
        lambda shop: shop.tamper("main", rules=without(shop, "main", "deletion")),
        "rules.deletion",
    ),
    "no review": (
        lambda shop: shop.tamper(
            "main",
            rules=changed(
                shop, "main", "pull_request", required_approving_review_count=0
            ),
        ),
        "rules.pull_request.required_approving_review_count",
    ),
    "a check unpinned": (
        lambda shop: shop.tamper(
            "main",
            rules=changed(
                shop, "main", "required_status_checks", required_status_checks=UNPINNED
            ),
        ),
        "rules.required_status_checks.required_status_checks[all-green]",
    ),
    "disabled": (
        lambda shop: shop.tamper("main", enforcement="disabled"),
        "enforcement",
    ),
    "an administrator may pass": (
        lambda shop: shop.tamper("main", bypass_actors=[ADMIN]),
        "bypass_actors[RepositoryRole 5 (admin)]",
    ),
    "the deploy key is exempt": (
        lambda shop: shop.tamper("env-pointers", bypass_actors=[EXEMPT]),
        "bypass_actors[DeployKey].bypass_mode",
    ),
    "another branch": (
        lambda shop: shop.tamper("main", conditions=LOOSE),
        "conditions.ref_name.include[refs/heads/main]",
    ),
    "an exclusion": (
        lambda shop: shop.tamper("main", conditions=OPEN),
        "conditions.ref_name.exclude[refs/heads/m*]",
    ),
    "a pattern loosened": (
        lambda shop: shop.tamper(
            "branch-names",
            rules=changed(shop, "branch-names", "branch_name_pattern", pattern=".*"),
        ),
        "rules.branch_name_pattern.pattern",
    ),
    "a ruleset deleted": (drop, "rules.creation"),
    "a ruleset added": (extra, ""),
}


def test_every_tampering_is_found_and_repaired(shop: Ruled) -> None:
    assert shop.inv("policy.apply").code == 0
    assert shop.inv("drift", "--only", "rulesets").code == 0

    for name, (tamper, path) in TAMPERING.items():
        tamper(shop)
        found = shop.inv("drift", "--only", "rulesets", "--json")
        rulesets = report_of(found)["rulesets"]
        assert isinstance(rulesets, list)
        paths = [
            difference["path"]
            for each in rulesets
            if isinstance(each, dict) and isinstance(each["differences"], list)
            for difference in each["differences"]
            if isinstance(difference, dict)
        ]
        assert (name, found.code) == (name, 2)
        assert path in paths or name == "a ruleset added"
        delete = ["--delete-unmanaged", "--yes"] if name == "a ruleset added" else []
        assert (name, shop.inv("policy.apply", *delete).code) == (name, 0)

    assert shop.inv("drift", "--only", "rulesets").code == 0


def test_a_name_that_ends_in_a_blank_is_never_shown_as_another(shop: Ruled) -> None:
    shop.inv("policy.apply")
    odd = {**shop.bodies["main"], "name": "main "}
    shop.github.request("POST", "/rulesets", json=odd)

    asked = shop.inv("policy.apply", "--delete-unmanaged")
    done = shop.inv("policy.apply", "--delete-unmanaged", "--yes")

    assert "delete 'main ' on GitHub" in asked.err
    assert "delete 'main '\n" in done.err
    assert "Deleted with 'main ', keep it" in done.err
    assert "deleted 'main '\n" in done.out
    assert {body["name"] for body in shop.github.pages("/rulesets")} == {*shop.bodies}
