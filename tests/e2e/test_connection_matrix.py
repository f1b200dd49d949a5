"""Every account, visibility, plan and kind of token: what init can do, what is left.

``pytest -s`` prints the matrix. No cell may lock out the owner, and none may say that
all is done while something is missing.
"""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monokeel.adapters.credentials import Credentials
from monokeel.adapters.git import Git
from monokeel.adapters.github import GitHub
from monokeel.adapters.machine import Keys
from monokeel.adapters.repository import Repository
from monokeel.adapters.rulesets import Rulesets
from monokeel.adapters.session import Session
from monokeel.ground.answers import Unknown
from monokeel.ground.errors import MonokeelError
from monokeel.ground.settings import PolicySettings
from monokeel.policy.apply import apply
from monokeel.policy.plan import make_plan
from monokeel.policy.reading import Policy
from monokeel.policy.rulesets import parse_policy
from monokeel.setup.expectations import expectations
from monokeel.setup.init import Step, carry_out, plan_init, result_of
from monokeel.setup.permissions import kind_of
from monokeel.setup.ports import Connection
from monokeel.setup.rows import AsWanted, answer_to
from sandbox.server import Sandbox
from tests.fakes.unconnected import SETTINGS
from tests.rendered.renders import ROOT
from tests.setup.permission_page import APPS

ACCOUNTS = ("personal", "organization", "new organization")
VISIBILITIES = ("public", "private")
PLANS = ("free", "paid")
TOKENS = ("fine", "weak fine", "gh", "workflow")
CODES = {"connected": 0, "incomplete": 2, "refused": 3, "unknown": 4}
POLICY = parse_policy(
    (ROOT / "infra/rulesets.json")
    .read_text(encoding="utf-8")
    .replace("refs/heads/main", "~DEFAULT_BRANCH")
)
OPTIONAL = ("branch_name_pattern",)
_CELLS = list(itertools.product(ACCOUNTS, VISIBILITIES, PLANS, TOKENS))
_PRINTED: list[str] = []


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a workflow, as a render has one."""
    folder = tmp_path_factory.mktemp("clone")
    workflow = folder / ".github/workflows/ci.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("on: push\n", encoding="utf-8")
    for args in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["commit", "-q", "-m", "feat: start"],
        ["remote", "add", "origin", "none"],
    ):
        subprocess.run(["git", "-C", str(folder), *args], check=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _printed() -> Iterator[None]:
    yield
    sys.stdout.write("\n" + "\n".join(_PRINTED) + "\n")


def as_github(box: Sandbox, account: str, visibility: str, plan: str) -> None:
    """Make *box* what GitHub is for such an owner."""
    box.state.owner_type = "User" if account == "personal" else "Organization"
    box.switches.organization_deploy_keys = account != "new organization"
    box.state.private = visibility == "private"
    if plan == "free":
        box.switches.plan = "free-private" if box.state.private else "free"


def connection(box: Sandbox, clone: Path, base: Path, who: str) -> Connection:
    token = box.tokens[who]
    github = GitHub(
        Session(tries=1), api=box.url, repository=box.repository, token=token
    )
    address = f"{box.url}/{box.repository}.git"
    subprocess.run(
        ["git", "-C", str(clone), "remote", "set-url", "origin", address], check=True
    )
    server = box.url.removeprefix("http://")
    git = Git(clone, credentials=Credentials(token=token, server=server))
    rulesets = Rulesets(github)

    def apply_rules() -> None:
        policy = Policy(desired=POLICY, keys=PolicySettings(optional_rules=OPTIONAL))
        apply(make_plan(policy, rulesets), rulesets)

    def set_secret(name: str, environment: str) -> None:
        """What gh does, without gh."""
        box.state.environments[environment].secrets[name] = box.state.now()

    return Connection(
        settings=SETTINGS,
        policy=POLICY,
        register=True,
        repository=Repository(github),
        rulesets=rulesets,
        clone=git,
        keys=Keys(base / "key", root=clone),
        set_secret=set_secret,
        apply_rules=apply_rules,
        token_kind=kind_of(token),
    )


@pytest.mark.parametrize("cell", _CELLS, ids=" ".join)
def test_no_cell_locks_out_the_owner_or_claims_too_much(
    cell: tuple[str, str, str, str], clone: Path, tmp_path: Path
) -> None:
    account, visibility, plan, kind = cell
    settings = replace(SETTINGS, policy=PolicySettings(optional_rules=OPTIONAL))
    with Sandbox() as box:
        as_github(box, account, visibility, plan)
        who = {"weak fine": "fine", "workflow": "actions"}.get(kind, kind)
        if kind == "weak fine":  # as the first edition's page asked for it
            rights = ("administration", "contents", "deployments", "environments")
            box.limit("fine", *(f"{each}:write" for each in rights), "secrets:write")
        steps: tuple[Step, ...] = ()
        try:
            at = replace(connection(box, clone, tmp_path, who), settings=settings)
            steps = tuple(carry_out(plan_init(at)))
            code, left = CODES[result_of(steps)], _left(steps)
        except MonokeelError as error:
            code, left = error.exit_code, error.problem[:60]

        admin = replace(connection(box, clone, tmp_path, "fine"), settings=settings)
        box.limit("fine", *(f"{area}:write" for area in _ALL))
        missing = [
            row.name
            for row in expectations(admin)
            if row.watched != "note" and not isinstance(answer_to(row), AsWanted)
        ]
        _PRINTED.append(f"{' | '.join(cell)} | {_done(steps)} done | {code} | {left}")

        assert (code == 0) is (missing == [])
        if box.state.rulesets:
            assert {"default branch", "writer", "somebody can merge"} & {
                *missing
            } == set()
        assert all(s.to_do or s.detail for s in steps if s.state != "was there")


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_the_app_of_the_page_sees_every_row_of_drift(
    visibility: str, clone: Path, tmp_path: Path
) -> None:
    """G17: set up to the letter; what it does not see would be 4 every night."""
    with Sandbox() as box:
        as_github(box, "organization", visibility, "paid")
        tuple(carry_out(plan_init(connection(box, clone, tmp_path, "fine"))))
        box.limit("app", *(f"{area}:{x}" for area, x in APPS["policy"].items()))
        seen = connection(box, clone, tmp_path, "app")
        rows = expectations(replace(seen, clone=None, keys=None))

        found = {x.name: answer_to(x) for x in rows if x.watched != "elsewhere"}

    assert [x for x, answer in found.items() if isinstance(answer, Unknown)] == []


_ALL = (
    *("actions", "administration", "contents", "environments", "secrets"),
    *("workflows", "deployments", "packages"),
)


def _done(steps: tuple[Step, ...]) -> int:
    return sum(step.state in ("done", "was there") for step in steps)


def _left(steps: tuple[Step, ...]) -> str:
    open_ = [s for s in steps if s.state not in ("done", "was there", "note")]
    return ", ".join(f"{step.name}: {step.state}" for step in open_) or "nothing"
