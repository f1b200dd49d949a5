"""What a plan says of a repository where nothing stands in the way, or nobody knows."""

import json
from dataclasses import replace

import pytest

from monokeel.ground.errors import RefusedError
from monokeel.ground.report import as_json, as_plain
from monokeel.release.plan import refuse_blocked, report_of
from monokeel.release.planner import plan_release
from monokeel.release.ports import offline
from tests.fakes.history import FakeHistory
from tests.fakes.plans import Shop, SilentRemote, problems, statuses

CHECKS = ("history", "branch", "remote", "tags", "claims")
VERSION_CHECKS = ("tag", "release", "images", "registry")


def test_the_next_version_is_planned_with_every_check_answered() -> None:
    shop = Shop()
    shop.commit("fix: a")
    head = shop.commit("feat: b")

    plan = shop.plan()

    assert (plan.previous, plan.version, plan.tag) == ("1.0.0", "1.1.0", "v1.1.0")
    assert (plan.level, plan.commit) == ("minor", head)
    assert statuses(plan) == dict.fromkeys((*CHECKS, *VERSION_CHECKS), "ok")
    assert plan.blockers == ()


def test_the_plan_explains_itself() -> None:
    shop = Shop()
    head = shop.commit("fix(api): a")

    plan = shop.plan()

    assert plan.deciding is not None
    assert (plan.deciding.sha, plan.deciding.rule) == (head, "type fix")
    assert plan.reason == f"patch: {head[:7]}, type fix: fix(api): a"


def test_offline_the_version_is_the_same_and_nothing_outside_is_ok() -> None:
    shop = Shop()
    shop.commit("feat: a")

    plan = shop.plan_offline()

    assert plan.version == "1.1.0"
    assert statuses(plan) == {
        "history": "ok",
        "branch": "ok",
        **dict.fromkeys(("remote", "tags", "claims", *VERSION_CHECKS), "unknown"),
    }
    assert [service.state for service in plan.services] == ["unknown", "unknown"]
    assert len(plan.unknown) == 7


def test_what_nobody_was_asked_is_one_line() -> None:
    """R53: the same sentence stood there seven times."""
    shop = Shop()
    shop.commit("feat: a")

    text = as_plain(report_of(shop.plan_offline()))

    assert "remote, claims, tag, release, images, registry  unknown  nobody" in text
    assert text.count("nobody was asked") == 2


def test_a_silent_remote_leaves_its_checks_unknown_and_the_others_answered() -> None:
    shop = Shop()
    shop.commit("feat: a")
    outside = replace(shop.outside, remote=SilentRemote())

    plan = plan_release(shop.settings, outside)

    unknown = [check.name for check in plan.unknown]
    assert unknown == ["remote", "tags", "claims", "tag", "release", "images"]
    assert plan.version == "1.1.0"


def test_a_silent_registry_says_which_question_it_did_not_answer() -> None:
    shop = Shop()
    shop.commit("feat: a")
    shop.registry.silent.add("acme/shop/web")

    plan = shop.plan()

    assert [service.state for service in plan.services] == ["free", "unknown"]
    assert [(each.name, each.detail) for each in plan.unknown] == [
        ("images", "503 Service Unavailable"),
        ("registry", "503 Service Unavailable"),
    ]


def test_nothing_to_release_asks_no_registry() -> None:
    shop = Shop()
    shop.commit("docs: a")

    plan = shop.plan()

    assert (plan.version, plan.tag, plan.level) == (None, None, None)
    assert plan.reason == "the one commit since v1.0.0 asks for none"
    assert plan.services == ()
    assert statuses(plan) == dict.fromkeys(CHECKS, "ok")


def test_the_first_release_is_one() -> None:
    history = FakeHistory()
    head = history.commit("fix: a")

    plan = plan_release(Shop().settings, offline(history, "x"))

    assert (plan.previous, plan.version) == (None, "1.0.0")
    assert plan.reason == f"the first release, because of {head[:7]}: fix: a"


def test_a_skipped_version_is_stepped_over_and_named() -> None:
    shop = Shop()
    shop.commit("feat: a")
    shop.use(skip=("1.1.0",))

    plan = shop.plan()

    assert plan.version == "1.1.1"
    assert plan.reason.endswith("(1.1.0 is in [release] skip)")


def test_images_that_the_record_names_are_no_obstacle() -> None:
    shop = Shop()
    head = shop.commit("feat: a")
    shop.claim("1.1.0", head)
    shop.image("api", "1.1.0", head)

    plan = shop.plan()

    assert [(each.name, each.state) for each in plan.services] == [
        ("api", "same"),
        ("web", "free"),
    ]
    assert plan.services[0].image == "ghcr.io/acme/shop/api"
    assert plan.blockers == ()


def test_the_json_has_the_fields_of_the_contract() -> None:
    shop = Shop()
    head = shop.commit("feat(api): a")

    data = json.loads(as_json(report_of(shop.plan())))

    assert list(data) == [
        *(
            "schema",
            "needed",
            "released",
            "reason",
            "previous",
            "version",
            "tag",
            "commit",
        ),
        *("level", "commits", "services", "checks", "warnings", "resume"),
        *("blockers", "notes", "first"),
    ]
    assert data["commits"] == [
        {
            "sha": head,
            "subject": "a",
            "type": "feat",
            "scope": "api",
            "level": "minor",
            "rule": "type feat",
            "line": "feat(api): a",
        }
    ]
    assert data["services"][0] == {
        "name": "api",
        "image": "ghcr.io/acme/shop/api",
        "tag": "1.1.0",
        "state": "free",
        "digest": None,
        "detail": "nothing there",
    }
    assert data["notes"].startswith("### Features\n\n* **api:** a ([")


def test_the_text_begins_with_the_next_version_and_then_says_why() -> None:
    shop = Shop()
    shop.commit("docs: a")
    head = shop.commit("feat: b")

    text = as_plain(report_of(shop.plan()))

    lines = text.splitlines()
    assert lines[0] == "Next version: 1.1.0 (minor, after 1.0.0)"
    assert lines[2:6] == [
        "Why",
        f"  commit {head}",
        "  rule   type feat: minor",
        "  line   feat: b",
    ]
    order = ["Features (1)", "No release by themselves (1)", "Images", "Checks"]
    assert [line for line in lines if line in order] == order


@pytest.mark.parametrize("kind", ["fix", "Fix"])
def test_the_text_of_many_commits_is_short(kind: str) -> None:
    """R25; what is odd about something else stands before what is about commits."""
    shop = Shop()
    for number in range(100):
        shop.history.all_tags[f"vvv9.{number}.0"] = shop.history.head()
        shop.commit(f"{kind}: number {number}")

    text = as_plain(report_of(shop.plan()))

    assert "… and 80 more" in text
    assert "the tag vvv9.99.0 and 99 more is ignored" in text
    assert len(text.splitlines()) < 80


def test_warnings_are_shown_and_refuse_only_when_strict() -> None:
    shop = Shop()
    shop.commit("fix: a\n---\nBREAKING CHANGE: y")
    plan = shop.plan()

    refuse_blocked(plan)
    with pytest.raises(RefusedError) as refused:
        refuse_blocked(plan, strict=True)

    assert "is hidden" in refused.value.problem
    assert "--strict" in refused.value.fix
    assert "is hidden" in as_plain(report_of(plan))
    assert report_of(plan).problems == ()
    assert len(report_of(plan, strict=True).problems) == 1


def test_a_tag_that_npm_crashes_on_is_a_warning_of_no_commit() -> None:
    shop = Shop()
    shop.commit("fix: a", tag="vvv9.0.0")

    plan = shop.plan()

    assert plan.version == "1.0.1"
    assert [each.sha for each in plan.warnings] == [None]
    assert "vvv9.0.0" in plan.warnings[0].message


def test_a_prerelease_is_no_last_release() -> None:
    shop = Shop()
    shop.commit("fix: a", tag="v2.0.0-rc.1")

    plan = shop.plan()

    assert (plan.previous, plan.version) == ("1.0.0", "1.0.1")
    assert problems(plan) == []


def test_the_other_rule_set_is_used_when_asked_for() -> None:
    shop = Shop()
    shop.commit("feat!: a")
    shop.use(rules="angular")

    assert shop.plan().version is None


@pytest.mark.parametrize(
    ("initial", "released", "message", "version"),
    [
        ("0.1.0", None, "feat: a", "0.1.0"),
        ("0.1.0", "0.1.0", "fix: a", "0.1.1"),
        ("0.1.0", "0.1.0", "feat: a", "0.1.1"),
        ("0.1.0", "0.1.0", "feat!: a", "0.2.0"),
        ("0.1.0", "1.0.0", "feat!: a", "2.0.0"),
        ("1.0.0", "0.1.0", "feat!: a", "1.0.0"),
        ("3.0.0", None, "fix: a", "3.0.0"),
    ],
)
def test_below_one_a_breaking_change_raises_the_minor_number_if_that_is_wanted(
    initial: str, released: str | None, message: str, version: str
) -> None:
    history = FakeHistory()
    history.commit("feat: all", tag=f"v{released}" if released else None)
    history.commit(message)
    settings = replace(Shop().settings, initial=initial)

    assert plan_release(settings, offline(history, "x")).version == version


@pytest.mark.parametrize(
    ("message", "version", "rule"),
    [
        ("refactor: a", "1.0.1", "type refactor, of [release] types"),
        ("chore(deps): a", "1.1.0", "type chore, of [release] types"),
        ("chore: a", None, None),
        ("feat: a", "1.1.0", "type feat"),
        ("refactor!: a", "2.0.0", "! in the header"),
    ],
)
def test_more_types_release_when_they_are_named(
    message: str, version: str | None, rule: str | None
) -> None:
    shop = Shop()
    shop.commit(message)
    shop.settings = replace(
        shop.settings, types={"refactor": "patch", "chore(deps)": "minor"}
    )

    plan = shop.plan()

    assert plan.version == version
    assert (plan.deciding.rule if plan.deciding else None) == rule


@pytest.mark.parametrize(
    "message",
    [
        *("Feat: x", "feature: x", "feat:x", "feat(api) : x", "[ABC-1] feat: x"),
        *("Fix #12: x", "fixes GH-12: x", "fix api: x"),
        *("\u2728 feat: x", "hotfix: x", "chore: batch (#9)\n\n* feat: add export"),
        *("fixes: x", "feat - x", "[feat] x", "(fix) x", "WIP: feat: x", "feat!(a): x"),
        *(":sparkles: feat: x", "#12 feat: x", "feat/api: x", "feat\uff1ax", "fix(a)x"),
        *("major: x", "security: x", "feature(a): x", "feat, fix: x"),
        *("Undo feat: x", "x\n\nfeat: y", "x\n\n1. Fix: y", "x\n\n* [A-1] feat: y"),
        *("docs: x\n\n* 1a2b3c4 fix(a): y", "x\n\n  + perf!: y"),
        *("faet: x", "FXI: x", "fixx(a): x", "feautre: x", "improvement: x"),
        *("fix - x", "Fix \u2013 x", "feature/a x", "<fix> x", "{Feat} x"),
        *("x\n\n\u2013 feat: y", "x\n\n> fix: y", "x\n\n## Feat: y", "x\n\nA-1 fix: y"),
        *("x\n\n- \u2728 feat: y", "x\n\n* **feat**: y", "x\n\n- `fix: y`"),
        "x\n\n* feat\uff1ay",
    ],
)
def test_what_looks_like_a_request_and_is_none_is_named(message: str) -> None:
    shop = Shop()
    shop.commit(message)

    plan = shop.plan()

    assert plan.version is None
    quoted = message.rpartition("\n")[2].strip()
    assert [each.message for each in plan.warnings] == [
        f"asks for no release, though it looks like it: {quoted!r}"
    ]


@pytest.mark.parametrize(
    "message",
    [
        *("feat: x", "docs: fix: typo", "chore: a\n\n- docs: b", "prefix: x"),
        *(
            "Apply a minor fix (#12)",
            "Say what is new (minor)",
            "chore: x\n\nFixes: #3",
        ),
        *("Defeat: x", "chore: x\n\nfixing: y", "fix: x\n\n* feat: y", "Fix the door"),
        *("mm: x", "perl: x", "fetch: x", "x\n\n### Fix:\n\ny", "Hot-fix-free - x"),
    ],
)
def test_what_is_a_request_or_none_at_all_is_not_warned_of(message: str) -> None:
    shop = Shop()
    shop.commit(message)

    assert shop.plan().warnings == ()


def test_what_asks_for_no_release_is_shown_whole_and_near_misses_first() -> None:
    """R7: the type is the reason."""
    shop = Shop()
    near = shop.commit("Feat(api): capital")
    other = shop.commit("docs: later")

    text = as_plain(report_of(shop.plan()))

    assert text.partition("No release by themselves (2)\n")[2].startswith(
        f"  {near[:7]} Feat(api): capital\n  {other[:7]} docs: later\n"
    )


def test_the_text_has_the_notes_that_the_release_would_have() -> None:
    shop = Shop()
    shop.commit("feat(api): answer in French")

    text = as_plain(report_of(shop.plan()))

    assert "Notes\n  ### Features\n  * **api:** answer in French ([" in text


def test_a_message_of_any_length_is_no_line_of_any_length() -> None:
    shop = Shop()
    shop.commit(f"feat: {'x ' * 100_000}")

    text = as_plain(report_of(shop.plan()))

    assert max(map(len, text.splitlines())) < 500
