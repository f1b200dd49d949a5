"""Whatever ruleset is valid: an export plans to nothing, one change is drift."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monokeel.ground.answers import Json, as_list
from monokeel.policy.comparison import compare, compare_policies
from monokeel.policy.lint import lint
from monokeel.policy.rule_types import RULE_TYPES, Shape
from monokeel.policy.rulesets import (
    Ruleset,
    body_of,
    exported,
    parse_policy,
    policy_text,
    read_live,
)

TEXT = st.text("abcXYZ*/._- é", min_size=1, max_size=8)
PREFIX = {"branch": "refs/heads/", "tag": "refs/tags/"}
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def values(shape: Shape) -> st.SearchStrategy[Json]:
    match shape.kind:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(*(shape.limits or (0, 99)))
        case "string":
            return st.sampled_from(shape.allowed) if shape.allowed else TEXT
        case "object":
            return members(shape)
        case "array":
            return items(shape)


def members(shape: Shape) -> st.SearchStrategy[Json]:
    needed = {k: values(v) for k, v in shape.members.items() if v.required}
    free = {k: values(v) for k, v in shape.members.items() if not v.required}
    return st.fixed_dictionaries(needed, optional=free).map(dict[str, Json])


def items(shape: Shape) -> st.SearchStrategy[Json]:
    assert shape.item is not None

    def identity(item: Json) -> str:
        if not isinstance(item, dict) or not shape.identity:
            return json.dumps(item, sort_keys=True)
        return json.dumps([item.get(key) for key in shape.identity], sort_keys=True)

    least = 0 if shape.empty else 1
    return st.lists(
        values(shape.item), min_size=least, max_size=3, unique_by=identity
    ).map(list[Json])


ACTORS: st.SearchStrategy[Json] = st.one_of(
    st.just({"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}),
    st.builds(
        lambda number, kind: {"actor_id": number, "actor_type": kind},
        st.integers(1, 5),
        st.sampled_from(("RepositoryRole", "Team", "User", "Integration")),
    ),
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Json]:
    target = draw(st.sampled_from(("branch", "tag", "push")))
    fitting = [kind for kind, rule in RULE_TYPES.items() if target in rule.targets]
    kinds = draw(st.lists(st.sampled_from(fitting), max_size=6, unique=True))
    rules: list[Json] = []
    for kind in kinds:
        rule: dict[str, Json] = {"type": kind}
        if RULE_TYPES[kind].members:
            rule["parameters"] = draw(values(RULE_TYPES[kind]))
            if (
                isinstance(rule["parameters"], dict)
                and "operator" in rule["parameters"]
            ):
                rule["parameters"]["operator"] = "contains"
        rules.append(rule)
    body: dict[str, Json] = {
        "name": "n" + draw(TEXT),
        "target": target,
        "enforcement": draw(st.sampled_from(("active", "disabled", "evaluate"))),
        "bypass_actors": draw(st.lists(ACTORS, max_size=3, unique_by=json.dumps)),
        "rules": rules,
    }
    if target != "push":
        refs = st.lists(TEXT, max_size=3, unique=True)
        named = {
            key: [PREFIX[target] + ref.strip(" ") + "x" for ref in draw(refs)]
            for key in ("include", "exclude")
        }
        body["conditions"] = {"ref_name": {k: list(v) for k, v in named.items()}}
    return body


def live(body: dict[str, Json]) -> Ruleset:
    return read_live({**copy.deepcopy(body), "id": 1, "source_type": "Repository"})


def in_file(body: dict[str, Json]) -> Ruleset:
    return parse_policy(policy_text([body]))[0]


def leaves(
    value: Json, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value of the rules' parameters that can be changed."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif path and path[-1] != "type":
        yield path


def changed(value: Json) -> Json:
    if isinstance(value, bool):
        return not value
    return value + 100_000 if isinstance(value, int) else f"{value}-changed"


@QUIET
@given(bodies())
def test_an_export_has_no_difference_and_nothing_to_correct(
    body: dict[str, Json],
) -> None:
    there = live(body)

    file = in_file(exported(there))
    found = compare_policies([file], [there])

    assert found[0].differences == ()
    errors = [x for x in lint([file], None, [there]) if not x.warning]
    # GitHub itself takes no queue with a wildcard, or against a linear history.
    assert {x.path.split(".")[-1] for x in errors} <= {
        "merge_queue",
        "merge_method",
        "allowed_merge_methods",
    }


@QUIET
@given(bodies())
def test_what_was_created_is_what_was_asked_for(body: dict[str, Json]) -> None:
    file = in_file(body)

    assert compare(file, live(body_of(file))) == ()


@QUIET
@given(bodies(), bodies())
def test_a_write_over_any_ruleset_gives_what_was_asked_for(
    body: dict[str, Json], other: dict[str, Json]
) -> None:
    file = in_file(body)

    assert compare(file, live(body_of(file, live(other)))) == ()


@QUIET
@given(bodies(), st.data())
def test_any_single_change_is_drift_that_names_the_rule(
    body: dict[str, Json], data: st.DataObject
) -> None:
    rules = body["rules"]
    assert isinstance(rules, list)
    paths = [
        (index, "parameters", *path)
        for index, rule in enumerate(rules)
        if isinstance(rule, dict)
        for path in leaves(rule.get("parameters"))
    ]
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    edited = copy.deepcopy(body)
    holder: Json = edited["rules"]
    for step in path[:-1]:
        holder = holder[step]  # type: ignore[index]  # found by leaves
    holder[path[-1]] = changed(holder[path[-1]])  # type: ignore[index]  # likewise

    found = compare(in_file(body), live(edited))

    rule = rules[int(path[0])]
    assert isinstance(rule, dict)
    assert found
    assert all(each.path.startswith(f"rules.{rule['type']}") for each in found)
    assert all(each.counts for each in found)


ROLE: Json = {"actor_id": 77, "actor_type": "Team", "bypass_mode": "always"}
PLAIN: Json = {"type": "new_rule"}
STRUCTURAL: dict[str, tuple[str, Callable[[dict[str, Json]], Json]]] = {
    "enforcement": (
        "enforcement",
        lambda body: "active" if body["enforcement"] != "active" else "disabled",
    ),
    "bypass_actors": (
        "bypass_actors[Team 77]",
        lambda body: [*as_list(body["bypass_actors"]), ROLE],
    ),
    "rules": ("rules.new_rule", lambda body: [*as_list(body["rules"]), PLAIN]),
    "conditions": (
        "conditions.ref_name.exclude[refs/heads/changed]",
        lambda _: {"ref_name": {"include": [], "exclude": ["refs/heads/changed"]}},
    ),
}


@QUIET
@given(bodies(), st.sampled_from(sorted(STRUCTURAL)))
def test_any_change_around_the_parameters_is_drift_that_names_it(
    body: dict[str, Json], member: str
) -> None:
    path, change = STRUCTURAL[member]

    found = compare(in_file(body), live({**body, member: change(body)}))

    assert path in [each.path for each in found if each.counts]


@QUIET
@given(bodies(), st.data())
def test_any_rule_that_is_gone_is_drift_that_names_it(
    body: dict[str, Json], data: st.DataObject
) -> None:
    rules = as_list(body["rules"])
    if not rules:
        return
    gone = data.draw(st.sampled_from(rules))
    left: list[Json] = [rule for rule in rules if rule != gone]

    found = compare(in_file(body), live({**body, "rules": left}))

    assert isinstance(gone, dict)
    assert [each.path for each in found] == [f"rules.{gone['type']}"]


@QUIET
@given(bodies(), st.randoms(use_true_random=False))
def test_no_order_of_a_set_is_drift(body: dict[str, Json], random: Random) -> None:
    shuffled = copy.deepcopy(body)
    for key in ("rules", "bypass_actors"):
        listed = shuffled[key]
        assert isinstance(listed, list)
        random.shuffle(listed)

    assert compare(in_file(body), live(shuffled)) == ()
