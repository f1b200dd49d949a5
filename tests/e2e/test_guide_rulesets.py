"""What the guide says about rules, done in the situations that it names."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.act_shop import Template
from tests.e2e.guide import Reader, follows
from tests.e2e.guided_shop import GuidedShop, guided_shop

RECOVERY = "Ruleset Recovery"
SURPLUS = json.dumps(
    {
        "name": "somebody's",
        "target": "branch",
        "enforcement": "disabled",
        "conditions": {"ref_name": {"include": ["~ALL"], "exclude": []}},
        "rules": [{"type": "deletion"}],
    }
)


@pytest.fixture(scope="module")
def connected(
    guide_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GuidedShop]:
    with guided_shop(tmp_path_factory.mktemp("rules") / "shop", guide_template) as shop:
        yield shop


@pytest.fixture
def shop(connected: GuidedShop) -> GuidedShop:
    """The same before every test: the rules are in force."""
    connected.do("git checkout --quiet -- infra")
    connected.do("./scripts/apply-rulesets.sh --delete-unmanaged --yes")
    return connected


def enforcements(shop: GuidedShop) -> dict[str, str]:
    """How each ruleset is enforced, by its name."""
    listed = json.loads(shop.do("gh api 'repos/{owner}/{repo}/rulesets'"))
    return {each["name"]: each["enforcement"] for each in listed}


@follows(RECOVERY, 2)
def test_rules_changed_by_hand_are_found_and_put_back(
    shop: GuidedShop, reader: Reader
) -> None:
    drift, plan, apply, plan_all, apply_all = reader.step(RECOVERY, 2)
    before = enforcements(shop)
    shop.tamper("main", enforcement="evaluate")
    shop.do(f"gh api 'repos/{{owner}}/{{repo}}/rulesets' --input - <<'E'\n{SURPLUS}\nE")

    assert "evaluate" in reader.run(drift, code=2).out
    assert "evaluate" in reader.run(plan, code=2).out
    assert "somebody's" in reader.run(apply, code=2).err
    assert enforcements(shop) == {**before, "somebody's": "disabled"}
    assert "somebody's" in reader.run(plan_all, code=2).out
    reader.run(apply_all)
    assert enforcements(shop) == before
    writes = shop.box.writes
    reader.run(apply)
    assert shop.box.writes == writes


@follows(RECOVERY, 3)
def test_what_github_has_becomes_the_file(shop: GuidedShop, reader: Reader) -> None:
    export, move, lint, plan = reader.step(RECOVERY, 3)
    shop.tamper("branch-names", enforcement="evaluate")

    reader.run(plan, code=2)
    for command in (export, move, lint, plan):
        reader.run(command)

    assert '"evaluate"' in (shop.folder / "infra/rulesets.json").read_text()


@follows(RECOVERY, 4)
def test_a_ruleset_goes_back_to_the_version_before(
    shop: GuidedShop, reader: Reader
) -> None:
    dry_run, back = reader.step(RECOVERY, 4)
    shop.tamper("main", enforcement="disabled")

    assert "GitHub has disabled, version" in reader.run(dry_run).out
    assert enforcements(shop)["main"] == "disabled"
    reader.run(back)

    assert enforcements(shop)["main"] == "active"


@follows(RECOVERY, 5)
def test_a_rule_that_blocks_everybody_is_switched_off_and_on_again(
    shop: GuidedShop, reader: Reader
) -> None:
    break_glass, apply, drift = reader.step(RECOVERY, 5)
    before = enforcements(shop)
    save = "git commit --quiet --allow-empty --message='fix: repair'"
    push = f"{save} && git push --quiet origin HEAD:main"

    assert "GH013" in shop.run(push).err
    reader.run(break_glass)
    assert enforcements(shop) == {**before, "main": "disabled"}
    shop.do(push)
    assert "main" in reader.run(drift, code=2).out
    reader.run(apply)
    reader.run(drift)

    assert enforcements(shop) == before
    assert "GH013" in shop.run(push).err


@follows("Policy Enforcement")
def test_a_changed_file_is_planned_and_applied(
    shop: GuidedShop, reader: Reader
) -> None:
    plan, apply = reader.step("Policy Enforcement")
    rules = shop.folder / "infra/rulesets.json"
    text = rules.read_text(encoding="utf-8")
    old, new = (f'"required_approving_review_count": {n}' for n in (1, 2))
    rules.write_text(text.replace(old, new), encoding="utf-8")

    assert "required_approving_review_count" in reader.run(plan, code=2).out
    reader.run(apply)

    reader.run(plan)
