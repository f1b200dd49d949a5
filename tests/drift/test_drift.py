import json

import pytest

from monokeel.drift.report import drift_report
from monokeel.drift.sections import SECTIONS, parse_allowed, parse_sections
from monokeel.ground.errors import UsageError
from monokeel.ground.report import as_json, as_plain
from tests.fakes.place import Place, drift_in
from tests.policy.test_policy import MAIN, NAMES, TAGS


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_shop_in_order_is_in_sync(place: Place) -> None:
    found = place.read()

    assert found.verdict == "in_sync"
    assert json.loads(as_json(drift_report(found)))["sections"] == dict.fromkeys(
        SECTIONS, "in_sync"
    )


def test_a_gap_of_optional_rules_is_shown_and_no_drift(place: Place) -> None:
    found = place.read("rulesets")

    report = json.loads(as_json(drift_report(found)))
    gaps = [(x["name"], x["state"]) for x in report["rulesets"] if x["gap"]]
    assert gaps == [("names", "missing")]
    state = (
        "as the file says, but without branch_name_pattern"
        " (optional: GitHub's plan may refuse it)"
    )
    assert f"  names    {state}" in as_plain(drift_report(found)).splitlines()


def test_drift_of_rules_names_paths_and_the_editor(place: Place) -> None:
    place.rulesets.edit(100, enforcement="disabled")

    found = place.read()

    report = json.loads(as_json(drift_report(found)))
    assert report["verdict"] == "drift"
    assert report["rulesets"][0] == {
        "name": "main",
        "state": "changed",
        "gap": False,
        "severe": True,
        "never_applied": None,
        "renamed_from": None,
        "differences": [
            {
                "path": "enforcement",
                "desired": "active",
                "live": "disabled",
                "kind": "changed",
                "severe": True,
                "changed_by": {"by": "ben", "at": "2026-01-02"},
            }
        ],
        "changed_by": {"by": "ben", "at": "2026-01-02"},
    }
    line = (
        "main is not as the file says: enforcement (severe);"
        " last changed by ben at 2026-01-02"
    )
    assert drift_in(found, "rulesets") == [f"ruleset {line}"]
    assert "run ./scripts/apply-rulesets.sh" in as_plain(drift_report(found))


def test_where_all_is_in_sync_drift_is_one_line(place: Place) -> None:
    place.rulesets.add(NAMES)

    text = as_plain(drift_report(place.read("rulesets")))

    assert text == "acme/shop: in sync: rulesets"


def test_what_differs_is_shown_and_the_rest_is_counted(place: Place) -> None:
    place.rulesets.edit(100, enforcement="disabled")

    text = as_plain(drift_report(place.read("rulesets")))

    assert "  main     not as the file says" in text.splitlines()
    assert text.splitlines()[-1] == "  1 to repair"
    assert "  1 other is as the file says" in text.splitlines()
    assert "tags" not in text


def test_a_section_without_an_answer_is_named_once(place: Place) -> None:
    place.rulesets.silent = True

    text = as_plain(drift_report(place.read("rulesets")))

    assert "  rulesets  not verified" in text.splitlines()
    assert "Not verified\n  rulesets: " in text
    assert text.splitlines()[-1] == "  1 not verified"


def test_drift_never_judges_how_the_file_is_written(place: Place) -> None:
    place.policy = [{**MAIN, "rules": [{"type": "misspelt"}]}, TAGS]

    assert place.read("rulesets").verdict == "drift"


def test_a_ruleset_that_no_file_names_is_drift(place: Place) -> None:
    place.rulesets.add({**TAGS, "name": "extra"})

    assert drift_in(place.read(), "rulesets") == [
        "ruleset extra is on GitHub, but in no file; last changed by ben at 2026-01-01"
    ]


def test_inherited_rulesets_are_shown_apart(place: Place) -> None:
    place.rulesets.parents = ("org-wide (acme)",)

    found = place.read("rulesets")

    assert found.verdict == "in_sync"
    assert "org-wide (acme)" in as_plain(drift_report(found))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "ruleset org-wide of the organization is not there"),
        (
            ("org-wide (acme)", "new (acme)"),
            "ruleset new (acme) appeared above",
        ),
    ],
)
def test_rulesets_of_the_organization_are_those_that_the_file_expects(
    place: Place, there: tuple[str, ...], said: str
) -> None:
    place.parents = ("org-wide",)
    place.rulesets.parents = there

    found = place.read("rulesets")

    assert any(said in line for line in drift_in(found, "rulesets"))
    assert said in as_plain(drift_report(found))


def test_hidden_lists_and_settings_are_unverified_by_name(place: Place) -> None:
    place.rulesets.hides_bypass = True
    place.repository.admin = False

    found = place.read()

    assert found.verdict == "unverifiable"
    assert [(x.item, x.subject) for x in found.whole.unverified][:4] == [
        ("bypass_actors", "main"),
        ("bypass_actors", "tags"),
        ("settings", "settings"),
        ("deploy_keys", "writer"),
    ]


def test_what_is_hidden_for_one_reason_is_one_line(place: Place) -> None:
    place.repository.admin = False

    text = as_plain(drift_report(place.read("settings")))

    assert (
        "  environments of Environment release, Environment dev, Environment staging,"
        " Environment prod, Environment registry, Environment policy, Environment"
        " template:"
        " GitHub answered 403"
    ) in text


def test_what_is_hidden_may_be_accepted_and_stays_listed(place: Place) -> None:
    place.rulesets.hides_bypass = True
    place.repository.admin = False

    found = place.read(allowed=("bypass_actors",))

    report = json.loads(as_json(drift_report(found)))
    assert report["verdict"] == "in_sync_as_seen"
    assert {x["accepted"] for x in report["unverified"]} == {True}
    assert drift_report(found).problems == ()


def test_drift_beats_what_is_hidden_and_lists_both(place: Place) -> None:
    place.rulesets.hides_bypass = True
    place.rulesets.edit(100, enforcement="disabled")

    found = place.read("rulesets")

    assert found.verdict == "drift"
    assert len(found.whole.unverified) == 2


def test_no_answer_is_never_accepted(place: Place) -> None:
    place.rulesets.silent = True

    found = place.read(allowed=("bypass_actors",))

    assert found.verdict == "unverifiable"
    assert found.section("rulesets").rulesets.comparisons == ()
    assert found.facts["settings"].verdict(()) == "in_sync"


@pytest.mark.parametrize("section", ["settings", "pointers", "releases"])
def test_a_section_without_an_answer_is_unverified_alone(
    place: Place, section: str
) -> None:
    place.repository.silent = section == "settings"
    place.shop.records.silent = section == "pointers"
    place.shop.releases.silent = section == "releases"

    found = place.read()

    assert {name: each.verdict(()) for name, each in found.facts.items()} == {
        name: "unverifiable" if name == section else "in_sync" for name in SECTIONS
    }


def test_a_remote_without_an_answer_leaves_pointers_unverified(place: Place) -> None:
    place.shop.clone.unreachable = True

    found = place.read("pointers", "releases")

    assert found.verdict == "unverifiable"
    assert len(found.whole.unverified) == 2


def test_sections_and_allowances_are_chosen_by_name() -> None:
    assert parse_sections("") == SECTIONS
    assert parse_sections("releases, rulesets") == ("rulesets", "releases")
    assert parse_allowed("bypass_actors,deploy_keys") == (
        "bypass_actors",
        "deploy_keys",
    )
    with pytest.raises(UsageError, match="no section rules"):
        parse_sections("rules")
    with pytest.raises(UsageError, match="no thing to leave unverified everything"):
        parse_allowed("everything")
