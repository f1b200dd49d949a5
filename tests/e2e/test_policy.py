"""The policy tasks as users run them, in a repository on the sandbox."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from github import Auth, Github

from monokeel.ground.answers import Json
from tests.e2e.ruled_shop import ADMIN, RULESETS, Ruled, report_of, ruled_shop

CONTEXT = re.compile(r'"template-green"')


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ruled]:
    with ruled_shop(tmp_path / "shop") as shop:
        yield shop


@pytest.mark.parametrize(
    "task", [("drift", "--only", "rulesets"), ("policy.plan",)], ids=["drift", "plan"]
)
def test_a_reading_takes_one_request_and_one_for_each_ruleset(
    shop: Ruled, task: tuple[str, ...]
) -> None:
    shop.inv("policy.apply")
    before = shop.rest_calls()

    shop.inv(*task)

    assert shop.rest_calls() - before == 1 + len(shop.bodies)


def test_a_second_apply_writes_nothing(shop: Ruled) -> None:
    shop.inv("policy.apply")
    writes = shop.box.writes

    again = shop.inv("policy.apply", "--json")

    assert (again.code, report_of(again)["written"]) == (0, [])
    assert shop.box.writes == writes


def test_who_and_when_is_named(shop: Ruled) -> None:
    shop.inv("policy.apply")
    shop.tamper("main", enforcement="disabled")

    found = shop.inv("drift", "--only", "rulesets")

    assert "(severe; by ada at 20" in found.out
    assert "./scripts/apply-rulesets.sh" in found.out


def test_a_token_that_hides_actors_is_told_what_it_missed(shop: Ruled) -> None:
    shop.connect()
    token = shop.box.tokens["actions"]

    found = shop.inv("drift", "--json", GITHUB_TOKEN=token)
    accepted = shop.inv(
        "drift", "--allow-unverified", "bypass_actors", GITHUB_TOKEN=token
    )

    unverified = report_of(found)["unverified"]
    assert isinstance(unverified, list)
    assert (found.code, accepted.code) == (4, 0)
    assert {str(each["item"]) for each in unverified if isinstance(each, dict)} == {
        "bypass_actors",
        "classic_protection",
        "deploy_keys",
        "immutable_releases",
        "secrets",
        "workflow_rights",
    }
    assert "bypass_actors of main, " in accepted.out


def test_without_a_list_nothing_is_written(shop: Ruled) -> None:
    shop.box.switches.fail("/rulesets", times=99, status=500)
    writes = shop.box.writes

    found = shop.inv("drift", "--only", "rulesets")
    applied = shop.inv("policy.apply")

    assert (found.code, applied.code) == (4, 4)
    assert shop.box.writes == writes


def test_an_apply_killed_between_two_writes_is_finished_by_the_next(
    shop: Ruled,
) -> None:
    body: Json = {**shop.bodies["main"], "rules": [{"type": "deletion"}]}
    shop.github.request("POST", "/rulesets", json=body, expect=(201,))
    process = shop.start("policy.apply")
    start = shop.box.writes

    def kill(number: int, _: str, __: str) -> None:
        if number == start + 2:
            process.kill()

    shop.box.on_write = kill
    assert process.wait() != 0
    process.communicate()
    shop.box.on_write = None
    half = shop.box.writes

    done = shop.inv("policy.apply", "--json")

    assert done.code == 0
    assert half == start + 2
    assert shop.box.writes == start + len(shop.bodies)
    assert shop.inv("drift", "--only", "rulesets").code == 0


def test_another_client_sees_the_same_rulesets(shop: Ruled) -> None:
    shop.inv("policy.apply")
    gh = Path(sys.executable).with_name("gh")
    github = Github(
        auth=Auth.Token(shop.box.tokens["admin"]), base_url=shop.box.url, retry=None
    )

    for name, asked in shop.bodies.items():
        path = f"repos/acme/shop/rulesets/{shop.live(name)['id']}"
        shown = subprocess.run(
            [gh, "api", path],
            env=shop.environment,
            capture_output=True,
            check=True,
        )
        _, read = github.requester.requestJsonAndCheck("GET", f"/{path}")

        by_gh = json.loads(shown.stdout)
        assert {**by_gh, "url": f"/{path}"} == read
        assert [by_gh[key] for key in ("name", "target", "enforcement")] == [
            asked[key] for key in ("name", "target", "enforcement")
        ]
        assert by_gh["conditions"] == asked["conditions"]
        assert by_gh["bypass_actors"] == asked["bypass_actors"]
        assert types_of(by_gh["rules"]) == types_of(asked["rules"])


def types_of(rules: Json) -> set[str]:
    assert isinstance(rules, list)
    return {str(each["type"]) for each in rules if isinstance(each, dict)}


def test_a_put_without_effect_is_noticed(shop: Ruled) -> None:
    shop.inv("policy.apply")
    shop.tamper("main", enforcement="disabled")
    shop.box.switches.put_without_effect = True

    done = shop.inv("policy.apply")

    assert done.code == 4
    assert "reads back differently: enforcement" in done.err


def test_an_export_plans_to_nothing(shop: Ruled) -> None:
    shop.inv("policy.apply")
    shop.tamper("main", bypass_actors=[ADMIN])

    exported = shop.inv("policy.export")
    (shop.folder / RULESETS).write_text(exported.out, encoding="utf-8")

    assert shop.inv("policy.plan").code == 0


def test_a_ruleset_is_rolled_back_to_its_history(shop: Ruled) -> None:
    shop.inv("policy.apply")
    shop.tamper("main", enforcement="disabled")

    done = shop.inv("policy.rollback", "--ruleset", "main")

    assert done.code == 0
    assert shop.live("main")["enforcement"] == "active"


def test_a_plan_without_pattern_rules_gets_all_others(shop: Ruled) -> None:
    shop.box.switches.plan = "free"

    done = shop.inv("policy.apply")

    assert done.code == 0
    assert "branch-names: branch_name_pattern is not on GitHub's plan" in done.out
    assert shop.inv("drift", "--only", "rulesets").code == 0


def test_a_plan_without_rulesets_is_said_plainly(shop: Ruled) -> None:
    shop.box.switches.plan = "free-private"

    done = shop.inv("policy.apply")

    assert done.code == 4
    assert "upgrade the plan" in done.err


def test_rulesets_from_above_are_shown_apart_and_left_alone(shop: Ruled) -> None:
    shop.inv("policy.apply")
    parent = copy.deepcopy(shop.box.state.rulesets[0])
    parent.id, parent.source_type = 1, "Organization"
    parent.body["name"] = "org-wide"
    shop.box.state.rulesets.append(parent)

    plan = shop.inv("policy.plan", "--json", "--delete-unmanaged")

    assert plan.code == 0
    assert report_of(plan)["inherited"] == ["org-wide (acme)"]


def test_a_wrong_file_is_refused_before_github_is_changed(shop: Ruled) -> None:
    text = (shop.folder / RULESETS).read_text(encoding="utf-8")
    wrong = CONTEXT.sub('"gone"', text)
    (shop.folder / RULESETS).write_text(wrong, encoding="utf-8")

    done = shop.inv("policy.apply")

    assert done.code == 1
    assert "no job of .github/workflows is called 'gone'" in done.err
    assert shop.box.state.rulesets == []


def test_lint_needs_neither_token_nor_network(shop: Ruled) -> None:
    nowhere = "http://127.0.0.1:9"

    done = shop.inv("policy.lint", GITHUB_TOKEN="", GITHUB_API_URL=nowhere)

    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "infra/rulesets.json: 7 rulesets, nothing wrong",
    )


@pytest.mark.parametrize("task", ["policy.apply", "policy.rollback"])
@pytest.mark.parametrize("where", ["origin", "environment"])
def test_rules_go_to_no_other_repository_than_the_clones(
    shop: Ruled, where: str, task: str
) -> None:
    """P19: three things name the repository, and a write needs them to agree."""
    shop.inv("policy.apply")
    shop.tamper("main", enforcement="disabled")
    writes, variables = shop.box.writes, dict[str, str]()
    if where == "origin":
        other = "https://github.com/acme/other.git"
        shop.git("remote", "set-url", "origin", other)
    else:
        variables["GITHUB_REPOSITORY"] = "acme/other"
    ruleset = ("--ruleset", "main") if task == "policy.rollback" else ()

    done = shop.inv(task, *ruleset, **variables)

    assert done.code == 3
    assert "infra/platform.toml says acme/shop" in done.err
    assert "says acme/other" in done.err
    assert shop.box.writes == writes

    told = ("--repository=acme/shop", *ruleset)
    if task == "policy.apply":
        unread = shop.inv(task, *told, **variables)
        assert (unread.code, shop.box.writes) == (3, writes)
        told = (*told, "--from-working-tree")
    done = shop.inv(task, *told, **variables)

    # What the shell names is written to; --repository does not change that.
    written = where == "origin"
    assert (done.code, shop.box.writes > writes) == (0 if written else 3, written)


def test_a_file_that_was_not_merged_loosens_nothing(shop: Ruled) -> None:
    """P21."""
    shop.save("chore: rules")
    shop.connect()
    before = shop.live("main")
    path = shop.folder / RULESETS
    text = path.read_text(encoding="utf-8").replace('_count": 1', '_count": 0')
    path.write_text(text, encoding="utf-8")

    planned = shop.inv("policy.plan")
    refused = shop.inv("policy.apply")
    connected = shop.inv("init", "--key-file", str(shop.folder.parent / "key"))
    loose = "main: rules.pull_request.required_approving_review_count"
    strict = shop.live("main") == before
    meant = shop.inv("policy.apply", "--from-working-tree")

    assert "apply refuses this: infra/rulesets.json here loosens" in planned.out
    assert loose in planned.out
    assert "apply writes this one" not in planned.out
    assert (refused.code, connected.code, strict) == (3, 3, True)
    assert loose in refused.err
    assert re.search(rf"rules +refused +.*{loose}", connected.out)
    assert meant.code == 0


@pytest.mark.parametrize(
    ("merged", "code", "said"),
    [
        ("\ufeff[]", 0, ""),
        ("[,]", 3, "infra/rulesets.json is not JSON: Expecting value"),
        ('[{"name": "a"}, {"name": "a"}]', 3, "names a ruleset twice: a"),
    ],
    ids=["a byte order mark", "no JSON", "a name twice"],
)
def test_what_is_wrong_with_the_merged_file_is_said_of_that_one(
    shop: Ruled, merged: str, code: int, said: str
) -> None:
    path = shop.folder / RULESETS
    mended = path.read_text(encoding="utf-8")
    path.write_text(merged, encoding="utf-8")
    shop.save("chore: rules")
    path.write_text(mended, encoding="utf-8")

    done = shop.inv("policy.apply")
    meant = shop.inv("policy.apply", "--from-working-tree")

    assert (done.code, meant.code) == (code, 0)
    assert said in done.err
    assert not code or "as main (" in done.err
    assert not code or "--from-working-tree applies it as it is" in done.err


MOON: Json = {"type": "moon_phase", "parameters": {"phase": "full"}}
QUALITY: Json = {"type": "code_quality", "parameters": {"severity": "full"}}


def add_rule(shop: Ruled, rule: Json) -> str:
    """Put a rule that GitHub's description lacks last; return the text before."""
    shop.box.switches.new_rule_types = ("moon_phase",)
    path = shop.folder / RULESETS
    text = path.read_text(encoding="utf-8")
    bodies = json.loads(text)
    where = f"rules[{len(bodies[0]['rules'])}]"
    shop.beyond = (*shop.beyond, f"$.{where}: ", f"{where}.type", f"{where}.parameters")
    bodies[0]["rules"].append(rule)
    path.write_text(json.dumps(bodies, indent=2), encoding="utf-8")
    return text


@pytest.mark.parametrize(
    ("rule", "linted", "said"),
    [
        (
            MOON,
            "moon_phase is not known here: it is sent as it is",
            'GitHub has {"phase": "new"}, the file {"phase": "full"}',
        ),
        (QUALITY, "nothing wrong", "severity: GitHub has new, the file full"),
    ],
    ids=["unknown", "code_quality"],
)
def test_a_rule_that_the_description_lacks_is_written_and_compared(
    shop: Ruled, rule: Json, linted: str, said: str
) -> None:
    """P31: from the file to GitHub, read back; and drift when it is another one."""
    add_rule(shop, rule)

    warned = shop.inv("policy.lint")
    planned = shop.inv("policy.plan")
    applied = shop.inv("policy.apply")
    same = shop.inv("drift", "--only", "rulesets")
    rules = shop.live("main")["rules"]
    shop.tamper("main", rules=json.loads(json.dumps(rules).replace("full", "new")))
    drifted = shop.inv("drift", "--only", "rulesets")
    mended = shop.inv("policy.apply")

    assert linted in warned.out
    assert (planned.code, applied.code, same.code) == (2, 0, 0)
    assert json.dumps(rule) in json.dumps(rules)
    assert drifted.code == 2
    assert said in drifted.out
    assert (mended.code, "full" in json.dumps(shop.live("main"))) == (0, True)


def test_a_rule_that_nobody_here_knows_is_kept_by_the_next_apply(shop: Ruled) -> None:
    """Out of the file it is still GitHub's: never erased, and named until it goes."""
    text = add_rule(shop, MOON)
    shop.inv("policy.apply")
    less = text.replace('_review_count": 1', '_review_count": 2')
    (shop.folder / RULESETS).write_text(less, encoding="utf-8")

    left = shop.inv("policy.apply")

    assert left.code == 2
    assert "rules.moon_phase" in left.out
    live = json.dumps(shop.live("main"))
    assert json.dumps(MOON) in live
    assert '"required_approving_review_count": 2' in live
