"""Which actions may run, and what the jobs of the workflows may."""

from dataclasses import replace

import pytest

from monokeel.ground.answers import Json, Unknown
from monokeel.setup.actions import actions_in, rights_of_jobs
from monokeel.setup.expectations import expectations
from monokeel.setup.init import carry_out, plan_init
from monokeel.setup.rows import Answer, AsWanted, Otherwise, answer_to
from tests.fakes.unconnected import World
from tests.setup.test_expectations import connected

CHECKOUT, UV = f"actions/checkout@{'a' * 40}", "astral-sh/setup-uv@v10"
LOGIN = "docker/login-action@v4"
OURS = (CHECKOUT, UV, LOGIN)


def answers(policy: dict[str, Json], actions: tuple[str, ...] = OURS) -> list[Answer]:
    world = replace(connected(), actions={"enabled": True, **policy})
    rows = expectations(replace(world.outside, actions=actions))
    return [answer_to(x) for x in rows if "ctions" in x.name]


def selected(**what: Json) -> dict[str, Json]:
    return {"allowed_actions": "selected", "selected": what}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"enabled": False}, "switched off"),
        ({"allowed_actions": "local_only"}, "only those of acme may run"),
        (selected(), f"these may not run: {', '.join(OURS)}"),
        (selected(github_owned_allowed=True), f"these may not run: {UV}, {LOGIN}"),
        (selected(patterns_allowed=["docker/*", "actions/*"]), f"not run: {UV}"),
        (selected(patterns_allowed=["*", "!docker/*"]), f"not run: {LOGIN}"),
        (
            selected(github_owned_allowed=True, patterns_allowed=["Docker/*@v4"]),
            f"not run: {UV}",
        ),
        (
            selected(verified_allowed=True, patterns_allowed=["!docker/*"]),
            f"not run: {LOGIN}",
        ),
        (
            {"allowed_actions": "all", "sha_pinning_required": True},
            f"not by a whole commit, as GitHub asks here: {UV}, {LOGIN}",
        ),
    ],
)
def test_what_keeps_our_workflows_from_running_is_named(
    policy: dict[str, Json], said: str
) -> None:
    """G35: setup-uv and docker/* would end a run before it starts."""
    found = answers(policy)[0]

    assert isinstance(found, Otherwise)
    assert said in found.detail
    assert "acme/shop" in found.remedy


def test_what_the_owner_wrote_and_what_is_pinned_may_run() -> None:
    """The setting reads "Allow acme, and select non-acme, actions"."""
    own = "Acme/shop/.github/workflows/shared.yml@v1"  # no commit is asked of those

    found = answers(
        selected(github_owned_allowed=True) | {"sha_pinning_required": True},
        (own, CHECKOUT),
    )

    assert [type(each) for each in found] == [AsWanted, AsWanted]


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"allowed_actions": "all"},
        selected(patterns_allowed=["*"]),
        selected(github_owned_allowed=True, patterns_allowed=["astral-sh/*", LOGIN]),
    ],
)
def test_actions_that_may_all_run_are_as_wanted(policy: dict[str, Json]) -> None:
    assert [type(each) for each in answers(policy)] == [AsWanted, AsWanted]


def test_who_has_a_verified_creator_nobody_can_tell() -> None:
    """No API says it, so it is neither allowed nor refused."""
    policy = selected(github_owned_allowed=True, verified_allowed=True)

    allowed, unsure = answers(policy)

    assert isinstance(allowed, AsWanted)
    assert isinstance(unsure, Unknown)
    assert f"{UV}, {LOGIN}: run only if" in unsure.reason


def test_a_policy_that_nobody_may_see_is_unknown() -> None:
    world = replace(connected(), hidden=("actions policy",))
    rows = expectations(replace(world.outside, actions=OURS))
    found = [x for x in rows if x.name == "Actions"]

    assert isinstance(answer_to(found[0]), Unknown)


def test_init_takes_from_workflows_what_they_should_not_have() -> None:
    """T43: Actions' settings."""
    world = World(workflows="write", approves=True)

    steps = {x.name: x for x in carry_out(plan_init(world.outside))}

    assert steps["rights of workflows"].state == "done"
    assert (world.workflows, world.approves) == ("read", False)


def test_an_organization_that_decides_is_named_and_the_rest_goes_on() -> None:
    world = World(workflows="write", forbidden=("workflows",))

    steps = {x.name: x for x in carry_out(plan_init(world.outside))}

    assert steps["rights of workflows"].state == "refused"
    assert "the organization decides" in steps["rights of workflows"].detail
    assert steps["immutable releases"].state == "done"


WORKFLOW = """
on: push
permissions: {}
jobs:
  build:
    permissions:
      contents: read
      packages: write # push the image
      id-token: write
    steps:
      - uses: docker/login-action@v4 # v4
      - uses: ./.github/actions/ours
      - run: echo uses=none/of@ours
  look:
    steps: [{uses: "x/y@z"}]
"""


def test_each_job_says_what_it_may_and_why() -> None:
    """T44."""
    loose = "on: push\njobs: {free: {}, all: {permissions: write-all}}\n"
    found = rights_of_jobs({"a.yml": WORKFLOW, "b.yml": loose, "c.yml": "]"})

    assert list(found) == [
        ("a.yml", "build", "packages, id-token", "push the image"),
        ("a.yml", "look", "", ""),
        ("b.yml", "free", "?", "GitHub's default: name permissions"),
        ("b.yml", "all", "all", ""),
    ]


def test_the_actions_of_a_workflow_are_found() -> None:
    called = "on: push\njobs: {all: {uses: 'acme/ci/.github/workflows/a.yml@v1'}}\n"
    steps = '[{run: "# uses: a/b@c"},\n  { uses: "o/n@v1" }]'
    odd = f"on: push\njobs:\n  x:\n    steps: {steps}\n"

    found = actions_in({"a.yml": WORKFLOW, "b.yml": called, "c.yml": odd, "d": "]"})

    shared = "acme/ci/.github/workflows/a.yml@v1"
    assert found == [shared, "docker/login-action@v4", "o/n@v1", "x/y@z"]
