from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monokeel.adapters.deployments import Deployments
from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.promotion.ports import Records
from monokeel.promotion.records import Note, Record
from sandbox.server import Sandbox
from tests.fakes.deployments import FakeDeployments
from tests.fakes.fuse import Fuse


@dataclass
class Place:
    """Deployments, fake or real, where the tags v1.0.0 and v1.1.0 exist."""

    records: Records
    tags: dict[str, str]

    def record(self, version: str, environment: str = "dev") -> int:
        commit = self.tags.get(f"v{version}", "0" * 40)
        note = Note(
            version=version,
            sha=commit,
            actor="ana",
            overrides={"soak": "hot fix"},
            digests={"api": "sha256:" + "1" * 64},
        )
        last = environment == "prod"
        how = {"tag": f"v{version}", "task": "promote"}
        return self.records.create(environment, note, **how, production=last)[0]

    def of(self, environment: str = "dev") -> tuple[Record, ...]:
        return self.records.newest({environment: environment}, ()).records


def save_tags(box: Sandbox) -> dict[str, str]:
    git, tags = box.state.git, {}
    parents: list[str] = []
    author = ("Ann", "ann@example.com", "2026-05-01T12:00:00Z")
    for tag in ("v1.0.0", "v1.1.0"):
        tree = git.tree_with(None, "VERSION", tag.encode())
        commit = git.commit_tree(tree, parents, tag, author=author)
        git.move(f"refs/tags/{tag}", commit, None)
        tags[tag] = commit
        parents = [commit]
    git.move("refs/heads/main", parents[0], None)
    return tags


def deployments(box: Sandbox, token: str = "admin") -> Deployments:
    github = GitHub(
        Session(tries=1),
        api=box.url,
        repository=box.repository,
        token=box.tokens[token] or None,
    )
    return Deployments(github)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box
        assert box.violations() == []


@pytest.fixture(params=["fake", "sandbox"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "fake":
        tags = {"v1.0.0": "a" * 40, "v1.1.0": "b" * 40}
        return Place(FakeDeployments(tags.get, Fuse()), tags)
    box: Sandbox = request.getfixturevalue("box")
    tags = save_tags(box)
    return Place(deployments(box), tags)


def test_a_new_record_is_pending_at_the_commit_of_the_tag(place: Place) -> None:
    number = place.record("1.0.0")

    (record,) = place.of("dev")

    assert (record.id, record.sha) == (number, place.tags["v1.0.0"])
    assert record.state == "pending"
    assert record.note.overrides == {"soak": "hot fix"}


def test_the_newest_record_comes_first(place: Place) -> None:
    numbers = [place.record(version) for version in ("1.0.0", "1.1.0", "1.0.0")]

    assert [record.id for record in place.of("dev")] == numbers[::-1]


def test_a_record_and_its_statuses_are_of_whoever_asks(place: Place) -> None:
    number = place.record("1.0.0")
    place.records.settle(number, "success", "moved")

    listed = place.records.newest({"dev": "dev"}, ())

    (record,) = listed.records
    assert record.creator == record.statuses[0].by == listed.viewer != ""


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_older_success_stays_good_after_a_newer_one(
    place: Place, environment: str
) -> None:
    for version in ("1.0.0", "1.1.0"):
        number = place.record(version, environment)
        place.records.settle(number, "success", "moved", "https://github.com/run")

    newest, oldest = place.of(environment)

    assert (newest.state, oldest.state) == ("success", "success")
    raw = {status.state for status in oldest.statuses}
    # Source: GitHub's OpenAPI description, auto_inactive spares production.
    assert raw == {"success"} | (set() if environment == "prod" else {"inactive"})


def test_a_failure_after_a_success_counts_with_its_reason(place: Place) -> None:
    number = place.record("1.0.0")
    place.records.settle(number, "success", "moved")
    place.records.settle(number, "failure", f"rolled back: {'x' * 200}")

    (record,) = place.of("dev")

    assert record.state == "failure"
    assert record.live_from is not None
    assert record.why.startswith("rolled back: xxx")


def test_history_is_that_of_some_environments(place: Place) -> None:
    old = place.record("1.0.0")
    new = place.record("1.1.0")
    place.record("1.1.0", "staging")

    found = place.records.history({"dev": "test"})

    assert [(r.id, r.environment) for r in found] == [(new, "test"), (old, "test")]


def test_the_records_of_a_commit_are_there_however_old(place: Place) -> None:
    old = place.record("1.0.0")
    for _ in range(31):
        place.record("1.1.0")

    without = place.records.newest({"dev": "dev"}, ())
    listed = place.records.newest({"dev": "dev"}, (place.tags["v1.0.0"], "f" * 40))

    assert old not in [record.id for record in without.records]
    assert without.floors["dev"] == without.records[-1].id
    assert listed.records[-1].id == old
    assert listed.floors == without.floors


def test_where_nothing_is_older_nothing_is_missing(place: Place) -> None:
    place.record("1.0.0")

    listed = place.records.newest({"dev": "dev", "prod": "prod"}, ())

    assert listed.floors == {"dev": 0, "prod": 0}


def test_an_unknown_tag_is_refused(place: Place) -> None:
    with pytest.raises(RefusedError):
        place.record("9.9.9")


def test_a_missing_environment_is_missing_until_a_record_makes_it(
    place: Place,
) -> None:
    before = place.records.protection("dev")
    place.record("1.0.0")

    after = place.records.protection("dev")

    assert before == Absent()
    assert after is False


def test_other_tools_and_environments_cost_no_request(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    number = place.record("1.0.0")
    github = GitHub(
        Session(),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    for environment in ("dev", *["preview"] * 120):
        body = {"ref": "v1.0.0", "environment": environment}
        github.request(
            "POST",
            "/deployments",
            json={**body, "required_contexts": []},
            expect=(201,),
        )
    before = len(box.exchanges)

    assert [record.id for record in place.of("dev")] == [number]
    assert len(box.exchanges) == before + 1


def test_statuses_in_the_other_order_say_the_same(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    number = place.record("1.0.0")
    place.records.settle(number, "success", "moved")
    place.records.settle(number, "failure", "rolled back: slow")
    box.switches.newest_status_first = True

    (record,) = place.of("dev")

    assert (record.state, record.why) == ("failure", "rolled back: slow")


def test_a_long_history_is_read_page_by_page(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    numbers = [place.record("1.0.0") for _ in range(101)]

    found = place.records.history({"dev": "dev"})

    assert [record.id for record in found] == numbers[::-1]


def test_reviewers_are_seen(box: Sandbox) -> None:
    github = GitHub(
        Session(),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    github.request(
        "PUT",
        "/environments/prod",
        json={"reviewers": [{"type": "User", "id": 1001}]},
    )

    seen = deployments(box).protection("prod")

    assert seen is True


def test_without_a_token_nothing_is_known(box: Sandbox) -> None:
    save_tags(box)
    blind = deployments(box, "none")

    with pytest.raises(ServiceError):
        blind.settle(1, "success", "moved")


def test_moves_of_a_branch_are_those_that_github_saw(box: Sandbox) -> None:
    tags = save_tags(box)
    github = GitHub(
        Session(),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    body = {"ref": "refs/heads/env/dev", "sha": tags["v1.0.0"]}
    github.request("POST", "/git/refs", json={**body}, expect=(201,))

    (move,) = deployments(box).branch_moves("env/dev")

    assert (move.before, move.after) == ("0" * 40, tags["v1.0.0"])
    assert (move.kind, move.actor) == ("branch_creation", "ada")


def test_what_a_member_heaps_on_a_record_hides_nothing() -> None:
    with Sandbox() as box:
        tags = save_tags(box)
        place = Place(deployments(box), tags)
        record = place.record("1.0.0")
        kai = deployments(box, "reviewer")
        for _ in range(120):
            kai.settle(record, "failure", "rolled back: a joke")
        place.records.settle(record, "success", "")

        (found,) = place.of()

    assert len(found.statuses) == 121
    assert [each.by for each in found.statuses if each.state == "success"] == ["ada"]
    assert {each.by for each in found.statuses} == {"ada", "kai"}
