"""Each row of the table of expectations, spoilt on the sandbox, found, named and ended.

The table says which rows there are: one without a scenario here fails.
"""

import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.settings import parse_settings
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.expectations import expectations
from monokeel.setup.ports import Connection
from tests.e2e.live_shop import POLICY, ROOT
from tests.e2e.ruled_shop import RULESETS, Ruled, ruled_shop
from tests.fakes.unconnected import World

Act = Callable[[Ruled], object]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
SECRET = "MONOKEEL_DEPLOY_KEY"
RIGHTS = "/actions/permissions/workflow"
WEAK = "--allow-unverified=bypass_actors"


def gh(method: str, path: str, body: Json = None, *expect: int) -> Act:
    return lambda shop: shop.github.request(
        method, path, json=body, expect=expect or (200, 201, 204)
    )


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What somebody does, what drift says, and what ends it.

    *ends* is done by hand where the remedy is no command; a *note* is no drift.
    """

    spoil: Act
    said: str
    ends: Act | None = None
    note: bool = False


def environment(name: str) -> Scenario:
    return Scenario(
        spoil=gh("PUT", f"/environments/{name}", {"deployment_branch_policy": None}),
        said="takes every branch",
    )


def gone(name: str) -> Scenario:
    return Scenario(spoil=gh("DELETE", f"/environments/{name}"), said="is not there")


def secret(name: str) -> Scenario:
    return Scenario(
        spoil=lambda s: s.box.state.environments[name].secrets.clear(),
        said=f"not set; jobs of {name} cannot push",
        ends=set_secrets,
    )


def foreign_key(shop: Ruled) -> object:
    body: Json = {"title": "ci", "key": KEY, "read_only": False}
    return gh("POST", "/keys", body)(shop)


def without_key(shop: Ruled) -> None:
    [key] = shop.github.pages("/keys")
    gh("DELETE", f"/keys/{key['id']}")(shop)


def init(shop: Ruled) -> None:
    key = str(shop.folder.parent / "key")
    shop.inv("init", "--no-rules", "--register-key", "--key-file", key)
    set_secrets(shop)


def set_secrets(shop: Ruled) -> None:
    for name in ("release", "dev", "staging", "prod"):
        secrets = shop.box.state.environments[name].secrets
        secrets[SECRET] = shop.box.state.now()


def another_branch(shop: Ruled) -> None:
    commit = shop.git("rev-parse", "HEAD")
    gh("POST", "/git/refs", {"ref": "refs/heads/feat/new", "sha": commit})(shop)
    gh("PATCH", "", {"default_branch": "feat/new"})(shop)


def classic(shop: Ruled) -> None:
    path, found = "/branches/main/protection", {"enabled": True}
    shop.box.switches.fail(path, status=200, body=found, times=99)


SCENARIOS: dict[str, Scenario] = {
    "settings": Scenario(
        spoil=gh(
            "PATCH",
            "",
            {
                "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
                "squash_merge_commit_message": "COMMIT_MESSAGES",
            },
        ),
        said="squash_merge_commit_title is COMMIT_OR_PR_TITLE, not PR_TITLE",
    ),
    "default branch on GitHub": Scenario(
        spoil=another_branch,
        said="GitHub's default branch is feat/new, infra/platform.toml says main",
    ),
    "writer": Scenario(
        spoil=without_key,
        said="no writable, enabled deploy key called monokeel",
        ends=init,
    ),
    "other write keys": Scenario(spoil=foreign_key, said="beside ours: ci (id "),
    "Environment release": environment("release"),
    "Environment dev": gone("dev"),
    "Environment staging": environment("staging"),
    "Environment prod": environment("prod"),
    "Environment policy": gone("policy"),
    "Environment template": environment("template"),
    "Environment registry": environment("registry"),
    "approval in prod": Scenario(
        spoil=gh(
            "PUT",
            "/environments/prod",
            {
                "reviewers": [],
                "deployment_branch_policy": {
                    "protected_branches": False,
                    "custom_branch_policies": True,
                },
            },
        ),
        said="asks nobody for an approval",
    ),
    **{f"secret in {x}": secret(x) for x in ("release", "dev", "staging", "prod")},
    "secrets of the repository": Scenario(
        spoil=lambda s: s.box.state.secrets.update({SECRET: s.box.state.now()}),
        said=f"{SECRET} is a secret of the repository, too",
    ),
    "Actions": Scenario(
        spoil=gh("PUT", "/actions/permissions", {"enabled": False}),
        said="Actions: switched off; no workflow runs",
    ),
    "rights of workflows": Scenario(
        spoil=gh("PUT", RIGHTS, {"can_approve_pull_request_reviews": True}),
        said="workflows may approve pull requests",
    ),
    "immutable releases": Scenario(
        spoil=gh("DELETE", "/immutable-releases"),
        said="immutable releases: off",
    ),
    "classic protection": Scenario(
        spoil=classic,
        said="classic branch protection of main stands beside the rulesets",
        ends=lambda s: s.box.switches.faults.clear(),
        note=True,
    ),
    "a way to merge": Scenario(
        spoil=gh(
            "PATCH", "", {"allow_rebase_merge": True, "allow_squash_merge": False}
        ),
        said="GitHub offers rebase, the rules take squash alone",
    ),
    "other ways to merge": Scenario(
        spoil=gh("PATCH", "", {"allow_merge_commit": True}),
        said="which the rules of the file refuse",
        ends=gh(
            "PATCH", "", {"allow_merge_commit": False, "allow_rebase_merge": False}
        ),
        note=True,
    ),
    "rules": Scenario(
        spoil=lambda s: s.tamper("main", enforcement="disabled"),
        said="enforcement: GitHub has disabled, the file active (severe",
    ),
}


def rows() -> dict[str, str]:
    """Return the item of each row that drift watches, by its name."""
    world = World()
    at = Connection(
        settings=parse_settings(POLICY),
        policy=parse_policy((ROOT / RULESETS).read_text(encoding="utf-8")),
        repository=world,
        rulesets=world.rulesets,
    )
    table = expectations(at)
    # Who may approve is asked before the rules are applied: drift has no word on it.
    return {each.name: each.item for each in table if each.item != "approvers"}


class Watched:
    """A shop that is set up, and an App that sees it all, or less."""

    def __init__(self, shop: Ruled) -> None:
        self.shop = shop
        self.token = shop.box.tokens["app"]
        shop.connect()
        off: Json = {"allow_merge_commit": False, "allow_rebase_merge": False}
        gh("PATCH", "", off)(shop)

    def drift(self, section: str, *options: str) -> tuple[int, str]:
        command = ("drift", "--only", section, "--issue", *options)
        done = self.shop.inv(*command, GITHUB_TOKEN=self.token)
        return done.code, done.out

    def weak_drift(self, section: str) -> tuple[int, str]:
        """Look with an App that lost administration, and what else only that shows."""
        people = self.shop.box.state.people
        actor = people[self.token]
        lost = {"administration:write", "environments:write", "secrets:write"}
        people[self.token] = replace(actor, rights=actor.rights - lost)
        try:
            return self.drift(section, WEAK)
        finally:
            people[self.token] = actor

    @property
    def alert(self) -> tuple[str, str]:
        """State and text of the newest issue."""
        issues = self.shop.box.state.issues
        return (issues[-1].state, issues[-1].body or "") if issues else ("closed", "")

    def carry_out(self, line: str) -> None:
        """Do what *line* of the report says, word for word."""
        shop = self.shop
        if "run ./scripts/apply-rulesets.sh" in line:  # which a rendered one has
            assert shop.inv("policy.apply").code == 0
        elif "./inv init" in line:
            init(shop)
        else:
            command = line[line.index("gh ") :]
            subprocess.run(
                shlex.split(command),
                cwd=shop.folder,
                env=shop.environment,
                check=True,
                capture_output=True,
            )


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with ruled_shop(tmp_path_factory.mktemp("rows") / "shop") as shop:
        yield Watched(shop)


@pytest.mark.parametrize("name", rows())
def test_a_row_is_found_named_and_ended(watched: Watched, name: str) -> None:
    """Behind our back; with a token that sees less the alert stays as it is."""
    scenario, shop = SCENARIOS[name], watched.shop
    section = "rulesets" if name == "rules" else "settings"
    assert watched.drift(section)[0] == 0

    scenario.spoil(shop)
    code, text = watched.drift(section)
    lines = [x.strip() for x in text.splitlines() if scenario.said in x]
    alert = watched.alert
    weak_code, weak = watched.weak_drift(section)

    assert (code, lines != []) == (0 if scenario.note else 2, True), text
    assert alert[0] == ("closed" if scenario.note else "open")
    seen = scenario.said in weak
    assert seen or name in weak.partition("Not verified")[2], weak
    assert weak_code == (2 if seen and not scenario.note else 0), weak
    assert watched.alert == alert

    if scenario.ends is not None:
        scenario.ends(shop)
    else:
        subject = "main" if name == "rules" else name
        to_do = text.partition("To do")[2].splitlines()
        [step, *_] = [
            x for x in to_do if subject in x.split(": ")[0].strip().split(", ")
        ]
        watched.carry_out(step)
    ended, after = watched.drift(section)

    assert (ended, scenario.said in after) == (0, False), after
    assert watched.alert[0] == "closed"
