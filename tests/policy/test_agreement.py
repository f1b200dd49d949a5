"""platform.toml against the rulesets: what one names, the other must guard."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import UsageError
from monokeel.ground.settings import parse_settings
from monokeel.policy import re2
from monokeel.policy.lint import absent_branch, disagreements
from monokeel.policy.refs import binds
from monokeel.policy.rule_types import Finding
from monokeel.policy.rulesets import parse_policy

ROOT = Path(__file__).parents[2]
OURS = json.loads((ROOT / "infra/rulesets.json").read_text(encoding="utf-8"))
HEAD = "[repository]\nowner = 'acme'\nname = 'shop'\n"
OFF = "allow_squash_merge = false\nallow_rebase_merge = false\n"
DEV = "[[environments]]\nname = 'dev'\n"

Bodies = dict[str, dict[str, Json]]


def found(
    toml: str = HEAD + DEV, change: Callable[[Bodies], object] = lambda _: None
) -> list[Finding]:
    bodies: Bodies = {each["name"]: json.loads(json.dumps(each)) for each in OURS}
    change(bodies)
    policy = parse_policy(json.dumps(list(bodies.values())))
    return list(disagreements(parse_settings(toml), policy))


def refs(*include: str, exclude: tuple[str, ...] = ()) -> dict[str, Json]:
    return {"ref_name": {"include": [*include], "exclude": [*exclude]}}


def test_the_files_that_we_ship_agree() -> None:
    assert found() == []
    assert found((ROOT / "infra/platform.toml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (f"{HEAD}[release]\ntag_prefix = 'release-'\n", "refs/tags/release-1.0.0"),
        (f"{HEAD}default_branch = 'trunk'\n", "refs/heads/trunk: no active ruleset"),
        (f"{HEAD}default_branch = 'trunk'\n", "branch_name_pattern of branch-names"),
        (
            f"{HEAD}[release]\nclaim_ref = 'refs/tags/begun/{{tag}}'\n",
            "refs/tags/begun/v1.0.0",
        ),
        (
            f"{HEAD}writer = 'app'\napp_id = 7\n{DEV}",
            "lets no Integration 7 pass, and creation needs it",
        ),
        (
            f"{HEAD}[settings]\n{OFF}",
            "nobody could merge",
        ),
    ],
)
def test_what_the_settings_name_and_no_rule_guards_is_told(
    toml: str, says: str
) -> None:
    """P7, P22, P23."""
    assert any(says in each.line for each in found(toml))
    assert not any(each.warning for each in found(toml))


def test_the_lines_of_maintenance_are_guarded_as_the_default_branch_is() -> None:
    toml = f"{HEAD}[release]\nlines = ['1.x', '1.4.x']\n"

    assert found(toml) == []
    assert any(
        "refs/heads/1.4.x: no active ruleset has deletion" in each.line
        for each in found(
            toml, lambda b: b["main"].update(conditions=refs("refs/heads/main"))
        )
    )


DEPLOYED: Json = {
    "type": "required_deployments",
    "parameters": {"required_deployment_environments": ["dev", "preview"]},
}


def pulls(*methods: str) -> dict[str, Json]:
    asked: dict[str, Json] = {"allowed_merge_methods": [*methods]}
    return {"type": "pull_request", "parameters": asked}


CHANGES: dict[str, tuple[Callable[[Bodies], object], str]] = {
    "two rulesets allow two ways to merge": (
        lambda b: b.update(
            more={**b["main"], "name": "more", "rules": [pulls("rebase", "merge")]}
        ),
        "ruleset main allows squash alone, ruleset more allows rebase, merge alone: n",
    ),
    "a merge waits for what comes after it": (
        lambda b: b.update(more={**b["main"], "name": "more", "rules": [DEPLOYED]}),
        "ruleset more waits for dev, and only what was merged goes there: nobody",
    ),
    "nobody may update main": (
        lambda b: b.update(
            more={**b["main"], "name": "more", "rules": [{"type": "update"}]}
        ),
        "refs/heads/main: update of ruleset more lets nobody pass: nobody could merge",
    ),
    "main is disabled": (
        lambda b: b["main"].update(enforcement="disabled"),
        "refs/heads/main: no active ruleset has deletion,",
    ),
    "main may be passed": (
        lambda b: b["main"].update(
            bypass_actors=[{"actor_type": "RepositoryRole", "actor_id": 5}]
        ),
        "refs/heads/main: somebody may pass deletion, non_fast_forward",
    ),
    "main is left out": (
        lambda b: b["main"].update(
            conditions=refs("~ALL", exclude=("~DEFAULT_BRANCH",))
        ),
        "refs/heads/main: no active ruleset",
    ),
    "environments lie elsewhere": (
        lambda b: b["env-pointers"].update(conditions=refs("refs/heads/deploy/*")),
        "refs/heads/env/dev: no active ruleset has creation, update, deletion",
    ),
    "the key may not pass": (
        lambda b: b["env-pointers"].update(bypass_actors=[]),
        "ruleset env-pointers lets no DeployKey pass",
    ),
    "tags may be moved": (
        lambda b: b.pop("release-tags-immutable"),
        "refs/tags/v1.0.0: no active ruleset has update, deletion",
    ),
    "anybody makes tags": (
        lambda b: b.pop("release-tags-create"),
        "refs/tags/v1.0.0: no active ruleset has creation",
    ),
    "tags of one number are kept": (
        lambda b: b["release-tags-create"].update(conditions=refs("refs/tags/v[01]*")),
        "refs/tags/v2.0.0: no active ruleset has creation",
    ),
    "tags of one number are left out": (
        lambda b: b["release-tags-immutable"].update(
            conditions=refs("refs/tags/v*", exclude=("refs/tags/v7.*",))
        ),
        "refs/tags/v7.0.0: no active ruleset has update, deletion",
    ),
    "tags of two digits are left out": (
        lambda b: b["release-tags-create"].update(
            conditions=refs("refs/tags/v?.*", "refs/tags/v??.?.*")
        ),
        "refs/tags/v10.20.30: no active ruleset has creation",
    ),
    "claims of one number are kept": (
        lambda b: b["release-claims"].update(
            conditions=refs("refs/tags/monokeel-claim/v1.*")
        ),
        "refs/tags/monokeel-claim/v0.0.0: no active ruleset has creation",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_rule_no_longer_guards_is_told(name: str) -> None:
    """P41 and the rest of F."""
    change, says = CHANGES[name]

    assert any(says in each.line for each in found(change=change))


@pytest.mark.parametrize(("number", "passes"), [(42, True), (424242, False)])
def test_the_app_that_writes_is_the_one_that_passes(
    number: int, *, passes: bool
) -> None:
    """One App's number may begin with another's."""
    toml = f"{HEAD}writer = 'app'\napp_id = 42\n{DEV}"
    app: Json = {"actor_type": "Integration", "actor_id": number}

    def let_pass(bodies: Bodies) -> None:
        for each in bodies.values():
            if each["bypass_actors"]:
                each["bypass_actors"] = [app]

    locked = [x for x in found(toml, let_pass) if "lets no Integration 42" in x.line]
    assert (locked == []) is passes


def test_the_organizations_rules_may_guard_what_ours_do_not() -> None:
    toml = f"{HEAD}{DEV}[policy]\nparents = ['org-wide']\n"

    findings = found(toml, lambda b: b.pop("release-tags-create"))

    assert [each.warning for each in findings] == [True]


@pytest.mark.parametrize(
    "toml",
    [
        "[release]\nclaim_ref = 'refs/tags/{tag}'\n",
        "[release]\nclaim_ref = 'refs/heads/{tag}'\n",
        "[release]\nclaim_ref = 'refs/heads/env/{tag}'\n",
        "[release]\nclaim_ref = 'refs/heads/main/{tag}'\n",
        "[release]\nclaim_ref = 'refs/pull/{tag}'\n",
        "[release]\nclaim_ref = 'refs/x/a..b/{tag}'\n",
        "[release]\ntag_prefix = 'v..'\n",
        "[release]\ntag_prefix = 'v.lock/'\n",
        "default_branch = 'env/dev'\n",
        "default_branch = 'a..b'\n",
        "default_branch = 'env'\n",
        "default_branch = 'HEAD'\n",
        "default_branch = 'main.lock'\n",
        "[[environments]]\nname = 'release'\n",
        "[[environments]]\nname = 'policy'\n",
        "[[environments]]\nname = 'template'\n",
        "[[services]]\nname = 'api'\nkind = 'api'\npath = '.git'\n",
        "[[services]]\nname = 'api'\nkind = 'api'\npath = 'x/.git/hooks'\n",
    ],
)
def test_what_git_or_the_product_cannot_hold_is_refused_at_the_border(
    toml: str,
) -> None:
    """P24 and P25."""
    with pytest.raises(UsageError):
        parse_settings(HEAD + toml)


@pytest.mark.parametrize(
    "claim", ["refs/releases/{tag}", "refs/tags/monokeel-claim/{tag}", "refs/x/y/{tag}"]
)
def test_a_claim_with_a_part_of_its_own_is_taken(claim: str) -> None:
    parse_settings(f"{HEAD}[release]\nclaim_ref = '{claim}'\n")


NAMES = {
    "main": True,
    "env/dev": True,
    "1.x": True,
    "1.4.x": True,
    "feat/a": True,
    "feat/a/b": True,
    "dependabot/pip/x-1.2": True,
    "copilot/fix-1": True,
    "alice-patch-1": True,
    "revert-12-feat/a": True,
    "revert-12-feat-a": True,
    "gh-readonly-queue/main/pr-1-abc": True,
    "wip": False,
    "env": False,
    "feature/a": False,
    "feat": False,
}


@pytest.mark.parametrize("name", NAMES)
def test_prefixes_and_pattern_let_the_same_names_through(name: str) -> None:
    """On every plan: where GitHub has no patterns, nobody makes another branch."""
    bodies = {each["name"]: each for each in OURS}
    pattern = bodies["branch-names"]["rules"][0]["parameters"]["pattern"]
    [prefixes] = parse_policy(json.dumps([bodies["branch-prefixes"]]))
    allowed = re2.read(pattern).python
    assert allowed is not None

    free = not binds(prefixes, f"refs/heads/{name}", "main")

    assert free is NAMES[name]
    assert (allowed.search(name) is not None) is NAMES[name]


def test_the_question_about_owners_says_what_it_does_not_ask_for() -> None:
    """P55: the rules that we ship ask no owner for a review, and nobody thinks so."""
    question = (ROOT / "copier.yml").read_text(encoding="utf-8")
    rules = (ROOT / "template/infra/rulesets.json.jinja").read_text(encoding="utf-8")

    assert '"require_code_owner_review": false' in rules
    _, _, owners = question.partition("\ncodeowners:\n")
    assert "require_code_owner_review" in owners.partition("default:")[0]


@pytest.mark.parametrize(
    ("refs", "said"),
    [
        (
            ["refs/heads/trunk", "refs/heads/feat/x"],
            "is main, and the remote has trunk",
        ),
        (["refs/heads/trunk", "refs/heads/master"], "has master and trunk alone"),
        (["refs/heads/trunk", "refs/heads/main"], ""),
        (["refs/heads/1.x", "refs/tags/trunk"], ""),  # one branch was fetched alone
        ([], ""),
    ],
)
def test_a_default_branch_that_the_remote_does_not_have_is_named(
    refs: list[str], said: str
) -> None:
    """T33: rules for refs/heads/main in a repository whose branch is trunk."""
    warnings = list(absent_branch(parse_settings(HEAD + DEV), refs))

    assert [said in each.line for each in warnings] == ([True] if said else [])
    assert all(each.warning for each in warnings)


def test_a_line_that_is_named_before_it_is_there_is_told() -> None:
    """Whoever may write begins it, from a commit that nobody has reviewed."""
    toml = f"{HEAD}[release]\nlines = ['1.x', '1.4.x']\n"
    refs = ["refs/heads/main", "refs/heads/1.x", "refs/tags/v1.4.0"]

    (warning,) = absent_branch(parse_settings(toml), refs)

    assert warning.warning
    assert "1.4.x is not on the remote: push it now" in warning.line
    assert list(absent_branch(parse_settings(toml), ["refs/tags/1.4.x"])) == []
