from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monokeel.adapters.deployments import Deployments
from monokeel.adapters.github import GitHub
from monokeel.adapters.session import Session
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.promotion.facts import Protection
from monokeel.promotion.reading import Records
from monokeel.promotion.records import Ledger, NewRecord, Note
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
        wanted = NewRecord(
            environment=environment,
            tag=f"v{version}",
            task="promote",
            production=environment == "prod",
            description=f"promote {version}",
            note=Note(
                version=version,
                sha=commit,
                actor="ana",
                overrides={"soak": "hot fix"},
                digests={"api": "sha256:" + "1" * 64},
            ),
        )
        return self.records.create(wanted).id

    def ledger(self, environment: str = "dev") -> Ledger:
        listed = self.records.newest([environment])
        ids = [record.id for record in listed.records]
        return Ledger(records=listed.records, statuses=self.records.statuses(ids))


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

    ledger = place.ledger()

    (record,) = ledger.of("dev")
    assert (record.id, record.sha) == (number, place.tags["v1.0.0"])
    assert ledger.state(record) == "pending"
    assert record.note.overrides == {"soak": "hot fix"}


def test_the_newest_record_comes_first(place: Place) -> None:
    numbers = [place.record(version) for version in ("1.0.0", "1.1.0", "1.0.0")]

    records = place.records.newest(["dev"]).records

    assert [record.id for record in records] == numbers[::-1]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_older_success_stays_good_after_a_newer_one(
    place: Place, environment: str
) -> None:
    for version in ("1.0.0", "1.1.0"):
        number = place.record(version, environment)
        place.records.settle(number, "success", "moved", "https://github.com/run")

    ledger = place.ledger(environment)

    newest, oldest = ledger.of(environment)
    assert (ledger.state(newest), ledger.state(oldest)) == ("success", "success")
    raw = [status.state for status in ledger.statuses[oldest.id]]
    # Source: GitHub's OpenAPI description, auto_inactive spares production.
    inactive = [] if environment == "prod" else ["inactive"]
    assert raw == ["success", *inactive]


def test_a_failure_after_a_success_counts_with_its_reason(place: Place) -> None:
    number = place.record("1.0.0")
    place.records.settle(number, "success", "moved")
    place.records.settle(number, "failure", f"rolled back: {'x' * 200}")

    ledger = place.ledger()

    (record,) = ledger.of("dev")
    assert ledger.state(record) == "failure"
    assert ledger.live_from(record) is not None
    assert ledger.why(record).startswith("rolled back: xxx")


def test_history_is_that_of_one_environment_and_commit(place: Place) -> None:
    place.record("1.0.0")
    newer = place.record("1.1.0")
    place.record("1.1.0", "staging")

    everything = place.records.history("dev")
    one = place.records.history("dev", place.tags["v1.1.0"])

    assert len(everything) == 2
    assert [record.id for record in one] == [newer]


def test_an_unknown_tag_is_refused(place: Place) -> None:
    with pytest.raises(RefusedError):
        place.record("9.9.9")


def test_a_missing_environment_is_missing_until_a_record_makes_it(
    place: Place,
) -> None:
    before = place.records.protection("dev")
    place.record("1.0.0")

    after = place.records.protection("dev")

    assert before == Protection(exists=False, reviewers=False)
    assert after == Protection(exists=True, reviewers=False)


def test_records_of_others_are_ignored(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    github = GitHub(
        Session(),
        api=box.url,
        repository=box.repository,
        token=box.tokens["admin"],
    )
    github.request(
        "POST",
        "/deployments",
        json={"ref": "v1.0.0", "environment": "dev", "required_contexts": []},
        expect=(201,),
    )

    assert place.records.newest(["dev"]).records == ()


def test_a_payload_that_comes_back_as_text_is_read(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    box.switches.payload_as_text = True
    place.record("1.0.0")

    (record,) = place.records.history("dev")

    assert record.note.version == "1.0.0"


def test_a_shuffled_list_in_short_pages_is_read_to_the_end(box: Sandbox) -> None:
    place = Place(deployments(box), save_tags(box))
    numbers = [place.record("1.0.0") for _ in range(7)]
    box.switches.page_size = 2

    listed = place.records.newest(["dev"])

    assert [record.id for record in listed.records] == numbers[::-1]
    assert listed.complete


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

    assert seen == Protection(exists=True, reviewers=True)


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
