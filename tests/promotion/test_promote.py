import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monokeel.ground.answers import Found, Unknown
from monokeel.ground.errors import RefusedError, ServiceError, UsageError
from monokeel.ground.report import as_json
from monokeel.promotion.move import move_environment
from monokeel.promotion.outcome import outcome_report, preview_report
from monokeel.promotion.plan import Plan, Request, plan_promotion
from tests.fakes.pointers import Shop, commit_named, digest_of

DEV = Request(environment="dev", version="1.0.0", actor="ana")
STAGING = replace(DEV, environment="staging")
PROD = replace(DEV, environment="prod")


def plan(shop: Shop, request: Request) -> Plan:
    return plan_promotion(request, shop.outside, shop.settings)


def promote(shop: Shop, request: Request) -> Plan:
    return move_environment(plan(shop, request), shop.outside)


def released(*versions: str, soak: str = "0s") -> Shop:
    shop = Shop(soak=soak)
    shop.release(*versions)
    return shop


def refusal(shop: Shop, request: Request) -> str:
    with pytest.raises(RefusedError) as caught:
        promote(shop, request)
    return caught.value.problem


def test_a_release_goes_through_all_environments() -> None:
    shop = released("1.0.0")

    for request in (DEV, STAGING, PROD):
        promote(shop, request)

    places = [shop.clone.at(name) for name in ("dev", "staging", "prod")]
    assert places == ["1.0.0", "1.0.0", "1.0.0"]


def test_it_is_recorded_before_the_move_and_confirmed_after_it() -> None:
    shop = released("1.0.0")

    promote(shop, replace(DEV, run_url="https://github.com/run/7"))

    assert shop.fuse.log == [
        "record dev 1.0.0",
        "refs/heads/env/dev 1.0.0",
        "success 1.0.0 run",
    ]


def test_the_record_says_what_moved_and_why() -> None:
    shop = released("1.0.0", "1.1.0")
    shop.place("dev", "1.0.0")
    request = replace(DEV, version="1.1.0", reason="release day", run_url="https://r")

    outcome = promote(shop, request)

    note = shop.records.kept[outcome.record or 0].note
    assert (note.version, note.from_version) == ("1.1.0", "1.0.0")
    assert (note.sha, note.from_sha) == (commit_named("1.1.0"), commit_named("1.0.0"))
    assert (note.actor, note.reason) == ("ana", "release day")
    assert note.run_url == "https://r"
    assert sorted(note.digests) == ["api", "worker"]


def test_a_plan_writes_nothing() -> None:
    shop = released("1.0.0")

    planned = plan(shop, DEV)

    assert shop.fuse.log == []
    headline = preview_report(planned).headline
    assert headline == "env/dev would move from nothing to 1.0.0"


def test_a_version_that_is_there_already_writes_nothing() -> None:
    shop = released("1.0.0")
    shop.place("dev", "1.0.0")

    outcome = promote(shop, DEV)

    assert shop.fuse.log == []
    headline = outcome_report(outcome).headline
    assert headline == "env/dev is at 1.0.0 already, since 2026-05-01 12:00Z by ana"


def test_an_unknown_tag_moves_nothing_and_names_the_nearest() -> None:
    shop = released("1.3.0", "1.4.0", "2.0.0")

    problem = refusal(shop, replace(DEV, version="1.4.9"))

    assert problem == "v1.4.9 does not exist; nearest: v1.4.0, v1.3.0, v2.0.0"
    assert shop.fuse.log == []


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (replace(DEV, version="latest"), "'latest' is not a version"),
        (replace(DEV, version=""), "no version given"),
        (replace(DEV, environment=""), "no environment given"),
        (
            replace(DEV, environment="qa"),
            "there is no environment 'qa' in infra/platform.toml",
        ),
        (replace(DEV, overrides=("order",)), "the override of 'order' has no reason"),
    ],
    ids=["latest", "no version", "no environment", "unknown environment", "override"],
)
def test_a_wrong_argument_is_wrong_use(request_: Request, problem: str) -> None:
    shop = released("1.0.0")

    with pytest.raises(UsageError) as caught:
        promote(shop, request_)

    assert (caught.value.problem, caught.value.exit_code) == (problem, 1)


def test_the_policy_of_the_main_branch_decides() -> None:
    shop = released("1.0.0")
    local = shop.settings
    shop.clone.policy = shop.clone.policy.replace('name = "dev"', 'name = "test"')

    with pytest.raises(UsageError) as caught:
        plan_promotion(DEV, shop.outside, local)

    assert caught.value.fix == "Choose one of: test, staging, prod."


def test_every_refusal_is_named_at_once() -> None:
    shop = released("1.0.0", "1.1.0")
    shop.place("prod", "1.1.0")
    del shop.images.there["acme/shop/worker", "1.0.0"]

    problem = refusal(shop, replace(PROD, hold="incident 7"))

    assert problem == (
        "env/prod stays at 1.1.0:"
        " images: acme/shop/worker:1.0.0 is gone, its record says"
        f" {digest_of('worker', '1.0.0')};"
        " order: 1.0.0 has not been in staging;"
        " hold: all promotions are on hold: incident 7;"
        " downgrade: 1.0.0 is older than 1.1.0, which is in prod"
    )
    assert shop.clone.at("prod") == "1.1.0"
    assert shop.fuse.log == []


def test_an_image_built_anew_stops_the_promotion() -> None:
    shop = released("1.0.0")
    name = ("acme/shop/api", f"sha-{commit_named('1.0.0')}")
    shop.images.there[name] = Found(digest="sha256:" + "f" * 64)

    assert "api:sha-" in refusal(shop, DEV)


def test_a_silent_registry_proves_nothing() -> None:
    shop = released("1.0.0")
    shop.images.there["acme/shop/api", "1.0.0"] = Unknown(reason="ghcr.io said 503")

    with pytest.raises(ServiceError) as caught:
        promote(shop, DEV)

    assert "cannot prove, refusing" in caught.value.problem
    assert shop.fuse.log == []


def test_a_certain_no_wins_over_a_silent_registry() -> None:
    shop = released("1.0.0")
    shop.images.there["acme/shop/api", "1.0.0"] = Unknown(reason="ghcr.io said 503")

    assert refusal(shop, replace(DEV, hold="stop")).startswith("env/dev stays")


def test_a_release_that_cannot_be_read_is_unknown() -> None:
    shop = released("1.0.0")
    shop.releases.silent = True

    with pytest.raises(ServiceError):
        promote(shop, DEV)


def test_a_tag_without_a_release_is_refused() -> None:
    shop = released("1.0.0")
    shop.releases.records.clear()

    assert "release: the tag v1.0.0 carries no record of a release" in refusal(
        shop, DEV
    )


def test_a_silent_github_stops_before_any_change() -> None:
    shop = released("1.0.0")
    shop.records.silent = True

    with pytest.raises(ServiceError):
        promote(shop, DEV)

    assert shop.clone.at("dev") == "nothing"


def test_a_shallow_clone_cannot_tell() -> None:
    shop = released("1.0.0")
    shop.clone.shallow = True

    with pytest.raises(ServiceError) as caught:
        promote(shop, DEV)

    assert "git fetch --unshallow --tags" in caught.value.fix


def test_soak_counts_the_time_in_the_environment_before() -> None:
    shop = released("1.0.0", soak="1h")
    shop.place("dev", "1.0.0")
    shop.records.wait(timedelta(minutes=59))

    problem = refusal(shop, STAGING)
    shop.records.wait(timedelta(minutes=1))
    promote(shop, STAGING)

    assert "1m left, earliest 2026-05-01 13:00Z" in problem
    assert shop.clone.at("staging") == "1.0.0"


def test_a_record_that_left_the_first_page_is_found() -> None:
    shop = released("1.0.0", "1.1.0", soak="1h")
    shop.place("dev", "1.0.0")
    shop.records.wait(timedelta(hours=2))
    shop.place("dev", "1.1.0")
    shop.records.page = 1

    promote(shop, STAGING)

    assert shop.clone.at("staging") == "1.0.0"


def test_an_override_goes_into_the_record() -> None:
    shop = released("1.0.0")

    outcome = promote(shop, replace(PROD, overrides=("order=hot fix", "soak=hot fix")))

    note = shop.records.kept[outcome.record or 0].note
    assert note.overrides == {"order": "hot fix"}


def test_approvers_go_into_the_record() -> None:
    shop = released("1.0.0")
    shop.place("staging", "1.0.0")
    shop.records.approved_by = ("ben",)

    outcome = promote(
        shop, replace(PROD, run_url="https://github.com/acme/shop/actions/runs/7")
    )

    assert shop.records.kept[outcome.record or 0].note.approvers == ("ben",)


def test_a_missing_approval_is_refused_until_it_is_overridden() -> None:
    shop = released("1.0.0")
    shop.place("staging", "1.0.0")
    shop.records.protected["prod"] = False

    problem = refusal(shop, PROD)
    promote(shop, replace(PROD, overrides=("approval=nobody is up",)))

    assert "approval: the GitHub Environment prod asks for no approval" in problem
    assert shop.clone.at("prod") == "1.0.0"


@pytest.mark.parametrize("viewer", ["ana", "github-actions[bot]"])
def test_other_workflow_files_stop_a_token_that_has_no_right_to_them(
    viewer: str,
) -> None:
    shop = released("1.0.0", "1.1.0")
    shop.records.viewer = viewer
    shop.clone.workflows[commit_named("1.0.0")] = "older"

    with_token = plan(shop, replace(DEV, by_token=True))
    with_key = plan(shop, DEV)

    said = "1.0.0 has other workflow files than main and every branch"
    if viewer == "ana":
        assert [line.partition(":")[0] for line in with_token.warnings] == [said]
        assert not with_token.stops
    else:
        (push,) = with_token.stops
        assert push.detail.partition(":")[0] == said
        assert "refusing to allow a GitHub App to create or update workflow" in (
            push.detail
        )
        assert "git push --force-with-lease=refs/heads/env/dev: git@" in push.fix
    assert not with_key.stops
    assert with_key.warnings == ()


def test_workflow_files_of_another_branch_are_no_certain_refusal() -> None:
    shop = released("1.0.0", "1.1.0")
    shop.clone.workflows[commit_named("1.0.0")] = "older"
    shop.clone.refs["refs/heads/env/staging"] = commit_named("1.0.0")

    made = plan(shop, replace(DEV, by_token=True))

    assert not made.stops
    assert "other workflow files than main:" in made.warnings[0]


def test_rules_that_refuse_the_token_stop_it_before_a_record() -> None:
    shop = released("1.0.0")
    shop.records.rules = ("creation",)

    problem = refusal(shop, replace(DEV, by_token=True))

    assert "push: the rules of env/dev refuse this token: creation" in problem
    assert shop.fuse.log == []
    promote(shop, DEV)


def test_the_hold_is_asked_for_where_nobody_handed_it_over() -> None:
    shop = released("1.0.0")
    shop.records.variable = "incident 42"

    assert "on hold: incident 42" in refusal(shop, replace(DEV, hold=None))
    shop.records.variable = Unknown(reason="403")
    with pytest.raises(ServiceError) as caught:
        promote(shop, replace(DEV, hold=None))
    assert "nobody can tell whether promotions are on hold: 403" in caught.value.problem


@pytest.mark.parametrize("text", [" 1.0.0", "1.0.0 ", "v1.0.0\n"])
def test_blanks_around_a_version_mean_nothing(text: str) -> None:
    shop = released("1.0.0")

    promote(shop, replace(DEV, version=text))

    assert shop.clone.at("dev") == "1.0.0"


def test_a_blocked_version_goes_nowhere() -> None:
    shop = released("1.0.0")
    blocked = '[promotion]\nblocked = { "1.0.0" = "loses orders" }\n'
    shop.clone.policy += blocked

    assert "blocked: 1.0.0 is blocked: loses orders" in refusal(shop, DEV)


def test_a_hotfix_on_a_line_goes_to_production_and_main_after_it() -> None:
    shop = released("1.0.0", "1.1.0")
    shop.place("prod", "1.0.0")
    shop.hotfix("1.0.1", after="1.0.0", line="1.0.x")
    hotfix = replace(PROD, version="1.0.1", overrides=("order=sev1",))

    problem = refusal(shop, hotfix)
    shop.clone.policy += '[release]\nlines = ["1.0.x"]\n'
    promote(shop, hotfix)
    promote(shop, replace(PROD, version="1.1.0", overrides=("order=sev1",)))

    assert "line: v1.0.1 is not on main" in problem
    assert shop.clone.at("prod") == "1.1.0"


def test_a_renamed_environment_keeps_its_history() -> None:
    shop = released("1.0.0", "1.1.0")
    shop.place("staging", "1.0.0")
    shop.clone.policy = shop.clone.policy.replace(
        'name = "staging"', 'name = "preprod"\nwas = "staging"'
    )

    promote(shop, PROD)
    problem = refusal(shop, replace(DEV, environment="preprod", version="1.1.0"))

    assert shop.clone.at("prod") == "1.0.0"
    assert problem == "env/preprod stays empty: order: 1.1.0 has not been in dev"


def test_the_report_for_machines_has_every_gate() -> None:
    shop = released("1.0.0")

    report = json.loads(as_json(preview_report(plan(shop, replace(PROD, hold="x")))))

    assert (report["schema"], report["outcome"]) == (1, "refused")
    refused = [gate["name"] for gate in report["gates"] if gate["status"] == "refused"]
    assert refused == ["order", "hold"]
    assert report["from"] == {"version": None, "commit": None}
