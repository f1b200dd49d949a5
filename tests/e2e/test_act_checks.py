"""The rendered checks run: pull requests, drift of the rules, template updates."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monokeel.ground.answers import Json, as_object
from sandbox.demo.template import release_next_template
from sandbox.people import call
from tests.e2e import act_runs, base_image
from tests.e2e.act_builds import Builds, make_builds
from tests.e2e.act_runs import Trigger
from tests.e2e.act_shop import ActShop, Template, act_shop

NOT_HERE = act_runs.NOT_HERE + base_image.NOT_HERE
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or NOT_HERE != [],
    reason=f"needs root and {', '.join(NOT_HERE) or 'nothing else'}",
)
# A team's own template beside ours: with it nothing was compared any more.
EDITED = {"docs/OPERATIONS.md": "Ours.\n", "copier.yml": "{}\n"}
JOBS = ("plan", "names", "policy", "dependencies", "test", "all-green")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("act")


@pytest.fixture(scope="module")
def template(base: Path, guide_template: Template) -> Template:
    """A template of this file's own: it will have another version."""
    source = Path(shutil.copytree(guide_template.source, base / "template"))
    return Template(source=source, rendered=guide_template.rendered)


@pytest.fixture(scope="module")
def shop(base: Path, template: Template) -> Iterator[ActShop]:
    """A connected repository; every test leaves its rules as the file says."""
    with act_shop(base / "checks", template) as made:
        yield made


@pytest.fixture(scope="module")
def builds(base: Path) -> Builds:
    return make_builds(base / "builds")


def pull_request(branch: str, title: str) -> dict[str, Json]:
    """Return the event of a pull request from *branch* to main."""
    pull: dict[str, Json] = {"number": 7, "title": title}
    home: dict[str, Json] = {"full_name": "acme/shop"}
    pull |= {"head": {"ref": branch, "repo": home}, "base": {"ref": "main"}}
    return {"action": "opened", "number": 7, "pull_request": pull}


def ask_no_review(shop: ActShop) -> None:
    """Change the rules of main as somebody with a mouse does."""
    listed = call(shop.box, "GET", "/rulesets", who="admin")
    assert isinstance(listed, list)
    [number] = [
        each["id"]
        for each in listed
        if isinstance(each, dict) and each["name"] == "main"
    ]
    changed: dict[str, Json] = {"rules": [{"type": "deletion"}]}
    call(shop.box, "PUT", f"/rulesets/{number}", changed, who="admin")


def test_a_good_pull_request_is_all_green(shop: ActShop, builds: Builds) -> None:
    """The services are tested, and their images really built."""
    event = pull_request("feat/names", "feat(api): greet by name")
    trigger = Trigger(
        event="pull_request", payload=event, environment=builds.environment
    )

    run = shop.run("ci.yml", trigger)

    assert run.code == 0
    assert run.results == dict.fromkeys(JOBS, "success")
    assert shop.box.images.repositories == {}


def test_a_bad_branch_name_is_not_all_green(shop: ActShop, builds: Builds) -> None:
    event = pull_request("my-work", "feat(api): greet by name")
    trigger = Trigger(
        event="pull_request", payload=event, environment=builds.environment
    )

    run = shop.run("ci.yml", trigger)

    assert run.code == 1
    failed = dict.fromkeys(("names", "all-green"), "failure")
    assert run.results == dict.fromkeys(JOBS, "success") | failed
    assert run.exit_codes["The branch's name follows infra/rulesets.json"] == 3
    assert "names: failure" in run.output


def test_a_bad_title_fails_its_check(shop: ActShop) -> None:
    event = pull_request("feat/names", "Greet by name")
    trigger = Trigger(event="pull_request", payload=event, job="names")

    run = shop.run("ci.yml", trigger)

    assert run.exit_codes == {"The title is a Conventional Commit": 3}


def test_rules_as_in_the_file_are_in_sync(shop: ActShop) -> None:
    """With the App, which sees everything."""
    trigger = Trigger(event="schedule", app=shop.box.tokens["app"])

    run = shop.run("policy-drift.yml", trigger)

    assert (run.code, run.results) == (0, {"drift": "success"})
    assert "\nacme/shop: in sync: " in run.output
    assert "Not verified" not in run.output
    assert shop.open_issues("policy-drift") == []


def test_drift_fails_and_keeps_one_issue_open_until_it_is_repaired(
    shop: ActShop,
) -> None:
    trigger = Trigger(event="workflow_dispatch", app=shop.box.tokens["app"])
    ask_no_review(shop)

    drifted = [shop.run("policy-drift.yml", trigger) for _ in range(2)]
    opened = shop.open_issues("policy-drift")
    shop.do("./scripts/apply-rulesets.sh")
    repaired = shop.run("policy-drift.yml", trigger)

    assert [run.exit_codes for run in drifted] == [{"Compare": 2}] * 2
    assert ": run ./scripts/apply-rulesets.sh" in drifted[0].output
    [issue] = opened
    assert ": run ./scripts/apply-rulesets.sh" in str(issue.body)
    assert repaired.code == 0
    assert shop.open_issues("policy-drift") == []
    assert issue.state == "closed"


def test_without_the_app_what_is_hidden_is_listed(shop: ActShop) -> None:
    run = shop.run("policy-drift.yml", Trigger(event="schedule"))

    assert (run.code, run.results) == (0, {"drift": "success"})
    assert "bypass_actors of main, branch-names, " in run.output
    assert shop.open_issues("policy-drift") == []


def test_half_an_app_sees_no_more_than_none(shop: ActShop) -> None:
    """Its client ID is set and its key is not: nothing fails, and it is said."""
    run = shop.run("policy-drift.yml", Trigger(event="schedule", half_app=True))

    assert (run.code, run.results) == (0, {"drift": "success"})
    assert "\nacme/shop: in sync as far as seen: " in run.output
    assert "bypass_actors of main, branch-names, " in run.output


def test_where_issues_are_switched_off_the_run_says_both(shop: ActShop) -> None:
    trigger = Trigger(event="workflow_dispatch", app=shop.box.tokens["app"])
    words: Json = {"message": "Issues are disabled for this repo"}
    off = shop.box.switches.fail("/issues", status=410, body=words, times=99)
    ask_no_review(shop)

    run = shop.run("policy-drift.yml", trigger)
    off.times = 0
    shop.do("./scripts/apply-rulesets.sh")

    assert run.exit_codes == {"Compare": 2}
    assert "ruleset main is not as the file says" in run.output
    assert "no issue could be written: GitHub answered 410" in run.output
    assert shop.open_issues("policy-drift") == []


def test_hidden_bypass_actors_that_nobody_accepts_are_no_drift(shop: ActShop) -> None:
    trigger = Trigger(event="schedule", app=shop.box.tokens["app"])
    shop.box.switches.hide_bypass = True

    run = shop.run("policy-drift.yml", trigger)
    shop.box.switches.hide_bypass = False

    assert (run.code, run.exit_codes) == (1, {"Compare": 4})
    assert "\nacme/shop: not everything could be verified\n" in run.output
    assert shop.open_issues("policy-drift") == []


def test_rules_that_cannot_be_read_are_no_drift(shop: ActShop) -> None:
    """Not even where hidden bypass actors are accepted."""
    fault = shop.box.switches.fail("/rulesets", times=1000, status=500)

    run = shop.run("policy-drift.yml", Trigger(event="schedule"))
    fault.times = 0

    assert (run.code, run.exit_codes) == (1, {"Compare": 4})
    assert "\nacme/shop: not everything could be verified\n" in run.output
    assert shop.open_issues("policy-drift") == []


def test_tasks_that_cannot_be_installed_are_no_drift(shop: ActShop) -> None:
    nowhere = {"MONOKEEL_PYTHON": str(shop.base / "nowhere")}

    run = shop.run("policy-drift.yml", Trigger(event="schedule", environment=nowhere))

    assert (run.code, run.exit_codes) == (1, {"Install the tasks": 4})
    assert shop.open_issues("policy-drift") == []


def test_an_available_update_opens_one_issue(shop: ActShop, template: Template) -> None:
    trigger = Trigger(event="schedule")

    before = shop.run("template-update.yml", trigger)
    opened_before = shop.open_issues("template-update")
    tag = release_next_template(template.source)
    after = [shop.run("template-update.yml", trigger) for _ in range(2)]

    assert (before.code, opened_before) == (0, [])
    assert [run.results for run in after] == [{"update": "success"}] * 2
    [issue] = shop.open_issues("template-update")
    assert tag in issue.title


def test_with_the_app_an_update_comes_as_one_pull_request(
    tmp_path: Path, template: Template
) -> None:
    source = Path(shutil.copytree(template.source, tmp_path / "template"))
    own = Template(source=source, rendered=template.rendered)
    tag = release_next_template(source)
    with act_shop(tmp_path / "update", own) as shop:
        trigger = Trigger(event="schedule", app=shop.box.tokens["app"])

        alone = shop.run("template-update.yml", Trigger(event="schedule"))
        told = shop.open_issues("template-update")
        run = shop.run("template-update.yml", trigger)
        shop.land("docs: edit", EDITED)
        edited = shop.run("template-update.yml", trigger)

        assert (alone.exit_codes, run.exit_codes, len(told)) == ({}, {}, 1)
        step = "Managed files are as the template delivered them"
        assert edited.exit_codes == {step: 1}
        assert "pull request #" in edited.output
        [pull] = [each for each in shop.box.state.issues if each.state == "open"]
        assert pull.pull is not None
        assert tag in pull.title
        assert shop.ref(f"refs/heads/template/{tag}") != ""


def test_a_change_of_the_rules_is_shown_and_applied_where_there_is_an_app(
    tmp_path: Path, template: Template
) -> None:
    """A pull request has a workflow's rights: what it did not see is said."""
    pull = pull_request("feat/x", "feat: x")
    asked = Trigger(event="pull_request", payload=pull, job="policy")
    with act_shop(tmp_path / "apply", template) as shop:
        path = shop.folder / "infra/rulesets.json"
        strict = path.read_text(encoding="utf-8").replace('_count": 1', '_count": 2')
        shop.land("chore: two reviews", {"infra/rulesets.json": strict})

        shown = shop.run("ci.yml", asked)
        alone = shop.run("policy-apply.yml", Trigger(event="push"))
        half = shop.run("policy-apply.yml", Trigger(event="push", half_app=True))
        before = rules_of(shop)
        app = Trigger(event="push", app=shop.box.tokens["app"])
        applied = shop.run("policy-apply.yml", app)
        after = shop.run("ci.yml", asked)

        assert (shown.results, after.results) == ({"policy": "success"},) * 2
        assert "required_approving_review_count: GitHub has 1, the file 2" in (
            shown.output
        )
        assert "0 to create, 1 to update, 0 to delete" in shown.output
        assert "bypass_actors of main, " in shown.output
        assert "acme/shop: in sync as far as seen, nothing to write" in after.output
        assert (alone.code, alone.results, half.code) == (0, {}, 1)
        assert '"required_approving_review_count": 2' not in before
        assert applied.results == {"apply": "success"}
        assert '"required_approving_review_count": 2' in rules_of(shop)


def rules_of(shop: ActShop) -> str:
    return json.dumps([each.body for each in shop.box.state.rulesets])


def test_a_pull_request_concerns_its_services_and_no_edit_of_the_template(
    tmp_path: Path, template: Template
) -> None:
    """T41, T42. The event's base is an old one: GitHub moves it with a push alone."""
    with act_shop(tmp_path / "changes", template) as shop:
        before = shop.git("rev-parse", "HEAD")  # the api has changed since
        shop.land("docs: say more", {"docs/more.md": "More.\n"})
        event = pull_request("docs/more", "docs: say more")
        pull = as_object(event["pull_request"])
        pull["base"] = {"ref": "main", "sha": before}

        good = shop.run("ci.yml", Trigger(event="pull_request", payload=event))
        shop.land("docs: edit", EDITED)
        bad = shop.run(
            "ci.yml", Trigger(event="pull_request", payload=event, job="policy")
        )

    assert (good.code, good.results["all-green"]) == (0, "success")
    assert good.results.get("test", "skipped") == "skipped"
    step = "Managed files are as the template delivered them"
    assert bad.exit_codes == {step: 1}  # not 4, which "not verified" may be
    assert "docs/OPERATIONS.md" in bad.output
    assert "[template] edited" in bad.output
