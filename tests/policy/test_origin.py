"""Who made a difference, and which file was never applied; and how both are said."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from monokeel.ground.answers import FileVersion, Json
from monokeel.ground.report import as_plain
from monokeel.ground.settings import PolicySettings
from monokeel.policy.comparison import Comparison
from monokeel.policy.plan import make_plan, plan_report
from monokeel.policy.reading import Reading, find_origins, read_rulesets, with_names
from monokeel.policy.rulesets import parse_policy
from monokeel.policy.wording import problem_line, sections_of, steps_of, to_do
from tests.fakes.rulesets import FakeRulesets
from tests.policy.test_policy import MAIN, TAGS, in_force, policy

ADMIN: Json = {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
KEY: Json = {"actor_type": "DeployKey", "bypass_mode": "always"}
TAGS_RULES: list[Json] = [{"type": "creation"}]
OTHER: dict[str, Json] = {
    "conditions": {"ref_name": {"include": ["refs/tags/release-*"], "exclude": []}}
}
STRICT: dict[str, Json] = {
    **MAIN,
    "rules": [{"type": "deletion"}, {"type": "creation"}, {"type": "non_fast_forward"}],
}


def version(commit: str, *bodies: dict[str, Json]) -> FileVersion:
    return FileVersion(
        commit=commit * 40, subject=f"change {commit}", text=json.dumps(bodies)
    )


def remedies(reading: Reading) -> tuple[str, ...]:
    found = reading.comparisons
    return to_do((x.name, y) for x in found for y in steps_of(x, found, "acme/shop"))


def problem_lines(found: Sequence[Comparison]) -> list[str]:
    return [problem_line(each) for each in found if each.drifts]


def read(rulesets: FakeRulesets, *bodies: dict[str, Json]) -> Reading:
    return read_rulesets(parse_policy(json.dumps(bodies or [MAIN, TAGS])), rulesets)


def told(
    rulesets: FakeRulesets, *bodies: dict[str, Json], file: tuple[FileVersion, ...] = ()
) -> tuple[Reading, dict[str, Comparison], str]:
    reading = find_origins(read(rulesets, *bodies), rulesets, file)
    origins = {x.name: x for x in reading.comparisons if x.drifts}
    lines = [
        line for section in sections_of(reading.comparisons) for line in section.lines
    ]
    return reading, origins, "\n".join(lines)


def test_githubs_value_and_the_files_each_have_their_name() -> None:
    rulesets = in_force()
    rulesets.edit(100, enforcement="disabled")

    _, _, text = told(rulesets)

    assert text.splitlines()[1] == (
        "enforcement: GitHub has disabled, the file active"
        " (severe; by ben at 2026-01-02)"
    )


def test_each_difference_has_its_own_author() -> None:
    rulesets = in_force()
    rulesets.editor = 7
    rulesets.edit(100, bypass_actors=[KEY, ADMIN])
    rulesets.editor = 1
    rulesets.edit(100, enforcement="disabled")

    _, origins, text = told(rulesets)

    changes = origins["main"].changes
    assert {path: each.by for path, each in changes.items()} == {
        "bypass_actors[RepositoryRole 5 (admin)]": "gus",
        "enforcement": "ben",
    }
    assert "not in the file (severe; by gus at 2026-01-02)" in text


def test_a_change_made_twice_is_that_of_the_last_hand() -> None:
    rulesets = in_force()
    rulesets.editor = 7
    rulesets.edit(100, enforcement="disabled")
    rulesets.edit(100, enforcement="active")
    rulesets.editor = 1
    rulesets.edit(100, enforcement="disabled")

    _, origins, _ = told(rulesets)

    assert origins["main"].changes["enforcement"].by == "ben"


def test_a_token_that_may_not_read_the_history_names_nobody() -> None:
    rulesets = in_force()
    rulesets.edit(100, enforcement="disabled")
    rulesets.no_history = True

    _, origins, text = told(rulesets)

    assert origins["main"].newest is None
    assert "(severe)" in text


def test_a_merged_change_that_nobody_applied_is_no_tampering() -> None:
    rulesets = in_force()
    file = (version("c", STRICT, TAGS), version("b", MAIN, TAGS))

    reading, _, text = told(rulesets, STRICT, TAGS, file=file)

    ahead = "the file is ahead: commit cccccccccccc of infra/rulesets.json ('change c')"
    assert f"{ahead} is not applied yet" in text
    assert "by ben" not in text
    [step] = remedies(reading)
    assert (
        step
        == "main: run ./scripts/apply-rulesets.sh: what was merged is not applied yet"
    )


def test_what_was_applied_and_taken_back_is_tampering() -> None:
    rulesets = in_force()
    rulesets.edit(100, rules=STRICT["rules"])
    rulesets.edit(100, rules=MAIN["rules"])
    file = (version("c", STRICT, TAGS), version("b", MAIN, TAGS))

    _, origins, text = told(rulesets, STRICT, TAGS, file=file)

    assert origins["main"].ahead is None
    assert "rules.creation: in the file, not on GitHub (severe; by ben" in text


def test_the_oldest_commit_that_was_never_applied_is_named() -> None:
    rulesets = in_force()
    other: dict[str, Json] = {**STRICT, "enforcement": "evaluate"}
    file = (
        version("d", other, TAGS),
        version("c", STRICT, TAGS),
        version("b", MAIN, TAGS),
    )

    _, origins, _ = told(rulesets, other, TAGS, file=file)

    assert origins["main"].ahead == file[1]


def test_a_name_that_differs_by_a_blank_is_told_in_quotes() -> None:
    rulesets = in_force()
    rulesets.edit(100, name="main ")

    reading, _, _ = told(rulesets)
    sections = sections_of(reading.comparisons)

    rows = sections[0].table.rows
    assert ("main", "severe: renamed on GitHub, where it is called 'main '") in rows
    assert "Ruleset 'main '" in [each.heading for each in sections]
    assert "ruleset 'main ' is on GitHub" in " ".join(
        problem_lines(reading.comparisons)
    )
    assert remedies(reading)[0].startswith("'main ': first give it back its name")


def test_a_ruleset_that_was_renamed_on_github_is_said_so() -> None:
    rulesets = in_force()
    rulesets.editor = 7
    rulesets.edit(100, name="main (old)")
    rulesets.editor = 1
    rulesets.edit(100, enforcement="disabled")

    reading, _, text = told(rulesets)

    assert "renamed on GitHub by gus at 2026-01-02: it was main" in text
    assert "the file active (severe; by ben at 2026-01-03)" in text
    assert any(
        "it is main, renamed" in line for line in problem_lines(reading.comparisons)
    )
    [step] = remedies(reading)
    name = step.index("rulesets/100 -f name=main;")
    apply = step.index("./scripts/apply-rulesets.sh")
    assert name < apply


def test_the_names_of_all_that_delete_unmanaged_deletes_are_said() -> None:
    rulesets = in_force(MAIN, TAGS, {**TAGS, "name": "a"}, {**TAGS, "name": "b"})

    reading, _, _ = told(rulesets)

    lines = remedies(reading)
    assert [line.partition(":")[0] for line in lines] == ["a", "b"]
    assert all("in no file: a, b)" in line for line in lines)
    assert "rulesets/102 " in lines[0]


def test_an_unmanaged_ruleset_is_shown_with_what_it_does() -> None:
    rulesets = in_force(MAIN, TAGS, {**MAIN, "name": "extra"})

    text = as_plain(plan_report(make_plan(policy(), rulesets)))

    assert "target branch, enforcement active" in text
    assert "rules: deletion, non_fast_forward" in text
    assert "may pass: DeployKey" in text
    assert "refs/heads/main" in text


def test_a_plan_shows_what_each_ruleset_binds_today() -> None:
    refs = ("refs/heads/main", "refs/heads/feat/x", "refs/tags/v1.0.0")
    wanted = replace(policy(MAIN, TAGS, {**TAGS, "name": "none"} | OTHER), refs=refs)

    text = as_plain(plan_report(make_plan(wanted, in_force())))

    assert "  main     main" in text
    assert "  tags     v1.0.0" in text
    assert "  none     nothing" in text


def test_what_is_deleted_is_printed_before() -> None:
    rulesets = in_force(MAIN, TAGS, {**TAGS, "name": "extra"})

    text = as_plain(plan_report(make_plan(policy(delete=True), rulesets)))

    assert '"name": "extra"' in text
    assert '"refs/tags/v*"' in text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda r: r.edit(100, enforcement="disabled"), "to bring GitHub back"),
        (lambda r: r.add({**TAGS, "name": "extra"}), "--delete-unmanaged"),
        (
            lambda r: r.edit(101, rules=[*TAGS_RULES, {"type": "moon_phase"}]),
            "name it in infra/rulesets.json",
        ),
        (
            lambda r: r.add(TAGS),
            "delete it: gh api -X DELETE repos/acme/shop/rulesets/102",
        ),
        (
            lambda r: r.write(None, 101),
            "run ./scripts/apply-rulesets.sh to bring it back",
        ),
    ],
    ids=["changed", "unmanaged", "unknown", "duplicate", "deleted"],
)
def test_each_state_has_the_step_that_ends_it(
    spoil: Callable[[FakeRulesets], object], words: str
) -> None:
    rulesets = in_force()
    spoil(rulesets)

    reading, _, _ = told(rulesets)

    assert words in " ".join(remedies(reading))


@pytest.mark.parametrize("named", ["sec-*", "[sec] scan"])
def test_a_ruleset_that_others_keep_is_shown_and_no_drift(named: str) -> None:
    """The report says to add its name: the name as it is, or a pattern."""
    rulesets = in_force(MAIN, TAGS, {**TAGS, "name": named.replace("*", "scan")})
    desired = parse_policy(json.dumps([MAIN, TAGS]))

    reading = read_rulesets(desired, rulesets, PolicySettings(unmanaged=(named,)))

    assert [(x.state, x.drifts) for x in reading.comparisons][-1] == (
        "elsewhere",
        False,
    )


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        ("User", 7, "bypass_actors[User 7 (gus)]"),
        ("User", 8, "bypass_actors[User 8]"),
        ("Team", 9, "bypass_actors[Team 9 (platform)]"),
        ("Integration", 424242, "bypass_actors[Integration 424242 (monokeel)]"),
        (
            "Integration",
            77,
            "bypass_actors[Integration 77 (not an App that is installed here)]",
        ),
    ],
)
def test_numbers_have_names_in_plan_and_drift(
    kind: str, number: int, said: str
) -> None:
    """P49; the author of the difference is found under its name, too."""
    rulesets = in_force()
    actor: Json = {"actor_type": kind, "actor_id": number, "bypass_mode": "always"}
    rulesets.edit(100, bypass_actors=[actor])

    found = with_names(find_origins(read(rulesets), rulesets, ()), rulesets)
    plan = as_plain(plan_report(make_plan(policy(), rulesets)))

    assert f"{said}: on GitHub (always)" in plan
    [line] = problem_lines(found.comparisons)
    assert f"{said} (severe)" in line
    assert said in found.comparisons[0].changes


def test_who_passes_a_ruleset_of_no_file_has_a_name() -> None:
    rulesets = in_force()
    team: Json = {"actor_type": "Team", "actor_id": 9, "bypass_mode": "always"}
    rulesets.add({**TAGS, "name": "extra", "bypass_actors": [team]})

    text = as_plain(plan_report(make_plan(policy(), rulesets)))

    assert "may pass: Team 9 (platform)" in text
