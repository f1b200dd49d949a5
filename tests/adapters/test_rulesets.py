"""The fake and the sandbox hold the same promises; faults come from the sandbox."""

import copy
import logging
from collections.abc import Iterator

import pytest

from monokeel.adapters.github import GitHub
from monokeel.adapters.rulesets import Rulesets
from monokeel.adapters.session import Session
from monokeel.ground.answers import Json
from monokeel.ground.errors import ServiceError
from monokeel.policy.comparison import compare
from monokeel.policy.ports import Refusal
from monokeel.policy.ports import Rulesets as Wanted
from monokeel.policy.reading import find_origins, read_rulesets
from monokeel.policy.rulesets import parse_policy, policy_text
from sandbox.server import Sandbox
from tests.fakes.rulesets import FakeRulesets

TAGS: dict[str, Json] = {
    "name": "tags",
    "target": "tag",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
    ],
    "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
    "rules": [{"type": "creation"}],
}


def on(box: Sandbox, token: str = "admin", *, tries: int = 4) -> Rulesets:
    github = GitHub(
        Session(tries=tries),
        api=box.url,
        repository=box.repository,
        token=box.tokens[token] or None,
    )
    return Rulesets(github, sleep=lambda _: None)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.violations() == []


@pytest.fixture(params=["fake", "sandbox"])
def rulesets(request: pytest.FixtureRequest) -> Wanted:
    if request.param == "fake":
        return FakeRulesets()
    return on(request.getfixturevalue("box"))


def create(rulesets: Wanted, body: dict[str, Json]) -> int:
    number = rulesets.write(body)
    assert isinstance(number, int)
    return number


def test_what_was_created_is_read_back(rulesets: Wanted) -> None:
    assert rulesets.read_all()[0] == ()

    number = create(rulesets, TAGS)

    live = rulesets.read_all()[0]
    assert [each.id for each in live] == [number]
    assert compare(parse_policy(policy_text([TAGS]))[0], live[0]) == ()
    assert rulesets.named("tags") == (number,)


def test_an_update_replaces_the_members_that_it_sends(rulesets: Wanted) -> None:
    number = create(rulesets, TAGS)

    written = rulesets.write({**TAGS, "bypass_actors": []}, number)

    assert written == number
    assert rulesets.read(number).body["bypass_actors"] == []
    assert rulesets.read(number).name == "tags"


def test_a_name_is_given_once(rulesets: Wanted) -> None:
    create(rulesets, TAGS)

    refused = rulesets.write(TAGS)

    assert isinstance(refused, Refusal)
    assert refused.is_name_taken


def test_a_deleted_ruleset_is_gone(rulesets: Wanted) -> None:
    number = create(rulesets, TAGS)

    assert rulesets.write(None, number) == number

    assert rulesets.named("tags") == ()
    with pytest.raises(ServiceError, match="404"):
        rulesets.read(number)


def test_history_has_every_state_newest_first(rulesets: Wanted) -> None:
    number = create(rulesets, TAGS)
    rulesets.write({**TAGS, "enforcement": "disabled"}, number)

    newest, oldest = rulesets.history(number)

    assert newest.id > oldest.id
    assert rulesets.state_at(number, newest.id)["enforcement"] == "disabled"
    assert rulesets.state_at(number, oldest.id)["enforcement"] == "active"


def test_all_rulesets_take_one_request_and_one_each(box: Sandbox) -> None:
    for number in range(7):
        create(on(box), {**TAGS, "name": f"tags-{number}"})
    before = len(box.exchanges)

    own, _ = on(box).read_all()

    assert len(own) == 7
    assert len(box.exchanges) - before == 1 + 7


def test_ours_on_the_second_page_is_found(box: Sandbox) -> None:
    for number in range(31):
        create(on(box), {**TAGS, "name": f"tags-{number}"})
    box.switches.page_size = 30

    assert len(on(box).read_all()[0]) == 31
    assert len(on(box).named("tags-30")) == 1


def test_rulesets_from_above_are_named_and_never_ours(box: Sandbox) -> None:
    create(on(box), TAGS)
    parent = copy.deepcopy(box.state.rulesets[0])
    parent.id, parent.source_type = 1, "Organization"
    parent.body["name"] = "org-wide"
    box.state.rulesets.append(parent)

    own, inherited = on(box).read_all()

    assert [each.name for each in own] == ["tags"]
    assert inherited == ("org-wide (acme)",)


def test_the_name_of_the_last_editor_is_looked_up(box: Sandbox) -> None:
    create(on(box), TAGS)

    [found] = find_origins(read_rulesets((), on(box)), on(box), ()).comparisons

    assert found.newest is not None
    assert found.newest.by == "ada"


@pytest.mark.parametrize(
    ("kind", "number", "name"),
    [
        ("User", 1001, "ada"),
        ("User", 77, None),
        ("Team", 9, "platform"),
        ("Team", 10, None),  # it may be a secret one
        ("Integration", 424242, "monokeel"),
        ("Integration", 77, ""),  # an installation's number, say: it passes nobody
    ],
)
def test_a_number_has_a_name_where_github_tells_it(
    rulesets: Wanted, kind: str, number: int, name: str | None
) -> None:
    assert rulesets.name_of(kind, number) == name


def test_a_token_that_may_not_know_names_learns_none(box: Sandbox) -> None:
    weak = on(box, "actions")

    names = [weak.name_of(*who) for who in (("Team", 9), ("Integration", 77))]

    assert names == [None, None]


def test_who_owns_the_repository_is_known(rulesets: Wanted) -> None:
    assert not rulesets.owner_is_person()


def test_a_persons_repository_is_known(box: Sandbox) -> None:
    box.state.owner_type = "User"

    assert on(box).owner_is_person()


def test_a_token_without_rights_learns_no_editor_and_no_actor(box: Sandbox) -> None:
    number = create(on(box), TAGS)

    weak = on(box, "actions")
    reading = read_rulesets((), weak)
    before = len(box.exchanges)

    assert find_origins(reading, weak, ()).comparisons[0].newest is None
    assert len(box.exchanges) == before
    assert weak.read(number).hides_bypass


def test_a_weak_token_is_refused_a_write_with_githubs_words(box: Sandbox) -> None:
    refused = on(box, "actions").write(TAGS)

    assert isinstance(refused, Refusal)
    assert "Resource not accessible" in refused.words


def test_a_plan_without_rulesets_is_told_from_a_weak_token(box: Sandbox) -> None:
    box.switches.plan = "free-private"

    with pytest.raises(ServiceError, match="Upgrade to GitHub Pro") as error:
        on(box).read_all()

    assert "upgrade the plan" in error.value.fix


def test_a_plan_without_pattern_rules_is_told_by_its_words(box: Sandbox) -> None:
    box.switches.plan = "free"
    pattern = copy.deepcopy(TAGS)
    pattern["rules"] = [
        {
            "type": "tag_name_pattern",
            "parameters": {"operator": "regex", "pattern": "^v"},
        }
    ]

    refused = on(box).write(pattern)

    assert isinstance(refused, Refusal)
    assert refused.rule_without_plan == "tag_name_pattern"


@pytest.mark.parametrize("retry_after", ["1", None], ids=["told when", "not told when"])
def test_a_rate_limit_of_a_write_is_waited_out_with_a_message(
    box: Sandbox, caplog: pytest.LogCaptureFixture, retry_after: str | None
) -> None:
    box.switches.secondary_limit("/rulesets", retry_after=retry_after)
    with caplog.at_level(logging.WARNING):
        create(on(box), TAGS)

    assert "rate limit: waiting" in caplog.text
    assert len(on(box).named("tags")) == 1


def test_a_rate_limit_that_stays_ends_the_write(box: Sandbox) -> None:
    box.switches.secondary_limit("/rulesets", times=9)

    with pytest.raises(ServiceError, match="rate limit stopped POST"):
        on(box).write(TAGS)


def test_a_create_whose_answer_is_lost_is_not_sent_again(box: Sandbox) -> None:
    box.switches.fail("/rulesets$", method="POST", kind="lost")

    with pytest.raises(ServiceError, match="did not answer POST"):
        on(box).write(TAGS)

    assert len(on(box).named("tags")) == 1


def test_a_list_that_fails_is_never_an_empty_one(box: Sandbox) -> None:
    create(on(box), TAGS)
    box.switches.fail("/rulesets\\?", times=9, status=500)

    with pytest.raises(ServiceError, match="500"):
        on(box, tries=1).read_all()


def test_a_ruleset_that_fails_spoils_the_whole_answer(box: Sandbox) -> None:
    number = create(on(box), TAGS)
    create(on(box), {**TAGS, "name": "other"})
    box.switches.fail(f"/rulesets/{number}", times=9, status=502)

    with pytest.raises(ServiceError, match="502"):
        on(box, tries=1).read_all()
