"""Init against fakes that keep state: order, second run, a crash after every step."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, ServiceError, UsageError
from monokeel.setup.init import (
    Step,
    carry_out,
    init_report,
    plan_init,
    planned_steps,
    result_of,
)
from monokeel.setup.ports import Connection
from monokeel.setup.writer import DeployKey
from tests.fakes.unconnected import (
    BEFORE,
    COMMIT,
    FOREIGN,
    POLICY,
    SETTINGS,
    START,
    CrashError,
    World,
    a_key,
)

ENVIRONMENTS = ("release", "dev", "prod", "registry", "policy", "template")
PUSHED = ("release", "dev", "prod")


def wanted(world: World, *, register: bool = True) -> Connection:
    return replace(world.outside, register=register)


def connect(world: World, *, register: bool = True) -> tuple[Step, ...]:
    world.wanted_rules = tuple(each.body for each in POLICY)
    return tuple(carry_out(plan_init(wanted(world, register=register))))


def states(steps: tuple[Step, ...]) -> dict[str, str]:
    return {step.name: step.state for step in steps}


def by_name(steps: tuple[Step, ...]) -> dict[str, Step]:
    return {step.name: step for step in steps}


def set_secrets(world: World) -> None:
    for name in PUSHED:
        world.secret_times[name] = START + timedelta(days=1)


def test_everything_is_set_up_by_one_run() -> None:
    world = World()

    connect(world)

    assert world.refs == {"refs/heads/main": COMMIT}
    assert [(k.title, k.writes) for k in world.keys] == [("monokeel", True)]
    assert tuple(world.environments) == ENVIRONMENTS
    assert world.policies == {name: ["main"] for name in ENVIRONMENTS}
    assert world.environments["prod"]["protection_rules"] != []
    assert world.environments["dev"]["protection_rules"] == []
    assert world.locked is True
    assert world.rules == ["tags"]


def test_a_second_run_changes_nothing_and_says_so() -> None:
    world = World()
    connect(world)
    written = world.writes

    steps = connect(world)

    assert world.writes == written
    assert {step.state for step in steps} == {"was there", "left to you"}
    headline = init_report(SETTINGS, steps).headline
    assert headline == "acme/shop: nothing was changed, 3 left to you"


@pytest.mark.parametrize("fuse", range(1, 20))
def test_a_run_cut_short_is_finished_by_the_next(fuse: int) -> None:
    whole, world = World(), World(fuse=fuse)
    connect(whole)

    with pytest.raises(CrashError):
        connect(world)
    world.fuse = None
    connect(world)

    assert world.made_keys == 1
    for part in ("refs", "keys", "environments", "policies", "locked", "rules"):
        assert getattr(world, part) == getattr(whole, part)


def test_the_crash_points_above_are_all_there_are() -> None:
    connect(world := World())

    assert world.writes == 19


def test_a_dry_run_names_every_step_and_writes_nothing() -> None:
    world = World()

    steps = tuple(planned_steps(plan_init(wanted(world))))

    assert world.writes == 0
    assert world.local_key is None
    assert states(steps)["rules"] == "planned"
    assert states(steps)["secret in dev"] == "left to you"
    assert result_of(steps) == "incomplete"


def test_the_settings_let_the_checked_title_be_the_merged_one() -> None:
    world = World()

    connect(world)

    assert world.settings == World().settings | {
        "squash_merge_commit_title": "PR_TITLE",
        "squash_merge_commit_message": "PR_BODY",
        "delete_branch_on_merge": False,
    }


def test_by_hand_the_page_and_the_public_key_are_shown_and_the_rules_wait() -> None:
    world = World()

    first = connect(world, register=False)

    assert world.keys == []
    assert world.rules == []
    [key] = [step for step in first if step.name == "writer"]
    assert "https://github.com/acme/shop/settings/keys/new" in key.to_do
    assert 'key "ssh-ed25519 KEY1"' in key.to_do
    assert states(first)["rules"] == "waits"
    assert states(first)["secret in dev"] == "waits"
    assert states(first)["Environment prod"] == "done"

    world.keys = [a_key(title="by hand", key="ssh-ed25519 KEY1")]
    second = connect(world, register=False)

    assert states(second)["writer"] == "was there"
    assert states(second)["rules"] == "done"
    assert world.made_keys == 1


def test_the_secrets_that_are_missing_are_left_to_the_user() -> None:
    world = World(secret_times={"release": START + timedelta(days=1)})

    steps = connect(world)

    assert states(steps)["secret in release"] == "was there"
    [prod] = [step for step in steps if step.name == "secret in prod"]
    assert prod.detail == "not set"
    assert prod.to_do == (
        "secret in prod: gh secret set MONOKEEL_DEPLOY_KEY --env prod"
        " --repo acme/shop < /home/ann/.config/monokeel/acme-shop"
    )
    assert result_of(steps) == "incomplete"


def test_with_all_secrets_set_nothing_is_left() -> None:
    world = World()
    set_secrets(world)

    steps = connect(world)

    assert init_report(SETTINGS, steps).data["verdict"] == "connected"


def test_a_secret_older_than_its_key_must_be_set_again() -> None:
    world = World()
    set_secrets(world)
    connect(world)
    world.keys = [replace(world.keys[0], created_at=START + timedelta(days=9))]

    steps = connect(world)

    left = [step for step in steps if step.state == "left to you"]
    assert [step.name for step in left] == [f"secret in {name}" for name in PUSHED]
    assert all("set it again: gh secret set" in step.to_do for step in left)


def test_who_may_set_secrets_sets_those_that_are_missing_once() -> None:
    world = World(stores=True)

    first = connect(world)
    second = connect(world)

    assert states(first)["secret in prod"] == "done"
    assert states(second)["secret in prod"] == "was there"
    assert sorted(world.secret_times) == sorted(PUSHED)
    assert result_of(first) == result_of(second) == "connected"


@pytest.mark.parametrize(
    ("world", "error"),
    [
        pytest.param(World(remote=None), UsageError, id="no remote"),
        pytest.param(World(remote="git@github.com:a/b.git"), UsageError, id="other"),
        pytest.param(World(remote="/srv/git/acme/shop.git"), UsageError, id="a path"),
        pytest.param(World(admin=False), ServiceError, id="weak token"),
        pytest.param(World(hidden=("environments",)), ServiceError, id="no actions"),
        pytest.param(World(hidden=("keys",)), ServiceError, id="no keys"),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_change(
    world: World, error: type[MonokeelError]
) -> None:
    with pytest.raises(MonokeelError) as caught:
        connect(world)

    assert type(caught.value) is error
    assert world.writes == 0


def test_the_role_that_github_names_decides_nothing_as_g16_asks() -> None:
    class Named(World):
        def get_repository(self) -> dict[str, Json]:
            return {**super().get_repository(), "permissions": {"admin": False}}

    connect(world := Named())

    assert world.rules == ["tags"]


def test_a_permission_that_is_missing_is_named_before_the_first_change() -> None:
    with pytest.raises(ServiceError, match=r"Environment release .*Actions: read"):
        connect(World(hidden=("environments",)))


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/acme/shop",
        "https://github.com/Acme/Shop.git",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop.git",
    ],
)
def test_every_spelling_of_the_remote_is_known(remote: str) -> None:
    world = World(remote=remote)

    connect(world)

    assert world.refs == {"refs/heads/main": COMMIT}


def test_foreign_history_stops_everything_before_the_first_write() -> None:
    world = World(refs={"refs/heads/main": FOREIGN})

    steps = connect(world)

    assert world.writes == 0
    assert result_of(steps) == "incomplete"
    assert "--allow-unrelated-histories" in by_name(steps)["default branch"].to_do
    assert init_report(SETTINGS, steps).headline.startswith(
        "acme/shop: nothing was changed"
    )


def test_history_that_nobody_can_compare_stops_everything_as_well() -> None:
    class Silent(World):
        def fetch_commit(self, commit: str) -> None:
            raise ServiceError(f"{commit} cannot be fetched")

    world = Silent(refs={"refs/heads/main": BEFORE})

    steps = connect(world)

    assert world.writes == 0
    assert result_of(steps) == "unknown"


def test_a_remote_that_is_behind_is_moved_before_the_rules_come() -> None:
    world = World(refs={"refs/heads/main": BEFORE})

    connect(world)

    assert world.refs == {"refs/heads/main": COMMIT}
    assert world.rules == ["tags"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (a_key(writes=False), "may not write"),
        (a_key(enabled=False), "organizations/acme/settings/deploy_keys"),
        (a_key(), "is another one"),
    ],
    ids=["read-only", "disabled", "another"],
)
def test_a_key_that_does_not_work_is_not_replaced_and_the_rules_wait(
    key: DeployKey, said: str
) -> None:
    here = "ssh-ed25519 T1RIRVI=" if "another" in said else key.key
    world = World(keys=[key], local_key=here)

    steps = connect(world)

    [row] = [step for step in steps if step.name == "writer"]
    assert said in row.detail + row.to_do
    assert states(steps)["rules"] == "waits"
    assert world.keys == [key]
    assert world.rules == []


@pytest.mark.parametrize(
    ("forbidden", "refused", "said"),
    [
        ("keys", {"writer"}, "organizations/acme/settings/deploy_keys"),
        (
            "policies",
            {f"Environment {name}" for name in ENVIRONMENTS} | {"approval in prod"},
            "no branch policies for private",
        ),
        ("reviewers", {"approval in prod"}, "reviewers = false"),
    ],
)
def test_a_refused_step_is_explained_and_the_rest_goes_on(
    forbidden: str, refused: set[str], said: str
) -> None:
    world = World(forbidden=(forbidden,))

    steps = connect(world)

    found = [step for step in steps if step.state == "refused"]
    assert {step.name for step in found} == refused
    assert all(said in step.to_do for step in found)
    assert world.locked is True
    assert world.refs == {"refs/heads/main": COMMIT}
    assert bool(world.rules) is (forbidden != "keys")
    assert result_of(steps) == "refused"


def test_a_refused_first_push_leaves_the_repository_open() -> None:
    said = "refusing to allow a Personal Access Token to create or update workflow"
    world = World(push_refused=said)

    steps = connect(world)

    assert states(steps)["default branch"] == "refused"
    assert "Workflows: write" in by_name(steps)["default branch"].to_do
    assert world.rules == []
    assert result_of(steps) == "refused"


def test_rules_of_an_environment_are_kept() -> None:
    world = World()
    world.environments["dev"] = {
        "name": "dev",
        "protection_rules": [{"type": "wait_timer", "wait_timer": 30}],
        "deployment_branch_policy": None,
    }

    connect(world)

    rules = world.environments["dev"]["protection_rules"]
    assert rules == [{"type": "wait_timer", "wait_timer": 30}]


def test_a_token_without_a_user_cannot_be_the_reviewer() -> None:
    steps = connect(World(user=None))

    assert states(steps)["approval in prod"] == "refused"
    assert states(steps)["Environment prod"] == "done"


def test_a_wider_environment_is_reported_and_left_alone() -> None:
    world = World(policies={"prod": ["release/*"]})

    steps = connect(world)

    assert world.policies["prod"] == ["release/*", "main"]
    assert any("release/*" in step.to_do for step in steps)


def test_immutable_releases_that_nobody_may_see_are_unknown() -> None:
    world = World(hidden=("immutable releases",))

    steps = connect(world)

    assert states(steps)["immutable releases"] == "unknown"
    assert result_of(steps) == "unknown"


def test_classic_protection_is_a_note_and_leaves_nothing_undone() -> None:
    world = World(classic=True)
    set_secrets(world)

    steps = connect(world)

    assert states(steps)["classic protection"] == "note"
    assert result_of(steps) == "connected"
